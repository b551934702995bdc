// TopK, opset 1 and up: the k largest (or smallest, from 11 on) along one axis with their indices;
// of equal elements the one in front comes first. k: attribute up to opset 9, then an input.
#include <algorithm>
#include <numeric>

#include "ops/batching/rules.h"
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

// What elements of type T are compared as.
template <typename T>
using Compared = std::conditional_t<std::is_integral_v<T> || std::is_same_v<T, double>, T, float>;

// Memory of one thread for lines of `length` elements.
template <typename T>
struct Line {
  int64_t* order;
  Compared<T>* values;

  static size_t bytes(int64_t length) {
    size_t both = static_cast<size_t>(length) * (sizeof(int64_t) + sizeof(Compared<T>));
    return (both + kAlignment - 1) / kAlignment * kAlignment;
  }
  Line(std::byte* memory, int64_t length)
      : order(reinterpret_cast<int64_t*>(memory)),
        values(reinterpret_cast<Compared<T>*>(order + length)) {}

  // The first k of `order` are the indices of the elements that go first.
  void pick(const T* in, int64_t stride, int64_t length, int64_t k, bool largest) {
    for (int64_t i = 0; i < length; ++i) values[i] = in[i * stride];
    std::iota(order, order + length, int64_t{0});
    auto before = [&](int64_t a, int64_t b) {
      return goes_first(values[a], a, values[b], b, largest);
    };
    if (k < length && k > 16) {
      std::nth_element(order, order + k, order + length, before);
      std::sort(order, order + k, before);
    } else {
      std::partial_sort(order, order + k, order + length, before);
    }
  }
};

struct Lines {
  int axis = 0;
  int64_t length = 0;
  int64_t inner = 1;  // lines side by side
  int64_t count = 0;
  int64_t pieces = 1;

  Lines(const Shape& in, int64_t given_axis, int threads)
      : axis(normalize_axis(given_axis, in.rank())) {
    length = in[axis];
    for (int i = axis + 1; i < in.rank(); ++i) inner *= in[i];
    count = length == 0 ? 0 : element_count(in) / length;
    int64_t grain = std::max<int64_t>(1, 4096 / std::max<int64_t>(1, length));
    pieces = std::clamp<int64_t>(count / grain, 1, threads);
  }
};

template <typename T>
void run_typed(KernelContext& context, const Lines& lines, bool largest) {
  const TensorView& in = context.input(0);
  const TensorView& shape = context.has_output(0) ? context.output(0) : context.output(1);
  int64_t length = lines.length;
  int64_t k = shape.shape[lines.axis];
  check_input(k <= length, "k is {} for an axis of length {}", k, length);
  if (shape.count() == 0) return;
  int64_t inner = lines.inner;
  T* values = context.has_output(0) ? context.output(0).as<T>() : nullptr;
  int64_t* indices = context.has_output(1) ? context.output(1).as<int64_t>() : nullptr;
  auto run_piece = [&](int64_t piece) {
    Line<T> line(context.scratch() + static_cast<size_t>(piece) * Line<T>::bytes(length), length);
    int64_t end = lines.count * (piece + 1) / lines.pieces;
    for (int64_t item = lines.count * piece / lines.pieces; item < end; ++item) {
      const T* from = in.as<T>() + item / inner * length * inner + item % inner;
      line.pick(from, inner, length, k, largest);
      int64_t to = item / inner * k * inner + item % inner;
      for (int64_t i = 0; i < k; ++i) {
        int64_t index = line.order[i];
        if (values != nullptr) values[to + i * inner] = from[index * inner];
        if (indices != nullptr) indices[to + i * inner] = index;
      }
    }
  };
  context.threads().parallel_for(lines.pieces, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) run_piece(piece);
  });
}

std::unique_ptr<Kernel> make_top_k(KernelRequest& request) {
  TopForm form = read_form(request.node());
  const Shape& shape = request.input(0).shape;
  Lines lines(shape, form.axis, request.threads);
  const Shape& chosen = request.output(request.has_output(0) ? 0 : 1).shape;
  for (int j = 0; j < request.output_count(); ++j) {
    Shape expected = shape;
    if (chosen.rank() == shape.rank()) expected[lines.axis] = chosen[lines.axis];
    request.check_output(j, expected);
  }
  return visit_numeric(request.input(0).dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    using T = typename decltype(tag)::type;
    request.use_scratch(static_cast<size_t>(lines.pieces) * Line<T>::bytes(lines.length));
    return make_kernel([lines, largest = form.largest](KernelContext& context) {
      run_typed<T>(context, lines, largest);
    });
  });
}

}  // namespace

void register_top_k(Registry& registry) {
  registry.add("TopK").kernel("reference", make_top_k).batching = {.forms = batch_top_k,
                                                                   .any_output = true};
}

}  // namespace convoy
