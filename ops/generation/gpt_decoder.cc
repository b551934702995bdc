#include "ops/generation/gpt_decoder.h"

#include "ops/kernels/copy/copy.h"

namespace convoy {
namespace {

constexpr size_t kOthers = 3;  // inputs before the pasts

void check_body(const Graph& graph) {
  const size_t inputs = graph.inputs().size();
  check_model(inputs > kOthers && graph.outputs().size() == inputs - kOthers + 1,
              "a decoder has {} inputs and {} outputs, not tokens, positions, mask and pasts, and "
              "logits and presents",
              inputs, graph.outputs().size());
}

Tensor int32s(const Sequences& rows) {
  const auto columns = static_cast<int64_t>(rows.empty() ? 0 : rows[0].size());
  Tensor tensor = Tensor::allocate(DType::kInt32, {static_cast<int64_t>(rows.size()), columns});
  int32_t* to = tensor.mutable_data<int32_t>();
  for (const auto& row : rows) to = std::copy(row.begin(), row.end(), to);
  return tensor;
}

}  // namespace

GptDecoder::GptDecoder(BodyRunner& first, const Graph& first_graph, BodyRunner& later,
                       const Graph& later_graph, ThreadPool& threads)
    : first_(&first), later_(&later), graph_(&first_graph), threads_(&threads) {
  check_body(first_graph);
  check_body(later_graph);
  check_model(first_graph.inputs().size() == later_graph.inputs().size(),
              "the decoders have different pasts");
}

Value GptDecoder::past_before(size_t input, int64_t rows) const {
  const ValueType& type = graph_->value(graph_->inputs()[input]).type;
  const bool known = type.is_tensor() && type.rank() == 5 && (*type.shape)[2].known() &&
                     (*type.shape)[4].known() && is_floating(type.dtype);
  check_model(known, "the past '{}' must say its type, heads and size",
              graph_->value_name(graph_->inputs()[input]));
  return Tensor::allocate(type.dtype, {2, rows, (*type.shape)[2].size, 0, (*type.shape)[4].size});
}

std::vector<std::vector<float>> GptDecoder::step(const Sequences& sequences, int64_t vocabulary) {
  const bool first = past_.empty();
  const auto rows = static_cast<int64_t>(sequences.size());
  Sequences tokens = sequences;
  Sequences positions(sequences.size());
  if (first) {
    positions_.assign(sequences.size(), 0);
    for (size_t r = 0; r < sequences.size(); ++r) {
      for (int32_t token : tokens[r]) {
        positions[r].push_back(token != padding_ ? positions_[r]++ : 0);
      }
    }
  } else {
    for (size_t r = 0; r < sequences.size(); ++r) {
      tokens[r] = {sequences[r].back()};
      positions[r] = {positions_[r]++};
      mask_[r].push_back(1);
    }
  }
  std::vector<Value> inputs = {int32s(tokens), int32s(positions), int32s(mask_)};
  for (size_t i = kOthers; i < graph_->inputs().size(); ++i) {
    inputs.push_back(first ? past_before(i, rows) : std::move(past_[i - kOthers]));
  }
  std::vector<Value> results = (first ? first_ : later_)->run(inputs);
  past_.assign(std::make_move_iterator(results.begin() + 1),
               std::make_move_iterator(results.end()));

  const Tensor logits = results[0].tensor().contiguous();
  const Shape& shape = logits.shape();
  check_input(shape.rank() == 3 && shape[0] == rows && shape[1] > 0 &&
                  shape[2] >= std::max<int64_t>(vocabulary, 1),
              "logits of shape {} for {} sequences", to_string(shape), rows);
  if (count_ == 0) count_ = vocabulary > 0 ? vocabulary : shape[2];
  const int64_t count = count_;
  check_input(count <= shape[2] && (vocabulary > 0 || count == shape[2]),
              "logits of shape {} after others of {}", to_string(shape), count);
  std::vector<std::vector<float>> last(sequences.size());
  visit_floating(logits.dtype(), [&](auto tag) {
    const auto* from = logits.template data<typename decltype(tag)::type>();
    for (size_t r = 0; r < last.size(); ++r) {
      const auto* row = from + (static_cast<int64_t>(r) * shape[1] + shape[1] - 1) * shape[2];
      for (int64_t i = 0; i < count; ++i) last[r].push_back(static_cast<float>(row[i]));
    }
  });
  return last;
}

void GptDecoder::reorder(const std::vector<int64_t>& rows) {
  Sequences mask;
  std::vector<int32_t> positions;
  for (int64_t row : rows) {
    mask.push_back(mask_[static_cast<size_t>(row)]);
    positions.push_back(positions_[static_cast<size_t>(row)]);
  }
  mask_ = std::move(mask);
  positions_ = std::move(positions);
  for (Value& past : past_) {
    const Tensor& old = past.tensor();
    check_input(old.rank() == 5 && old.shape()[1] == static_cast<int64_t>(rows.size()),
                "a present of shape {} for {} sequences", to_string(old.shape()), rows.size());
    Tensor fresh = Tensor::allocate(old.dtype(), old.shape());
    for (size_t r = 0; r < rows.size(); ++r) {
      copy_parallel(sliced_view(old.view(), 1, rows[r], 1),
                    sliced_view(fresh.view(), 1, static_cast<int64_t>(r), 1), *threads_);
    }
    past = std::move(fresh);
  }
}

}  // namespace convoy
