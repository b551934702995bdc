// Unsqueeze, Squeeze and Transpose of siblings.
#include <algorithm>
#include <numeric>

#include "ops/batching/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

// The one axis of a Squeeze or Unsqueeze, normalized to `rank`.
std::optional<int> single_axis(const BatchingRequest& request, int rank) {
  std::optional<std::vector<int64_t>> axes = integers_of(request.node, "axes");
  if (request.is_constant(1) && request.operands[1].equal) {
    axes = to_int64s(request.operands[1].constants[0]);
  }
  if (!axes || axes->size() != 1) return std::nullopt;
  axes = normalized(*axes, rank);
  if (!axes) return std::nullopt;
  return static_cast<int>((*axes)[0]);
}

BatchedForm as_it_is(StackLayout from, StackLayout to) {
  return {
      {from, from}, to, 0, [](GraphBuilder&, std::span<const ValueId> operands, const ValueType&) {
        return operands[0];
      }};
}

// All other axes keep their order: rows are copied, or go from one place to another.
bool moves_one_axis(const std::vector<int64_t>& perm) {
  for (size_t i = 0; i < perm.size(); ++i) {
    std::vector<int64_t> others = perm;
    others.erase(others.begin() + static_cast<int64_t>(i));
    if (std::is_sorted(others.begin(), others.end())) return true;
  }
  return false;
}

}  // namespace

std::vector<BatchedForm> batch_unsqueeze(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  auto axis = single_axis(request, request.output.rank());
  if (!axis || !request.is_stacked(0)) return forms;
  // The stacked axis serves as the new one: n members of size 1 along it.
  forms.push_back(as_it_is(StackLayout::on_axis(*axis), StackLayout::fold(*axis)));
  for (int at = 0; at < request.output.rank(); ++at) {
    // Elsewhere a dimension of 1 is put in; after the stacked axis its number is one higher.
    int64_t inserted = at < *axis ? *axis + 1 : *axis;
    int place = at < *axis ? at : at + 1;
    if (at == *axis) continue;
    forms.push_back(
        {{StackLayout::on_axis(at), {}},
         StackLayout::on_axis(place),
         0,
         [inserted](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType&) {
           return builder.unsqueeze(operands[0], {inserted});
         }});
  }
  return forms;
}

std::vector<BatchedForm> batch_squeeze(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!request.is_stacked(0)) return forms;
  const ValueType& input = request.operands[0].type;
  auto axis = single_axis(request, input.rank());
  if (!axis || (*input.shape)[static_cast<size_t>(*axis)].size != 1) return forms;
  forms.push_back(as_it_is(StackLayout::fold(*axis), StackLayout::on_axis(*axis)));
  for (int at = 0; at <= input.rank(); ++at) {
    int64_t removed = *axis < at ? *axis : *axis + 1;
    forms.push_back(
        {{StackLayout::on_axis(at), {}},
         StackLayout::on_axis(*axis < at ? at - 1 : at),
         0,
         [removed](GraphBuilder& builder, std::span<const ValueId> operands, const ValueType&) {
           return builder.squeeze(operands[0], {removed});
         }});
  }
  return forms;
}

std::vector<BatchedForm> batch_transpose(const BatchingRequest& request) {
  std::vector<BatchedForm> forms;
  if (!keeps_rank(request)) return forms;
  int rank = request.output.rank();
  auto perm = integers_of(request.node, "perm");
  if (!perm) {
    perm.emplace(static_cast<size_t>(rank));
    std::iota(perm->rbegin(), perm->rend(), 0);
  }
  if (!is_permutation(*perm, rank)) return forms;
  for (int from = 0; from <= rank; ++from) {
    for (int to = 0; to <= rank; ++to) {
      std::vector<int64_t> moved;
      for (int64_t axis : *perm) moved.push_back(axis < from ? axis : axis + 1);
      moved.insert(moved.begin() + to, from);
      bool straight = std::is_sorted(moved.begin(), moved.end());
      forms.push_back({{StackLayout::on_axis(from)},
                       StackLayout::on_axis(to),
                       straight                ? 0.0
                       : moves_one_axis(moved) ? 0.01
                                               : 0.5,
                       [moved, straight](GraphBuilder& builder, std::span<const ValueId> operands,
                                         const ValueType&) {
                         return straight ? operands[0] : builder.transpose(operands[0], moved);
                       }});
    }
  }
  return forms;
}

}  // namespace convoy
