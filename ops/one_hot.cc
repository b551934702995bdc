// OneHot, opset 9 and up: values[1] where the new axis equals the index, values[0] elsewhere; an
// index outside of [-depth, depth) gives values[0] only. Any numeric indices, any values.
#include <cmath>

#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

int64_t whole_number(const TensorView& view, int64_t i) {
  int64_t result = 0;
  visit_numeric(view.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T value = view.as<T>()[i];
    if constexpr (std::is_integral_v<T>) {
      result = static_cast<int64_t>(value);
    } else {
      double number = static_cast<double>(value);
      result = std::isfinite(number) && std::fabs(number) < 9e18 ? static_cast<int64_t>(number)
                                                                 : INT64_MAX;
    }
  });
  return result;
}

int64_t read_axis(const Node& node) {
  AttributeReader attributes(node);
  int64_t axis = attributes.integer("axis", -1);
  attributes.finish();
  return axis;
}

void infer_one_hot(InferRequest& request) {
  int64_t axis = read_axis(request.node);
  const Tensor* depth = request.constant(1);
  if (depth == nullptr) return;
  check_input(depth->count() == 1, "the depth has {} elements", depth->count());
  int64_t length = whole_number(depth->contiguous().view(), 0);
  check_input(length >= 0, "the depth is {}", length);
  Shape shape = request.inputs[0].shape;
  shape.insert(normalize_axis(axis, shape.rank() + 1), length);
  request.set_output(0, request.inputs[2].dtype, shape);
}

template <typename T>
void scatter_hot(const TensorView& indices, int64_t depth, int64_t inner, const T& on, T* out) {
  int64_t count = indices.count();
  for (int64_t i = 0; i < count; ++i) {
    int64_t index = whole_number(indices, i);
    if (index < -depth || index >= depth) continue;
    if (index < 0) index += depth;
    out[(i / inner * depth + index) * inner + i % inner] = on;
  }
}

void run_one_hot(KernelContext& context, int64_t given_axis) {
  const TensorView& indices = context.input(0);
  const TensorView& values = context.input(2);
  const TensorView& output = context.output(0);
  check_input(values.count() == 2, "OneHot takes 2 values, not {}", values.count());
  int axis = normalize_axis(given_axis, output.rank());
  int64_t inner = 1;
  for (int i = axis + 1; i < output.rank(); ++i) inner *= output.shape[i];
  fill_parallel(output, values.data, context.threads());
  int64_t depth = output.shape[axis];
  auto scatter = [&](auto zero) {
    using T = decltype(zero);
    scatter_hot<T>(indices, depth, inner, values.as<T>()[1], output.as<T>());
  };
  if (values.dtype == DType::kString) return scatter(std::string());
  switch (size_of(values.dtype)) {
    case 1: return scatter(uint8_t{});
    case 2: return scatter(uint16_t{});
    case 4: return scatter(uint32_t{});
    case 8: return scatter(uint64_t{});
    default: return scatter(std::complex<double>{});
  }
}

std::unique_ptr<Kernel> make_one_hot(KernelRequest& request) {
  int64_t axis = read_axis(request.node());
  const Shape& output = request.output(0).shape;
  Shape expected = request.input(0).shape;
  int at = normalize_axis(axis, expected.rank() + 1);
  expected.insert(at, at < output.rank() ? output[at] : 0);
  request.check_output(0, expected);
  return make_kernel([axis](KernelContext& context) { run_one_hot(context, axis); });
}

}  // namespace

void register_one_hot(Registry& registry) {
  registry.add("OneHot")
      .versions(9, std::numeric_limits<int>::max())
      .kernel("reference", make_one_hot)
      .infer = infer_one_hot;
}

}  // namespace convoy
