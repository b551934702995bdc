// softmax(q · kᵀ · scale + mask) · v on [batch, heads, length, size] becomes Attention where the
// model's opset has it (23). In a file: a session runs the parts, which fuse with their neighbours.
#include "ops/rewrites/epilogues.h"
#include "ops/rewrites/rules.h"
#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

constexpr int kFirstVersion = 23;

bool same_size(const ValueType& a, int i, const ValueType& b, int j) {
  return surely_equal((*a.shape)[static_cast<size_t>(i)], (*b.shape)[static_cast<size_t>(j)]);
}

// The factor that the scores get; nullopt where it is not one positive number.
std::optional<double> scale_of(const Match& match) {
  double scale = 1;
  for (const char* name : {"factor", "divisor", "q_factor", "k_factor"}) {
    if (!match.has(name)) continue;
    const Tensor& tensor = match.tensor(name);
    if (tensor.count() != 1 || !is_floating(tensor.dtype())) return std::nullopt;
    double number = to_doubles(tensor)[0];
    scale *= std::string_view(name) == "divisor" ? 1 / number : number;
  }
  return scale > 0 && scale < 1e6 ? std::optional(scale) : std::nullopt;
}

Refusal mask_fits(const Match& match, const ValueType& q, const ValueType& k) {
  if (!match.has("mask")) return std::nullopt;
  const ValueType& mask = match.type("mask");
  int rank = mask.rank();
  if (rank != 2 && rank != 4) return "the mask has another rank";
  if (!mask.is_tensor() || mask.dtype != q.dtype) return "the mask is of another type";
  if (!same_size(mask, rank - 1, k, 2) || !same_size(mask, rank - 2, q, 2)) {
    return "the mask is not one number for each score";
  }
  for (int i = 0; i + 2 < rank; ++i) {
    bool one = (*mask.shape)[static_cast<size_t>(i)].size == 1;
    if (!one && !same_size(mask, i, q, i)) return "the mask may be of more batches or heads";
  }
  return std::nullopt;
}

Refusal is_attention(const Match& match) {
  if (match.root().version < kFirstVersion) {
    return fmt::format("opset {} has no Attention", match.root().version);
  }
  const ValueType& q = match.type("q");
  const ValueType& k = match.type("k");
  const ValueType& v = match.type("v");
  for (const ValueType* type : {&q, &k, &v}) {
    if (!type->is_tensor() || !is_floating(type->dtype)) return "the type is not floating";
    if (type->rank() != 4) return "the operands are not [batch, heads, length, size]";
    if (!same_size(*type, 0, q, 0) || !same_size(*type, 1, q, 1)) {
      return "batch or heads may differ";
    }
    if (!(*type->shape)[1].known()) return "the number of heads is not known";
  }
  if (integers_of(match.node("turned"), "perm") != std::vector<int64_t>{0, 1, 3, 2}) {
    return "k is turned in another way";
  }
  int64_t axis = integer_of(match.node("softmax"), "axis", -1);
  if (axis != -1 && axis != 3) return "the softmax is along another axis";
  if (!scale_of(match)) return "the scale is not one positive number";
  if (Refusal refusal = keeps_rank_of(match, "q")) return refusal;
  return mask_fits(match, q, k);
}

}  // namespace

std::vector<RewriteStep> recognize_attention() {
  Pattern turned = op("Transpose", {any("k")}).named("turned");
  Pattern scaled_q = any_of({op("Mul", {any("q"), constant("q_factor")}), any("q")});
  Pattern scaled_k = any_of({op("Mul", {turned, constant("k_factor")}), turned});
  Pattern product = op("MatMul", {scaled_q, scaled_k});
  Pattern scores = any_of({op("Mul", {product, constant("factor")}),
                           op("Div", {product, constant("divisor")}), product});
  Pattern masked = any_of({op("Add", {scores, any("mask")}), scores});
  Pattern weights = op("Softmax", {masked}).named("softmax");
  Rule rule{"recognize_attention", RuleSet::kFile, op("MatMul", {weights, any("v")}), is_attention,
            [](const Match& match, GraphBuilder& builder) -> std::vector<ValueId> {
              std::vector<ValueId> inputs = {match.value("q"), match.value("k"), match.value("v")};
              if (match.has("mask")) inputs.push_back(match.value("mask"));
              auto scale = static_cast<float>(*scale_of(match));
              return {builder.node("Attention", std::move(inputs), {{"scale", scale}},
                                   match.output_type(), "", match.root().version)};
            }};
  return {rule};
}

}  // namespace convoy
