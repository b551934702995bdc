#include "runtime/op/select_kernel.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "runtime/tensor/convert_view.h"

namespace convoy {
namespace {

constexpr int kMostRounds = 4;

std::unique_ptr<Kernel> ask_as_it_is(const KernelDef& candidate, KernelRequest& request) {
  request.input_needs.clear();
  request.output_needs.clear();
  request.in_place.clear();
  request.scratch_bytes = 0;
  request.reason.clear();
  request.estimated_cycles = 0;
  return candidate.make(request);
}

bool has_halves(const std::vector<TensorDesc>& descs) {
  return std::ranges::any_of(descs, [](const TensorDesc& desc) { return is_half(desc.dtype); });
}

TensorDesc in_float32(const TensorDesc& desc) {
  if (!is_half(desc.dtype)) return desc;
  return desc.layout.plain()
             ? TensorDesc::contiguous(DType::kFloat32, desc.shape)
             : TensorDesc::blocked(DType::kFloat32, desc.shape, desc.layout.block);
}

// What a request says of the operands, to be put back where a question was in vain.
struct Operands {
  std::vector<TensorDesc> inputs, outputs;
  std::vector<const Tensor*> constants;
  std::vector<std::shared_ptr<const Tensor>> widened;

  static Operands of(KernelRequest& request) {
    return {request.inputs, request.outputs, request.constants, request.widened};
  }
  void put_back(KernelRequest& request) && {
    request.inputs = std::move(inputs);
    request.outputs = std::move(outputs);
    request.constants = std::move(constants);
    request.widened = std::move(widened);
  }
};

void widen(KernelRequest& request) {
  for (size_t i = 0; i < request.inputs.size(); ++i) {
    if (!is_half(request.inputs[i].dtype)) continue;
    request.inputs[i] = in_float32(request.inputs[i]);
    const Tensor* constant = request.constant(static_cast<int>(i));
    if (constant == nullptr) continue;
    auto form = TensorDesc::contiguous(DType::kFloat32, constant->shape());
    request.widened.push_back(
        std::make_shared<Tensor>(constant_in_form(*constant, form, request.weights)));
    request.constants[i] = request.widened.back().get();
  }
  for (TensorDesc& output : request.outputs) output = in_float32(output);
}

// On the calling thread.
class OneThread : public ThreadPool {
 public:
  int thread_count() const override { return 1; }
  void parallel_for(int64_t count, int64_t, RangeBody body) override { body(0, count); }
};

}  // namespace

KernelChoice ask(const OpDef& definition, const KernelDef& candidate, KernelRequest& request) {
  KernelChoice choice;
  choice.name = candidate.name;
  choice.candidate = &candidate;
  choice.kernel = ask_as_it_is(candidate, request);
  bool may_widen = !definition.dynamic && candidate.name != kReference;
  if (!choice.kernel && may_widen && (has_halves(request.inputs) || has_halves(request.outputs))) {
    std::string reason = request.reason;
    Operands operands = Operands::of(request);
    widen(request);
    choice.kernel = ask_as_it_is(candidate, request);
    if (choice.kernel) {
      choice.name += " in float32";
    } else {
      std::move(operands).put_back(request);
      request.reason = fmt::format("{}; in float32: {}", reason, request.reason);
    }
  }
  choice.estimated_cycles = request.estimated_cycles;
  return choice;
}

KernelChoice select_kernel(const OpDef& definition, KernelRequest& request, DeviceKind device) {
  KernelChoice choice;
  std::vector<std::string> refusals;
  for (const KernelDef& candidate : definition.kernels) {
    if (candidate.device != device) continue;
    if (choice.kernel) {
      choice.unasked.push_back(candidate.name);
      continue;
    }
    choice = ask(definition, candidate, request);
    if (!choice.kernel) refusals.push_back(fmt::format("{}: {}", candidate.name, request.reason));
  }
  if (choice.kernel) {
    choice.refusals = std::move(refusals);
    return choice;
  }
  if (refusals.empty()) {
    fail(ErrorCode::kUnsupported, "there is no {} kernel for {}", to_string(device),
         definition.name);
  }
  fail(ErrorCode::kUnsupported, "no kernel computes this node ({})", fmt::join(refusals, "; "));
}

KernelChoice settle(const OpDef& definition, KernelChoice choice, KernelRequest& request,
                    const OperandForms& forms) {
  for (int round = 0; round < kMostRounds; ++round) {
    bool settled = true;
    std::vector<TensorDesc> inputs = request.inputs;
    std::vector<TensorDesc> outputs = request.outputs;
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].dtype == DType::kUndefined) continue;
      inputs[i] = forms.input(i, request.input_need(i));
      settled = settled && is_made_for(request.inputs[i], request.input_need(i), inputs[i]);
    }
    for (size_t j = 0; j < outputs.size(); ++j) {
      if (!request.has_output(static_cast<int>(j))) continue;
      outputs[j] = forms.output(j, request.output_need(j));
      settled = settled && is_made_for(request.outputs[j], request.output_need(j), outputs[j]);
    }
    request.inputs = std::move(inputs);
    request.outputs = std::move(outputs);
    if (settled) return choice;
    choice.kernel = ask_as_it_is(*choice.candidate, request);
    choice.estimated_cycles = request.estimated_cycles;
    if (!choice.kernel) choice = select_kernel(definition, request);
  }
  fail(ErrorCode::kInternal, "the kernel '{}' has no form for its operands", choice.name);
}

bool meets(const TensorDesc& desc, const Need& need) {
  if (desc.dtype != need.dtype) return false;
  if (!need.layout.plain()) return desc.layout == need.layout;
  return desc.layout.plain() && (need.any_strides || desc.is_contiguous());
}

TensorDesc form_for(const TensorDesc& desc, const Need& need) {
  if (meets(desc, need)) return desc;
  return need.layout.plain() ? TensorDesc::contiguous(need.dtype, desc.shape)
                             : TensorDesc::blocked(need.dtype, desc.shape, need.layout.block);
}

bool is_made_for(const TensorDesc& asked, const Need& need, const TensorDesc& given) {
  if (!meets(given, need) || !(asked.shape == given.shape)) return false;
  return !need.layout.plain() || !need.any_strides || asked == given;
}

Tensor constant_in_form(const Tensor& constant, const TensorDesc& form, WeightCache* weights) {
  if (form.dtype != constant.dtype() && !form.is_contiguous()) {
    auto plain = TensorDesc::contiguous(form.dtype, form.shape);
    return constant_in_form(constant_in_form(constant, plain, weights), form, weights);
  }
  auto bytes = static_cast<size_t>(form.bytes());
  auto pack = [&](void* to) {
    OneThread thread;
    Tensor source = form.dtype == constant.dtype() ? constant : constant.contiguous();
    convert_view(source.view(), {form, to}, thread);
  };
  std::shared_ptr<const Buffer> buffer;
  if (weights != nullptr) {
    buffer = weights->get(constant,
                          fmt::format("{} {} of {} {}", to_string(form), form.layout.block,
                                      to_string(constant.desc()),
                                      to_string(constant.desc().strides)),
                          bytes, pack);
  } else {
    auto fresh = Buffer::allocate(bytes);
    pack(fresh->data());
    buffer = std::move(fresh);
  }
  // Nobody writes to constants.
  return Tensor::over(std::const_pointer_cast<Buffer>(buffer), 0, form);
}

ErrorContext node_context(const Graph& graph, const Node& node,
                          const std::vector<TensorDesc>& inputs) {
  ErrorContext context;
  context.node = node.label(graph);
  context.op_type = node.qualified_type();
  for (const TensorDesc& input : inputs) {
    if (!context.operands.empty()) context.operands += ", ";
    context.operands += to_string(input);
  }
  return context;
}

}  // namespace convoy
