#include "runtime/op/select_kernel.h"

#include <algorithm>

#include <fmt/ranges.h>

#include "runtime/base/parallel_for.h"
#include "runtime/device/convert_view.h"
#include "runtime/device/machine.h"
#include "runtime/op/weight_cache.h"

namespace convoy {
namespace {

constexpr int kMostRounds = 4;

// What an operator needs for its result, tables and scratch and time, has nothing to do with how
// little of it is asked for. So nothing is made for an empty one.
const KernelDef kNothing = {"nothing", DeviceKind::kCpu,
                            [](KernelRequest&) { return make_kernel([](KernelContext&) {}); }};

std::unique_ptr<Kernel> ask_as_it_is(const KernelDef& candidate, KernelRequest& request) {
  request.input_needs.clear();
  request.output_needs.clear();
  request.in_place.clear();
  request.scratch_bytes = 0;
  request.reason.clear();
  return candidate.make(request);
}

bool has_halves(const std::vector<TensorDesc>& descs) {
  return std::ranges::any_of(descs, [](const TensorDesc& desc) { return is_half(desc.dtype); });
}

TensorDesc in_float32(const TensorDesc& desc) {
  if (!is_half(desc.dtype)) return desc;
  return TensorDesc::dense(DType::kFloat32, desc.shape, desc.layout, desc.device);
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

void widen_types(KernelRequest& request) {
  for (TensorDesc& input : request.inputs) input = in_float32(input);
  for (TensorDesc& output : request.outputs) output = in_float32(output);
}

void widen_constants(KernelRequest& request) {
  for (size_t i = 0; i < request.constants.size(); ++i) {
    const Tensor* constant = request.constants[i];
    if (constant == nullptr || !is_half(constant->dtype())) continue;
    // What a kernel of any device reads as it is made lies on the host.
    auto form = TensorDesc::contiguous(DType::kFloat32, constant->shape());
    request.widened.push_back(
        std::make_shared<Tensor>(constant_in_form(*constant, form, request.weights)));
    request.constants[i] = request.widened.back().get();
  }
}

// A candidate, the types in which it is asked, and what it expects to take.
struct Bid {
  const KernelDef* candidate;
  bool in_float32;
  std::optional<double> seconds;

  std::string name() const {
    return in_float32 ? candidate->name + " in float32" : candidate->name;
  }
};

class Selection {
 public:
  Selection(const OpDef& definition, KernelRequest& request)
      : request_(request),
        may_widen_(!definition.dynamic &&
                   (has_halves(request.inputs) || has_halves(request.outputs))) {}

  KernelChoice among(const std::vector<const KernelDef*>& candidates) {
    for (const KernelDef* candidate : candidates) take_bids(*candidate);
    std::ranges::stable_sort(bids_, [](const Bid& a, const Bid& b) {
      return a.seconds && (!b.seconds || *a.seconds < *b.seconds);
    });
    KernelChoice choice;
    for (const Bid& bid : bids_) {
      if (choice.kernel) {
        pass_over(bid, choice);
      } else if (auto kernel = make(bid)) {
        choice.name = bid.name();
        choice.candidate = bid.candidate;
        choice.kernel = std::move(kernel);
        choice.seconds = bid.seconds;
      } else {
        refuse(bid);
      }
    }
    choice.refusals = std::move(refusals_);
    return choice;
  }

 private:
  // As it is, and in float32 where that is refused. Without an estimate, only making it tells.
  void take_bids(const KernelDef& candidate) {
    Bid bid{&candidate, false, {}};
    if (estimate(bid)) bids_.push_back(bid);
    if (!may_widen_ || candidate.name == kReference || bid.seconds) return;
    bid.in_float32 = true;
    Operands operands = Operands::of(request_);
    widen_types(request_);
    if (estimate(bid)) {
      const Machine machine = machine_of(request_.isa);
      if (bid.seconds) *bid.seconds += machine.seconds_to_move(half_elements(operands));
      bids_.push_back(bid);
    }
    std::move(operands).put_back(request_);
  }

  static int64_t half_elements(const Operands& operands) {
    int64_t elements = 0;
    for (const auto* descs : {&operands.inputs, &operands.outputs}) {
      for (const TensorDesc& desc : *descs) elements += is_half(desc.dtype) ? desc.count() : 0;
    }
    return elements;
  }

  // False where the candidate refuses.
  bool estimate(Bid& bid) {
    if (!bid.candidate->seconds) return true;
    request_.reason.clear();
    bid.seconds = bid.candidate->seconds(request_);
    if (!bid.seconds) refuse(bid);
    return bid.seconds.has_value();
  }

  std::unique_ptr<Kernel> make(const Bid& bid) {
    if (!bid.in_float32) return ask_as_it_is(*bid.candidate, request_);
    Operands operands = Operands::of(request_);
    widen_types(request_);
    widen_constants(request_);
    auto kernel = ask_as_it_is(*bid.candidate, request_);
    if (!kernel) std::move(operands).put_back(request_);
    return kernel;
  }

  void refuse(const Bid& bid) {
    refusals_.push_back(fmt::format("{}: {}", bid.name(), request_.reason));
  }

  void pass_over(const Bid& bid, KernelChoice& choice) {
    if (bid.seconds && choice.seconds) {
      refusals_.push_back(fmt::format("{}: {:.1f} µs by estimate, {} {:.1f}", bid.name(),
                                      *bid.seconds * 1e6, choice.name, *choice.seconds * 1e6));
    } else if (bid.candidate != choice.candidate && !bid.in_float32) {
      choice.unasked.push_back(bid.candidate->name);
    }
  }

  KernelRequest& request_;
  const bool may_widen_;
  std::vector<Bid> bids_;
  std::vector<std::string> refusals_;
};

}  // namespace

KernelChoice ask(const OpDef& definition, const KernelDef& candidate, KernelRequest& request) {
  return Selection(definition, request).among({&candidate});
}

OperandForms OperandForms::of(const std::vector<TensorDesc>& inputs,
                              const std::vector<TensorDesc>& outputs) {
  return {[&inputs](size_t i, const Need& need) { return form_for(inputs[i], need); },
          [&outputs](size_t j, const Need& need) { return form_for(outputs[j], need); }};
}

std::vector<const KernelDef*> candidates_on(const Device& device, const OpDef& definition) {
  std::vector<const KernelDef*> candidates;
  for (const KernelDef& candidate : definition.kernels) {
    if (candidate.device != device.kernels()) continue;
    if (device.has_kernel(definition.name, candidate.name)) candidates.push_back(&candidate);
  }
  return candidates;
}

bool computes_nothing(const OpDef& definition, const KernelRequest& request) {
  if (definition.dynamic) return false;
  bool wanted = false;
  for (int j = 0; j < request.output_count(); ++j) {
    if (!request.has_output(j)) continue;
    const TensorDesc& output = request.output(j);
    if (output.dtype == DType::kUndefined || output.count() > 0) return false;
    wanted = true;
  }
  return wanted;
}

KernelChoice select_kernel(const OpDef& definition, KernelRequest& request) {
  if (computes_nothing(definition, request)) return ask(definition, kNothing, request);
  const auto candidates = candidates_on(find_device(request.device), definition);
  KernelChoice choice = Selection(definition, request).among(candidates);
  if (candidates.empty()) {
    choice.refusals.push_back(
        fmt::format("there is no {} kernel for {}", to_string(request.device), definition.name));
  }
  return choice;
}

void check_selected(const KernelChoice& choice) {
  check_supported(choice.kernel != nullptr, "no kernel computes this node ({})",
                  fmt::join(choice.refusals, "; "));
}

KernelChoice settle(const OpDef& definition, KernelChoice choice, KernelRequest& request,
                    const OperandForms& forms) {
  for (int round = 0; round < kMostRounds; ++round) {
    if (!choice.kernel) return choice;
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
    if (!choice.kernel) choice = select_kernel(definition, request);
  }
  fail(ErrorCode::kInternal, "the kernel '{}' has no form for its operands", choice.name);
}

bool meets(const TensorDesc& desc, const Need& need) {
  if (desc.dtype != need.dtype || desc.device != need.device) return false;
  if (!need.layout.plain()) return desc.layout == need.layout;
  return desc.layout.plain() && (need.any_strides || desc.is_contiguous());
}

TensorDesc form_for(const TensorDesc& desc, const Need& need) {
  if (meets(desc, need)) return desc;
  return TensorDesc::dense(need.dtype, desc.shape, need.layout, need.device);
}

std::vector<TensorDesc> copies_to_meet(const TensorDesc& desc, const Need& need) {
  if (meets(desc, need)) return {};
  return conversion_path(desc, form_for(desc, need));
}

bool is_made_for(const TensorDesc& asked, const Need& need, const TensorDesc& given) {
  if (!meets(given, need) || !(asked.shape == given.shape)) return false;
  return !need.layout.plain() || !need.any_strides || asked == given;
}

Tensor constant_in_form(const Tensor& constant, const TensorDesc& form, WeightCache* weights) {
  Device& device = find_device(form.device);
  if (weights != nullptr && &weights->device() != &device) weights = nullptr;
  TensorDesc on_host = form;
  on_host.device = {};
  if (form.dtype != constant.dtype() && !form.is_contiguous()) {
    auto plain = TensorDesc::contiguous(form.dtype, form.shape);
    return constant_in_form(constant_in_form(constant, plain, weights), form, weights);
  }
  auto bytes = static_cast<size_t>(form.bytes());
  auto pack = [&](void* to) {
    Tensor source = form.dtype == constant.dtype() ? constant : constant.contiguous();
    convert_view(source.view(), {on_host, to}, calling_thread());
  };
  std::shared_ptr<const Buffer> buffer;
  if (weights != nullptr) {
    buffer = weights->get(constant, fmt::format("{} {}", to_string(form), form.layout.block), bytes,
                          pack);
  } else {
    buffer = packed_on(device, bytes, pack);
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
