// NonZero, opset 9 and up: the indices of the elements that are not zero, one column each, in
// row-major order. Compress, opset 9 and up: slices of an axis (or elements) where a bool holds.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

template <typename T>
std::vector<int64_t> positions(const TensorView& input) {
  std::vector<int64_t> found;
  int64_t count = input.count();
  for (int64_t i = 0; i < count; ++i) {
    if constexpr (std::is_same_v<T, std::string>) {
      if (!input.as<T>()[i].empty()) found.push_back(i);
    } else if constexpr (std::is_same_v<T, bool>) {
      if (input.as<uint8_t>()[i] != 0) found.push_back(i);
    } else {
      if (input.as<T>()[i] != T(0)) found.push_back(i);
    }
  }
  return found;
}

void run_non_zero(KernelContext& context) {
  const TensorView& input = context.input(0);
  std::vector<int64_t> found;
  visit_dtype_among<float, int64_t, int32_t, bool, double, Float16, BFloat16, int8_t, uint8_t,
                    int16_t, uint16_t, uint32_t, uint64_t, std::string>(
      input.dtype, [&](auto tag) { found = positions<typename decltype(tag)::type>(input); });
  auto columns = static_cast<int64_t>(found.size());
  // A scalar counts as one element of rank 1.
  Shape shape = input.rank() == 0 ? Shape{1} : input.shape;
  TensorView output = context.allocate_output(0, DType::kInt64, {shape.rank(), columns});
  for (int64_t c = 0; c < columns; ++c) {
    int64_t rest = found[static_cast<size_t>(c)];
    for (int i = shape.rank() - 1; i >= 0; --i) {
      output.as<int64_t>()[i * columns + c] = rest % shape[i];
      rest /= shape[i];
    }
  }
}

std::unique_ptr<Kernel> make_non_zero(KernelRequest& request) {
  request.attributes().finish();
  return make_kernel([](KernelContext& context) { run_non_zero(context); });
}

void run_compress(KernelContext& context, bool flat, int64_t given_axis) {
  TensorView input = context.input(0);
  const TensorView& condition = context.input(1);
  if (flat) input = moved_view(input, {input.count()}, {1}, 0);
  int axis = flat ? 0 : normalize_axis(given_axis, input.rank());
  int64_t considered = std::min(condition.count(), input.shape[axis]);
  std::vector<int64_t> kept;
  for (int64_t i = 0; i < considered; ++i) {
    if (condition.as<uint8_t>()[i] != 0) kept.push_back(i);
  }
  Shape shape = input.shape;
  shape[axis] = static_cast<int64_t>(kept.size());
  TensorView output = context.allocate_output(0, input.dtype, shape);
  if (output.count() == 0) return;
  for (size_t begin = 0; begin < kept.size();) {
    size_t end = begin + 1;
    while (end < kept.size() && kept[end] == kept[end - 1] + 1) ++end;
    auto length = static_cast<int64_t>(end - begin);
    copy_parallel(sliced_view(input, axis, kept[begin], length),
                  sliced_view(output, axis, static_cast<int64_t>(begin), length),
                  context.threads());
    begin = end;
  }
}

std::unique_ptr<Kernel> make_compress(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  bool flat = !attributes.has("axis");
  int64_t axis = attributes.integer("axis", 0);
  attributes.finish();
  check_input(request.input(1).dtype == DType::kBool, "the condition is {}",
              to_string(request.input(1)));
  return make_kernel([=](KernelContext& context) { run_compress(context, flat, axis); });
}

}  // namespace

void register_non_zero(Registry& registry) {
  registry.add("NonZero").kernel("reference", make_non_zero).dynamic = true;
  registry.add("Compress").kernel("reference", make_compress).dynamic = true;
}

}  // namespace convoy
