#include "ops/generation/scores.h"

#include <algorithm>
#include <limits>
#include <set>

namespace convoy {
namespace {

constexpr float kNever = std::numeric_limits<float>::lowest();

std::vector<int32_t> int32_input(KernelContext& context, int i, const char* what) {
  if (i >= context.input_count() || !context.input_value(i).defined()) return {};
  const Tensor tensor = context.input_value(i).tensor().contiguous();
  check_input(tensor.dtype() == DType::kInt32, "{} is of {}, not int32", what,
              to_string(tensor.dtype()));
  return {tensor.data<int32_t>(), tensor.data<int32_t>() + tensor.count()};
}

void penalize_repetition(float penalty, const std::vector<int32_t>& sequence,
                         std::vector<float>& scores) {
  for (int32_t token : std::set<int32_t>(sequence.begin(), sequence.end())) {
    if (token < 0 || token >= static_cast<int64_t>(scores.size())) continue;
    float& score = scores[static_cast<size_t>(token)];
    score = score < 0 ? score * penalty : score / penalty;
  }
}

void forbid_repeated(int64_t size, const std::vector<int32_t>& sequence,
                     std::vector<float>& scores) {
  const auto length = static_cast<int64_t>(sequence.size());
  if (length < size) return;
  const auto tail = sequence.end() - (size - 1);
  for (auto at = sequence.begin(); at + size <= sequence.end(); ++at) {
    if (!std::equal(tail, sequence.end(), at)) continue;
    const int32_t token = at[size - 1];
    if (token >= 0 && token < static_cast<int64_t>(scores.size())) {
      scores[static_cast<size_t>(token)] = kNever;
    }
  }
}

void apply_mask(const int32_t* mask, std::vector<float>& scores) {
  for (size_t i = 0; i < scores.size(); ++i) {
    if (mask[i] == 0) scores[i] = kNever;
  }
}

}  // namespace

SearchSettings read_search_attributes(AttributeReader& attributes) {
  SearchSettings settings;
  settings.end = static_cast<int32_t>(attributes.required_integer("eos_token_id"));
  settings.padding = static_cast<int32_t>(attributes.required_integer("pad_token_id"));
  settings.vocabulary = std::max<int64_t>(0, attributes.integer("vocab_size", -1));
  settings.no_repeat = attributes.integer("no_repeat_ngram_size", 0);
  check_model(settings.no_repeat >= 0, "no_repeat_ngram_size is {}", settings.no_repeat);
  attributes.ignore("decoder_start_token_id");
  check_supported(attributes.integer("model_type", 0) == 0 && !attributes.has("encoder"),
                  "models with an encoder");
  return settings;
}

int64_t integer_input(KernelContext& context, int i, const char* what, int64_t otherwise) {
  const std::vector<int32_t> values = int32_input(context, i, what);
  if (i >= context.input_count() || !context.input_value(i).defined()) return otherwise;
  check_input(values.size() == 1, "{} has {} elements, not one", what, values.size());
  return values[0];
}

float number_input(KernelContext& context, int i, const char* what, float otherwise) {
  if (i >= context.input_count() || !context.input_value(i).defined()) return otherwise;
  const Tensor tensor = context.input_value(i).tensor().contiguous();
  check_input(tensor.dtype() == DType::kFloat32 && tensor.count() == 1, "{} is {}, not one float32",
              what, to_string(tensor.desc()));
  return *tensor.data<float>();
}

void read_search_inputs(KernelContext& context, const SearchInputs& inputs,
                        SearchSettings& settings) {
  const Shape shape = context.input_value(0).tensor().shape();
  check_input(shape.rank() == 2 && shape[1] > 0, "a prompt of shape {}", to_string(shape));
  settings.batch = shape[0];
  const std::vector<int32_t> tokens = int32_input(context, 0, "input_ids");
  settings.max_length = integer_input(context, 1, "max_length", 0);
  settings.min_length = integer_input(context, 2, "min_length", 0);
  constexpr int64_t kLongest = 4096;  // as in ONNX Runtime
  check_input(settings.max_length > shape[1] && settings.max_length <= kLongest,
              "max_length {} does not fit a prompt of {}", settings.max_length, shape[1]);
  settings.repetition_penalty =
      number_input(context, inputs.repetition_penalty, "repetition_penalty", 1);
  check_input(settings.repetition_penalty > 0, "repetition_penalty is {}",
              settings.repetition_penalty);
  settings.vocabulary_mask = int32_input(context, inputs.vocabulary_mask, "vocab_mask");
  settings.prefix_mask = int32_input(context, inputs.prefix_mask, "prefix_vocab_mask");
  const std::vector<int32_t> mask = int32_input(context, inputs.attention_mask, "attention_mask");
  check_input(mask.empty() || mask.size() == tokens.size(),
              "attention_mask has {} elements for {} tokens", mask.size(), tokens.size());
  const auto length = static_cast<size_t>(shape[1]);
  for (size_t at = 0; at < tokens.size(); at += length) {
    settings.prompt.emplace_back(tokens.begin() + static_cast<int64_t>(at),
                                 tokens.begin() + static_cast<int64_t>(at + length));
    auto& row = settings.prompt_mask.emplace_back();
    for (size_t i = at; i < at + length; ++i) {
      row.push_back(mask.empty() ? tokens[i] != settings.padding : mask[i]);
    }
  }
}

void adjust_scores(const SearchSettings& settings, const std::vector<int32_t>& sequence,
                   int64_t batch, bool first, std::vector<float>& scores) {
  if (settings.repetition_penalty != 1) {
    penalize_repetition(settings.repetition_penalty, sequence, scores);
  }
  if (settings.no_repeat > 0) forbid_repeated(settings.no_repeat, sequence, scores);
  const size_t count = scores.size();
  if (!settings.vocabulary_mask.empty()) {
    check_input(settings.vocabulary_mask.size() == count, "vocab_mask has {} elements, not {}",
                settings.vocabulary_mask.size(), count);
    apply_mask(settings.vocabulary_mask.data(), scores);
  }
  if (first && !settings.prefix_mask.empty()) {
    check_input(settings.prefix_mask.size() == static_cast<size_t>(settings.batch) * count,
                "prefix_vocab_mask has {} elements, not {} x {}", settings.prefix_mask.size(),
                settings.batch, count);
    apply_mask(settings.prefix_mask.data() + static_cast<size_t>(batch) * count, scores);
  }
  const bool too_short = static_cast<int64_t>(sequence.size()) < settings.min_length;
  if (too_short && settings.end >= 0 && static_cast<size_t>(settings.end) < count) {
    scores[static_cast<size_t>(settings.end)] = kNever;
  }
}

}  // namespace convoy
