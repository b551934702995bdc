#include "ops/elementwise/program_kernel.h"

#include <algorithm>

#include "ops/elementwise/blocked_operands.h"
#include "ops/elementwise/cuda_program.h"
#include "ops/elementwise/legacy_broadcast.h"
#include "ops/kernels/elementwise/tile_evaluator.h"

namespace convoy::elementwise {
namespace {

using Descs = std::vector<TensorDesc>;

StridedWalk make_walk(const Descs& descs) {
  const TensorDesc* pointers[kMaxOperands];
  for (size_t k = 0; k < descs.size(); ++k) pointers[k] = &descs[k];
  return StridedWalk({pointers, descs.size()});
}

std::vector<DType> dtypes_of(std::span<const TensorDesc> descs) {
  std::vector<DType> dtypes;
  for (const TensorDesc& desc : descs) dtypes.push_back(desc.dtype);
  return dtypes;
}

// Input 1 lies behind the outputs and input 0.
void append_axes(Descs& descs, int outputs, int count) {
  auto second = static_cast<size_t>(outputs) + 1;
  if (count > 0) descs[second] = with_trailing_axes(descs[second], count);
}

// Of the axes that the view has; planned may have more.
bool strides_equal(const TensorView& view, const TensorDesc& planned) {
  return std::equal(view.strides.begin(), view.strides.end(), planned.strides.begin());
}

template <typename Real>
class ProgramKernel : public Kernel {
 public:
  // descs: the outputs, then the inputs; with a block, as blocked_desc gives them.
  ProgramKernel(TileEvaluator<Real> evaluator, Descs descs, const Program& program, int block)
      : evaluator_(std::move(evaluator)),
        descs_(std::move(descs)),
        walk_(make_walk(descs_)),
        outputs_(static_cast<int>(program.outputs.size())),
        block_(block),
        trailing_axes_(program.trailing_axes) {
    for (int i = 0; i < program.inputs; ++i) slots_.push_back(program.slot(i));
  }

  void run(KernelContext& context) const override {
    void* addresses[kMaxOperands];
    bool as_planned = true;
    for (size_t k = 0; k < descs_.size(); ++k) {
      const TensorView& view = operand(context, static_cast<int>(k));
      addresses[k] = view.data;
      as_planned = as_planned && (block_ > 0 || strides_equal(view, descs_[k]));
    }
    if (as_planned) return run_walk(context, walk_, addresses);
    Descs descs;
    for (size_t k = 0; k < descs_.size(); ++k) {
      descs.push_back(operand(context, static_cast<int>(k)));
    }
    append_axes(descs, outputs_, trailing_axes_);
    run_walk(context, make_walk(descs), addresses);
  }

 private:
  const TensorView& operand(KernelContext& context, int k) const {
    if (k < outputs_) return context.output(k);
    return context.input(slots_[static_cast<size_t>(k - outputs_)]);
  }

  void run_walk(KernelContext& context, const StridedWalk& walk, void* const* addresses) const {
    context.threads().parallel_for(walk.count, evaluator_.grain(), [&](int64_t begin, int64_t end) {
      evaluator_.run(walk, addresses, begin, end);
    });
    if (block_ == 0) return;
    for (int j = 0; j < outputs_; ++j) clear_padding(context.output(j));
  }

  TileEvaluator<Real> evaluator_;
  Descs descs_;
  StridedWalk walk_;
  int outputs_;
  int block_;
  int trailing_axes_;
  std::vector<int> slots_;
};

// The descs to walk; states the demands on layouts and strides.
Descs demand_operands(KernelRequest& request, const Program& program, int outputs, int block) {
  Descs descs;
  for (int j = 0; j < outputs; ++j) {
    const TensorDesc& output = request.output(j);
    if (block > 0) {
      request.set_output_layout(j, Layout{block});
      descs.push_back(blocked_desc(output, output.shape, block, true));
    } else {
      request.accept_output_strides(j);
      descs.push_back(output);
    }
  }
  for (int k = 0; k < program.inputs; ++k) {
    int i = program.slot(k);
    const TensorDesc& input = request.input(i);
    if (block > 0 && reads_blocked(input, request.output(0).shape)) {
      request.want_layout(i, Layout{block});
      descs.push_back(blocked_desc(input, request.output(0).shape, block, true));
      continue;
    }
    request.accept_strides(i);
    descs.push_back(block > 0 ? blocked_desc(input, request.output(0).shape, block, false) : input);
    descs.back().layout = {};
  }
  return descs;
}

template <typename Real>
std::unique_ptr<Kernel> make_kernel_in(KernelRequest& request, const Program& program,
                                       const LoopTable<Real>& table, bool with_blocks) {
  program.check();
  int outputs = static_cast<int>(program.outputs.size());
  check_model(outputs <= request.output_count(), "an elementwise program of {} outputs for {}",
              outputs, request.output_count());
  if (outputs + program.inputs > kMaxOperands) return request.refuse("too many operands");
  std::vector<TensorDesc> inputs;
  for (int i = 0; i < program.inputs; ++i) {
    check_model(request.has_input(program.slot(i)), "input {} is missing", program.slot(i));
    inputs.push_back(request.input(program.slot(i)));
    if (!row_loader<Real>(inputs.back().dtype)) return request.refuse("needs real numbers");
  }
  for (int j = 0; j < outputs; ++j) {
    if (!row_storer<Real>(request.output(j).dtype)) return request.refuse("writes floats only");
  }
  TileEvaluator<Real> evaluator(program, table, dtypes_of(inputs),
                                dtypes_of({request.outputs.data(), static_cast<size_t>(outputs)}));
  bool try_blocks = with_blocks && program.trailing_axes == 0;
  int block = try_blocks ? common_block(request, inputs, outputs) : 0;
  Descs descs = demand_operands(request, program, outputs, block);
  append_axes(descs, outputs, program.trailing_axes);
  allow_in_place(request, program);
  return std::make_unique<ProgramKernel<Real>>(std::move(evaluator), std::move(descs), program,
                                               block);
}

bool any_operand_is(const KernelRequest& request, DType dtype) {
  auto matches = [dtype](const TensorDesc& desc) { return desc.dtype == dtype; };
  return std::any_of(request.inputs.begin(), request.inputs.end(), matches) ||
         std::any_of(request.outputs.begin(), request.outputs.end(), matches);
}

}  // namespace

void allow_in_place(KernelRequest& request, const Program& program) {
  for (int i = 0; i < program.inputs; ++i) {
    int last_read = -1;
    for (size_t s = 0; s < program.steps.size(); ++s) {
      const Step& step = program.steps[s];
      for (int k = 0; k < arity_of(step.formula); ++k) {
        bool reads = step.operands[k].kind == Operand::Kind::kInput && step.operands[k].index == i;
        if (reads) last_read = static_cast<int>(s);
      }
    }
    for (size_t j = 0; j < program.outputs.size(); ++j) {
      int slot = program.slot(i);
      if (request.input(slot).dtype == request.output(static_cast<int>(j)).dtype &&
          program.outputs[j] >= last_read) {
        request.allow_in_place(slot, static_cast<int>(j));
      }
    }
  }
}

std::unique_ptr<Kernel> make_float_kernel(KernelRequest& request, const Program& program) {
  if (any_operand_is(request, DType::kFloat64)) return request.refuse("computes in float");
  return make_kernel_in<float>(request, program, float_loops(request.isa), true);
}

std::unique_ptr<Kernel> make_double_kernel(KernelRequest& request, const Program& program) {
  return make_kernel_in<double>(request, program, double_loops(), false);
}

void add_program_kernels(OpDef& definition, MakeProgram make) {
  definition.kernel("vector", [make](KernelRequest& request) {
    return make_float_kernel(request, make(request));
  });
  definition.kernel("reference", [make](KernelRequest& request) {
    return make_double_kernel(request, make(request));
  });
  definition.kernel(
      "program",
      [make](KernelRequest& request) { return make_cuda_kernel(request, make(request)); },
      DeviceKind::kCuda);
}

}  // namespace convoy::elementwise
