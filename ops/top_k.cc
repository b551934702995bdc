// TopK, opset 1 and up: the k largest (or smallest, from 11 on) along one axis with their indices;
// of equal elements the one in front comes first. k: attribute up to opset 9, then an input.
#include <numeric>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct TopForm {
  int64_t axis = -1;
  bool largest = true;
};

TopForm read_form(const Node& node) {
  AttributeReader attributes(node);
  TopForm form;
  form.axis = attributes.integer("axis", -1);
  form.largest = attributes.integer("largest", 1) != 0;
  attributes.ignore("sorted");
  attributes.ignore("k");
  attributes.finish();
  return form;
}

// A strict order even with NaN, which counts as the largest.
template <typename T>
bool goes_first(const T& a, int64_t a_index, const T& b, int64_t b_index, bool largest) {
  if constexpr (!std::is_integral_v<T>) {
    bool a_nan = a != a;
    bool b_nan = b != b;
    if (a_nan || b_nan) {
      if (a_nan && b_nan) return a_index < b_index;
      return a_nan == largest;
    }
  }
  if (a == b) return a_index < b_index;
  return largest ? a > b : a < b;
}

template <typename T>
struct Line {
  using Compared = std::conditional_t<std::is_integral_v<T> || std::is_same_v<T, double>, T, float>;
  std::vector<Compared> values;
  std::vector<int64_t> order;

  void pick(const T* in, int64_t stride, int64_t length, int64_t k, bool largest) {
    values.resize(static_cast<size_t>(length));
    order.resize(static_cast<size_t>(length));
    for (int64_t i = 0; i < length; ++i) values[static_cast<size_t>(i)] = in[i * stride];
    std::iota(order.begin(), order.end(), int64_t{0});
    auto before = [&](int64_t a, int64_t b) {
      return goes_first(values[static_cast<size_t>(a)], a, values[static_cast<size_t>(b)], b,
                        largest);
    };
    if (k < length && k > 16) {
      std::nth_element(order.begin(), order.begin() + k, order.end(), before);
      std::sort(order.begin(), order.begin() + k, before);
    } else {
      std::partial_sort(order.begin(), order.begin() + k, order.end(), before);
    }
  }
};

template <typename T>
void run_typed(KernelContext& context, const TopForm& form) {
  const TensorView& in = context.input(0);
  const TensorView& shape = context.has_output(0) ? context.output(0) : context.output(1);
  int axis = normalize_axis(form.axis, in.rank());
  int64_t length = in.shape[axis];
  int64_t k = shape.shape[axis];
  check_input(k <= length, "k is {} for an axis of length {}", k, length);
  if (shape.count() == 0) return;
  int64_t inner = 1;
  for (int i = axis + 1; i < in.rank(); ++i) inner *= in.shape[i];
  T* values = context.has_output(0) ? context.output(0).as<T>() : nullptr;
  int64_t* indices = context.has_output(1) ? context.output(1).as<int64_t>() : nullptr;
  int64_t lines = in.count() / length;
  int64_t grain = std::max<int64_t>(1, 4096 / length);
  context.threads().parallel_for(lines, grain, [&](int64_t begin, int64_t end) {
    Line<T> line;
    for (int64_t item = begin; item < end; ++item) {
      const T* from = in.as<T>() + item / inner * length * inner + item % inner;
      line.pick(from, inner, length, k, form.largest);
      int64_t to = item / inner * k * inner + item % inner;
      for (int64_t i = 0; i < k; ++i) {
        int64_t index = line.order[static_cast<size_t>(i)];
        if (values != nullptr) values[to + i * inner] = from[index * inner];
        if (indices != nullptr) indices[to + i * inner] = index;
      }
    }
  });
}

std::unique_ptr<Kernel> make_top_k(KernelRequest& request) {
  TopForm form = read_form(request.node());
  return make_kernel([form](KernelContext& context) {
    visit_numeric(context.input(0).dtype, [&](auto tag) {
      run_typed<typename decltype(tag)::type>(context, form);
    });
  });
}

}  // namespace

void register_top_k(Registry& registry) {
  registry.add("TopK").kernel("reference", make_top_k);
}

}  // namespace convoy
