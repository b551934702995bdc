// Shape and Size, and elements taken of them, where the dimensions in question are known.
#include <algorithm>

#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

using Sizes = std::vector<int64_t>;

// What Shape returns for a value of this type: its `start` and `end` apply; -1 where not known.
std::optional<Sizes> shape_result(const Node& shape, const ValueType& type) {
  if (!type.is_tensor() || !type.shape) return std::nullopt;
  int64_t rank = type.rank();
  auto clamp = [rank](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + rank : position, 0, rank);
  };
  int64_t start = clamp(integer_of(shape, "start", 0));
  int64_t end = clamp(integer_of(shape, "end", rank));
  Sizes sizes;
  for (int64_t i = start; i < end; ++i) {
    sizes.push_back((*type.shape)[static_cast<size_t>(i)].size);
  }
  return sizes;
}

bool all_known(const Sizes& sizes) {
  return std::all_of(sizes.begin(), sizes.end(), [](int64_t size) { return size >= 0; });
}

Rule fold_shape() {
  auto result = [](const Match& match) { return shape_result(match.root(), match.type("x")); };
  return {"fold_shape", RuleSet::kPortable, op("Shape", {any("x")}),
          [result](const Match& match) -> Refusal {
            auto sizes = result(match);
            if (!sizes) return "the rank is not known";
            if (!all_known(*sizes)) return "a dimension is not known";
            return std::nullopt;
          },
          [result](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {builder.int64s(*result(match))};
          }};
}

Rule fold_size() {
  return {"fold_size", RuleSet::kPortable, op("Size", {any("x")}),
          [](const Match& match) -> Refusal {
            return match.type("x").is_static() ? Refusal() : "a dimension is not known";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            int64_t count = element_count(*match.type("x").static_shape());
            return {builder.constant(Tensor::scalar(count))};
          }};
}

// The elements of a shape that a Gather takes; nullopt where one is not known.
std::optional<Sizes> gathered(const Match& match) {
  auto sizes = shape_result(match.node("shape"), match.type("x"));
  auto indices = match.graph().constant_int64s(match.value("indices"));
  if (!sizes || !indices || integer_of(match.root(), "axis", 0) > 0) return std::nullopt;
  Sizes taken;
  auto count = static_cast<int64_t>(sizes->size());
  for (int64_t index : *indices) {
    if (index < 0) index += count;
    if (index < 0 || index >= count) return std::nullopt;
    taken.push_back((*sizes)[static_cast<size_t>(index)]);
  }
  if (!all_known(taken)) return std::nullopt;
  return taken;
}

Rule fold_shape_element() {
  return {"fold_shape_element", RuleSet::kPortable,
          op("Gather", {op("Shape", {any("x")}).named("shape").shared(), constant("indices")}),
          [](const Match& match) -> Refusal {
            return gathered(match) ? Refusal() : "a dimension is not known";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            Shape shape = match.tensor("indices").shape();
            return {builder.constant(Tensor::from<int64_t>(shape, *gathered(match)))};
          }};
}

bool steps_by_one(const Match& match) {
  if (!match.root().has_input(4)) return true;
  auto steps = match.graph().constant_int64s(match.root().input(4));
  return steps && *steps == Sizes{1};
}

// The elements that a Slice with constant bounds takes of a shape.
std::optional<Sizes> sliced(const Match& match) {
  auto sizes = shape_result(match.node("shape"), match.type("x"));
  auto starts = match.graph().constant_int64s(match.value("starts"));
  auto ends = match.graph().constant_int64s(match.value("ends"));
  if (!sizes || !starts || !ends || starts->size() != 1 || ends->size() != 1) return std::nullopt;
  if (!steps_by_one(match)) return std::nullopt;
  auto count = static_cast<int64_t>(sizes->size());
  auto clamp = [count](int64_t position) {
    return std::clamp<int64_t>(position < 0 ? position + count : position, 0, count);
  };
  Sizes taken;
  for (int64_t i = clamp((*starts)[0]); i < clamp((*ends)[0]); ++i) {
    taken.push_back((*sizes)[static_cast<size_t>(i)]);
  }
  if (!all_known(taken)) return std::nullopt;
  return taken;
}

Rule fold_shape_slice() {
  return {"fold_shape_slice", RuleSet::kPortable,
          op("Slice", {op("Shape", {any("x")}).named("shape").shared(), constant("starts"),
                       constant("ends")})
              .rest(),
          [](const Match& match) -> Refusal {
            if (!steps_by_one(match)) return "the step is not 1";
            return sliced(match) ? Refusal() : "a dimension is not known";
          },
          [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
            return {builder.int64s(*sliced(match))};
          }};
}

}  // namespace

std::vector<RewriteStep> fold_shapes() {
  return {fold_shape(), fold_size(), fold_shape_element(), fold_shape_slice()};
}

}  // namespace convoy
