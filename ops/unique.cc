// Unique, opset 11 and up: the distinct elements, or slices of an axis, with their first indices,
// the way back, and their counts; sorted, or in order of first appearance.
#include <numeric>

#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct UniqueForm {
  bool flat = true;
  int64_t axis = 0;
  bool sorted = true;
};

// Items are [outer, item, inner] of a contiguous tensor. -1, 0 or 1; NaN is last and differs from
// every other NaN.
template <typename T>
int compare_items(const T* data, int64_t outer, int64_t items, int64_t inner, int64_t a,
                  int64_t b) {
  for (int64_t o = 0; o < outer; ++o) {
    const T* x = data + (o * items + a) * inner;
    const T* y = data + (o * items + b) * inner;
    for (int64_t i = 0; i < inner; ++i) {
      if (x[i] == y[i]) continue;
      if constexpr (!std::is_integral_v<T> && !std::is_same_v<T, std::string>) {
        bool x_nan = x[i] != x[i];
        bool y_nan = y[i] != y[i];
        if (x_nan && y_nan) return a < b ? -1 : a > b ? 1 : 0;
        if (x_nan || y_nan) return x_nan ? 1 : -1;
      }
      return x[i] < y[i] ? -1 : 1;
    }
  }
  return 0;
}

struct Groups {
  std::vector<int64_t> first;    // item of the first appearance
  std::vector<int64_t> inverse;  // group of every item
  std::vector<int64_t> counts;
};

template <typename T>
Groups find_groups(const TensorView& view, int64_t outer, int64_t items, int64_t inner,
                   bool sorted) {
  auto compare = [&](int64_t a, int64_t b) {
    return compare_items(view.as<T>(), outer, items, inner, a, b);
  };
  std::vector<int64_t> order(static_cast<size_t>(items));
  std::iota(order.begin(), order.end(), int64_t{0});
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return compare(a, b) < 0; });
  Groups groups;
  groups.inverse.resize(order.size());
  for (size_t i = 0; i < order.size(); ++i) {
    if (i == 0 || compare(order[i - 1], order[i]) != 0) {
      groups.first.push_back(order[i]);
      groups.counts.push_back(0);
    }
    ++groups.counts.back();
    groups.inverse[static_cast<size_t>(order[i])] = static_cast<int64_t>(groups.first.size()) - 1;
  }
  if (sorted) return groups;
  std::vector<size_t> by_appearance(groups.first.size());
  std::iota(by_appearance.begin(), by_appearance.end(), size_t{0});
  std::sort(by_appearance.begin(), by_appearance.end(),
            [&](size_t a, size_t b) { return groups.first[a] < groups.first[b]; });
  Groups ordered;
  std::vector<int64_t> renamed(by_appearance.size());
  for (size_t i = 0; i < by_appearance.size(); ++i) {
    renamed[by_appearance[i]] = static_cast<int64_t>(i);
    ordered.first.push_back(groups.first[by_appearance[i]]);
    ordered.counts.push_back(groups.counts[by_appearance[i]]);
  }
  for (int64_t group : groups.inverse) {
    ordered.inverse.push_back(renamed[static_cast<size_t>(group)]);
  }
  return ordered;
}

void put_list(KernelContext& context, int output, const std::vector<int64_t>& list) {
  if (context.wants_output(output)) context.set_output(output, Tensor::from_int64s(list));
}

void run_unique(KernelContext& context, const UniqueForm& form) {
  TensorView input = context.input(0);
  if (form.flat) input = moved_view(input, {input.count()}, {1}, 0);
  int axis = form.flat ? 0 : normalize_axis(form.axis, input.rank());
  int64_t items = input.shape[axis];
  int64_t outer = 1;
  int64_t inner = 1;
  for (int i = 0; i < input.rank(); ++i) {
    if (i != axis) (i < axis ? outer : inner) *= input.shape[i];
  }
  Groups groups;
  visit_dtype_among<float, int64_t, int32_t, double, Float16, BFloat16, int8_t, uint8_t, int16_t,
                    uint16_t, uint32_t, uint64_t, bool, std::string>(input.dtype, [&](auto tag) {
    groups = find_groups<typename decltype(tag)::type>(input, outer, items, inner, form.sorted);
  });
  if (context.wants_output(0)) {
    Shape shape = input.shape;
    shape[axis] = static_cast<int64_t>(groups.first.size());
    TensorView output = context.allocate_output(0, input.dtype, shape);
    for (size_t i = 0; i < groups.first.size() && output.count() > 0; ++i) {
      copy_elements(sliced_view(input, axis, groups.first[i], 1),
                    sliced_view(output, axis, static_cast<int64_t>(i), 1));
    }
  }
  put_list(context, 1, groups.first);
  put_list(context, 2, groups.inverse);
  put_list(context, 3, groups.counts);
}

std::unique_ptr<Kernel> make_unique_kernel(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  UniqueForm form;
  form.flat = !attributes.has("axis");
  form.axis = attributes.integer("axis", 0);
  form.sorted = attributes.integer("sorted", 1) != 0;
  attributes.finish();
  return make_kernel([form](KernelContext& context) { run_unique(context, form); });
}

}  // namespace

void register_unique(Registry& registry) {
  registry.add("Unique").kernel("reference", make_unique_kernel).dynamic = true;
}

}  // namespace convoy
