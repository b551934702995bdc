// ArgMax and ArgMin, opset 1 and up: the index of the extreme along one axis, the first one or
// (select_last_index, from 12 on) the last. NaN counts as extreme, as in NumPy.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct ArgForm {
  bool largest = true;
  bool last = false;
};

template <typename T>
bool beats(const T& candidate, const T& best, const ArgForm& form) {
  if constexpr (!std::is_integral_v<T>) {
    if (best != best) return form.last && candidate != candidate;
    if (candidate != candidate) return true;
  }
  if (form.last && candidate == best) return true;
  return form.largest ? candidate > best : candidate < best;
}

template <typename T>
void search(const ArgForm& form, int64_t length, int64_t inner, int64_t first, int64_t count,
            const T* in, int64_t* out) {
  using Compared = std::conditional_t<std::is_integral_v<T> || std::is_same_v<T, double>, T, float>;
  for (int64_t item = first; item < first + count; ++item) {
    const T* line = in + item / inner * length * inner + item % inner;
    int64_t best_at = 0;
    Compared best = line[0];
    for (int64_t i = 1; i < length; ++i) {
      Compared value = line[i * inner];
      if (!beats(value, best, form)) continue;
      best = value;
      best_at = i;
    }
    out[item] = best_at;
  }
}

void run_arg(KernelContext& context, const ArgForm& form, int64_t given_axis) {
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  if (out.count() == 0) return;
  int64_t length = 1;
  int64_t inner = 1;
  if (in.rank() > 0) {
    int axis = normalize_axis(given_axis, in.rank());
    length = in.shape[axis];
    for (int i = axis + 1; i < in.rank(); ++i) inner *= in.shape[i];
  }
  check_input(length > 0, "there is no extreme of an empty axis");
  visit_numeric(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    int64_t grain = std::max<int64_t>(1, 16384 / length);
    context.threads().parallel_for(out.count(), grain, [&](int64_t begin, int64_t end) {
      search<T>(form, length, inner, begin, end - begin, in.as<T>(), out.as<int64_t>());
    });
  });
}

std::unique_ptr<Kernel> make_arg(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t axis = attributes.integer("axis", 0);
  attributes.ignore("keepdims");
  ArgForm form;
  form.largest = request.node().op_type == "ArgMax";
  form.last = attributes.integer("select_last_index", 0) != 0;
  attributes.finish();
  return make_kernel([form, axis](KernelContext& context) { run_arg(context, form, axis); });
}

}  // namespace

void register_arg_max(Registry& registry) {
  registry.add("ArgMax").kernel("reference", make_arg);
  registry.add("ArgMin").kernel("reference", make_arg);
}

}  // namespace convoy
