#include "runtime/graph/fold_axes.h"

#include <algorithm>
#include <optional>

#include "runtime/graph/reshape_sizes.h"

namespace convoy {
namespace {

using Sizes = std::vector<Dimension>;
using List = std::vector<int64_t>;

size_t place(int axis) { return static_cast<size_t>(axis); }

// The shape that one Reshape can be told where sizes ahead of `axis` stay; nullopt for none.
std::optional<List> constant_shape(const Sizes& to, int axis) {
  return reshape_sizes(to, [axis](size_t i) { return i < place(axis); });
}

// Size `axis` of x times or over `factor`, as one element of a shape.
ValueId computed_size(GraphBuilder& builder, ValueId x, int axis, const char* operation,
                      int64_t factor) {
  int rank = builder.type(x).rank();
  ValueId shape = builder.node("Shape", {x}, {}, ValueType::tensor(DType::kInt64, Shape{rank}));
  ValueId size = builder.gather(shape, 0, List{axis});
  return builder.node(operation, {size, builder.int64s(List{factor}, "factor")}, {},
                      ValueType::tensor(DType::kInt64, Shape{1}));
}

// x of this type, of the same rank: a size that is copied (0) stays in its place, whatever it is.
// `computed`, where there is one, is size number `at`.
ValueId reshape_in_place(GraphBuilder& builder, ValueId x, List shape, int at, ValueId computed,
                         ValueType type) {
  if (computed == ValueId::kNone) return builder.reshape(x, shape, std::move(type));
  std::vector<ValueId> parts;
  auto middle = shape.begin() + at;
  if (at > 0) parts.push_back(builder.int64s(List(shape.begin(), middle), "shape"));
  parts.push_back(computed);
  if (middle + 1 != shape.end()) {
    parts.push_back(builder.int64s(List(middle + 1, shape.end()), "shape"));
  }
  ValueId whole =
      builder.concat(std::move(parts), 0,
                     ValueType::tensor(DType::kInt64, Shape{static_cast<int64_t>(shape.size())}));
  return builder.node("Reshape", {x, whole}, {}, std::move(type));
}

}  // namespace

ValueId fold_axes(GraphBuilder& builder, ValueId x, int axis) {
  ValueType from = builder.type(x);
  Sizes dims = *from.shape;
  Dimension outer = dims[place(axis)];
  Dimension inner = dims[place(axis) + 1];
  check_internal(outer.known() || inner.known(), "two open axes cannot be folded");
  Dimension folded;
  if (outer.known() && inner.known()) folded = {outer.size * inner.size, ""};
  if (outer.size == 0 || inner.size == 0) folded = {0, ""};
  Sizes to = dims;
  to.erase(to.begin() + axis);
  to[place(axis)] = folded;
  if (auto shape = constant_shape(to, axis)) {
    return builder.reshape(x, *shape, ValueType::tensor(from.dtype, to));
  }
  // The product stands where a size of 0 would be: Reshape then copies the right one.
  bool first = folded.size == 0 ? outer.size == 0 : inner.known();
  int at = first ? axis : axis + 1;
  int one = first ? axis + 1 : axis;
  List shape(dims.size(), 0);
  shape[place(one)] = 1;
  ValueId computed = ValueId::kNone;
  if (folded.known()) {
    shape[place(at)] = folded.size;
  } else {
    computed = computed_size(builder, x, at, "Mul", dims[place(one)].size);
  }
  dims[place(at)] = folded;
  dims[place(one)] = {1, ""};
  ValueId whole =
      reshape_in_place(builder, x, shape, at, computed, ValueType::tensor(from.dtype, dims));
  return builder.squeeze(whole, {one});
}

ValueId split_axis(GraphBuilder& builder, ValueId x, int axis, Dimension outer, Dimension inner) {
  ValueType from = builder.type(x);
  Sizes to = *from.shape;
  check_internal(outer.size > 0 || inner.size > 0, "two open axes cannot be told apart");
  to[place(axis)] = outer;
  to.insert(to.begin() + axis + 1, inner);
  ValueType type = ValueType::tensor(from.dtype, to);
  if (auto shape = constant_shape(to, axis)) return builder.reshape(x, *shape, type);
  // The open size, which may be 0, is put where the whole one was.
  bool first = inner.size > 0;
  int at = first ? axis : axis + 1;
  int one = first ? axis + 1 : axis;
  List shape(to.size(), 0);
  shape[place(one)] = to[place(one)].size;
  ValueId computed = ValueId::kNone;
  if (to[place(at)].known()) {
    shape[place(at)] = to[place(at)].size;
  } else {
    computed = computed_size(builder, x, axis, "Div", to[place(one)].size);
  }
  ValueId beside = builder.unsqueeze(x, {one});
  return reshape_in_place(builder, beside, shape, at, computed, type);
}

}  // namespace convoy
