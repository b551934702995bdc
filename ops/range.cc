// Range, opset 11 and up: start, start + delta, … below (or above) limit. float16 and bfloat16
// from opset 27 on. Formula of ONNX: count = max(ceil((limit − start) / delta), 0).
#include <cmath>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

template <typename T>
int64_t range_count(T start, T limit, T delta) {
  check_input(delta != T(0), "the delta of a Range is 0");
  if constexpr (std::is_integral_v<T>) {
    bool forward = delta > 0;
    if (forward ? start >= limit : start <= limit) return 0;
    auto low = static_cast<uint64_t>(static_cast<int64_t>(forward ? start : limit));
    auto high = static_cast<uint64_t>(static_cast<int64_t>(forward ? limit : start));
    auto wide = static_cast<uint64_t>(static_cast<int64_t>(delta));
    uint64_t count = (high - low - 1) / (forward ? wide : 0 - wide) + 1;
    check_input(count <= uint64_t{1} << 62, "a Range of {} elements", count);
    return static_cast<int64_t>(count);
  } else {
    // The distance in the type itself, as ONNX infers the shape.
    using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;
    const Real distance = static_cast<Real>(limit) - static_cast<Real>(start);
    double count = std::ceil(static_cast<double>(distance) / static_cast<double>(delta));
    check_input(count < 9.0e18 && !std::isnan(count), "a Range of {} elements", count);
    return count > 0 ? static_cast<int64_t>(count) : 0;
  }
}

template <typename T>
void fill_range(T start, T delta, T* out, int64_t begin, int64_t end) {
  for (int64_t i = begin; i < end; ++i) {
    if constexpr (std::is_integral_v<T>) {
      uint64_t step = static_cast<uint64_t>(static_cast<int64_t>(delta)) * static_cast<uint64_t>(i);
      out[i] = static_cast<T>(static_cast<uint64_t>(static_cast<int64_t>(start)) + step);
    } else if constexpr (std::is_same_v<T, double>) {
      out[i] = start + static_cast<double>(i) * delta;
    } else {
      out[i] = T(static_cast<float>(start) + static_cast<float>(i) * static_cast<float>(delta));
    }
  }
}

template <typename Visitor>
void visit_range_type(DType dtype, Visitor&& visitor) {
  visit_dtype_among<float, double, int16_t, int32_t, int64_t, Float16, BFloat16>(dtype, visitor);
}

void infer_range(InferRequest& request) {
  for (size_t i = 0; i < 3; ++i) {
    if (request.constant(i) == nullptr) return;
    check_input(
        request.inputs[i].count() == 1 && request.inputs[i].dtype == request.inputs[0].dtype,
        "operand {} of a Range is {}", i, to_string(request.inputs[i]));
  }
  DType dtype = request.inputs[0].dtype;
  visit_range_type(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    int64_t count = range_count<T>(*request.constant(0)->data<T>(), *request.constant(1)->data<T>(),
                                   *request.constant(2)->data<T>());
    request.set_output(0, dtype, {count});
  });
}

std::unique_ptr<Kernel> make_range(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.ignore("stash_type");
  attributes.finish();
  return make_kernel([](KernelContext& context) {
    const TensorView& output = context.output(0);
    visit_range_type(output.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      T start = *context.input(0).as<T>();
      T delta = *context.input(2).as<T>();
      context.threads().parallel_for(output.count(), 16384, [&](int64_t begin, int64_t end) {
        fill_range<T>(start, delta, output.as<T>(), begin, end);
      });
    });
  });
}

}  // namespace

void register_range(Registry& registry) {
  registry.add("Range")
      .versions(11, std::numeric_limits<int>::max())
      .kernel("reference", make_range)
      .infer = infer_range;
}

}  // namespace convoy
