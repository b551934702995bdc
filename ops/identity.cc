// Identity, opset 1 and up, of any value; and Dropout, opset 1 and up: identity unless in training.
#include <random>

#include "ops/batching/rules.h"
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/random/random_engines.h"
#include "ops/kernels/random/random_state.h"
#include "ops/views/copy_view.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

ViewSpec view_of_input(const KernelRequest& request) {
  return {request.input(0).shape, request.input(0).strides, 0};
}

std::optional<ViewSpec> view_identity(const KernelRequest& request, int) {
  return view_of_input(request);
}

// Unknown for sequences and optionals.
void infer_identity(InferRequest& request) {
  if (!request.has_input(0)) return;
  request.set_output(0, request.inputs[0].dtype, request.inputs[0].shape);
}

std::unique_ptr<Kernel> make_identity(KernelRequest& request) {
  if (!request.has_input(0)) {
    return make_kernel(
        [](KernelContext& context) { context.set_output(0, context.input_value(0)); });
  }
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel(
      [](KernelContext& context) { copy_view(context, context.input(0), context.output(0)); });
}

void infer_dropout(InferRequest& request) {
  check_model(request.has_input(0), "input 0 is missing");
  bool bool_mask = request.node.version >= 10;
  request.set_output(0, request.inputs[0].dtype, request.inputs[0].shape);
  request.set_output(1, bool_mask ? DType::kBool : request.inputs[0].dtype,
                     request.inputs[0].shape);
}

// Whether the node may drop elements: only from opset 12 on, where training_mode says so.
bool trains(const KernelRequest& request) {
  if (request.node().version < 12 || !request.has_input(2)) return false;
  const Tensor* mode = request.constant(2);
  return mode == nullptr || (mode->count() == 1 && mode->contiguous().data<bool>()[0]);
}

std::optional<ViewSpec> view_dropout(const KernelRequest& request, int j) {
  if (j != 0 || trains(request)) return std::nullopt;
  return view_of_input(request);
}

double read_ratio(const TensorView& view) {
  if (view.count() != 1) return 0.5;
  return visit_floating(view.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return static_cast<double>(*view.as<T>());
  });
}

bool read_mode(const TensorView& view) {
  check_input(view.count() == 1 && view.dtype == DType::kBool, "training_mode is {}",
              to_string(view));
  return *view.as<bool>();
}

void fill_true(const TensorView& mask) {
  if (mask.dtype == DType::kBool) {
    std::fill_n(mask.as<bool>(), mask.count(), true);
    return;
  }
  visit_floating(mask.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    std::fill_n(mask.as<T>(), mask.count(), T(1.0f));
  });
}

// Drops the elements that NumPy's RandomState(seed) drops in ONNX's reference.
void drop(KernelContext& context, double ratio, std::mt19937 engine) {
  const TensorView& x = context.input(0);
  visit_floating(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    bool* mask = context.has_output(1) ? context.output(1).as<bool>() : nullptr;
    double scale = ratio < 1 ? 1 / (1 - ratio) : 0;
    for (int64_t i = 0; i < x.count(); ++i) {
      bool kept = next_unit(engine) >= ratio;
      double value = kept ? static_cast<double>(x.as<T>()[i]) * scale : 0;
      context.output(0).as<T>()[i] = T(static_cast<float>(value));
      if (mask) mask[i] = kept;
    }
  });
}

std::unique_ptr<Kernel> make_dropout(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  for (const char* unused : {"consumed_inputs", "is_test", "ratio"}) attributes.ignore(unused);
  std::optional<uint32_t> seed;
  if (attributes.has("seed")) seed = static_cast<uint32_t>(attributes.integer("seed", 0));
  attributes.finish();
  bool may_train = trains(request);
  auto engines =
      std::make_shared<RandomEngines>(seed, request.graph().value_name(request.node().outputs[0]));
  return make_kernel([may_train, engines](KernelContext& context) {
    double ratio = context.has_input(1) ? read_ratio(context.input(1)) : 0.5;
    check_input(ratio >= 0 && ratio <= 1, "Dropout's ratio {} is outside [0, 1]", ratio);
    if (may_train && read_mode(context.input(2)) && ratio > 0) {
      return drop(context, ratio, engines->next());
    }
    copy_parallel(context.input(0), context.output(0), context.threads());
    if (context.has_output(1)) fill_true(context.output(1));
  });
}

}  // namespace

void register_identity(Registry& registry) {
  OpDef& identity = registry.add("Identity");
  identity.kernel("copy", make_identity)
      .kernel("copy", copies_on_gpu(make_identity), DeviceKind::kCuda);
  identity.infer = infer_identity;
  identity.view = view_identity;
  identity.batching = {batch_unary};
  for (bool may_train : {false, true}) {
    OpDef& dropout = registry.add("Dropout").kernel("reference", make_dropout);
    dropout.versions(may_train ? 12 : 1, may_train ? std::numeric_limits<int>::max() : 11);
    dropout.infer = infer_dropout;
    dropout.view = view_dropout;
    dropout.random = may_train;
  }
}

}  // namespace convoy
