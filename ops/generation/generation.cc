// GreedySearch and BeamSearch of com.microsoft, opset 1: sequences of tokens grown by a decoder
// (model_type 0: as of GPT-2) that is a body of the node.
#include "ops/generation/generation.h"

#include <algorithm>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Decoders {
  std::shared_ptr<Graph> first;  // null: the later one
  std::shared_ptr<Graph> later;

  explicit Decoders(AttributeReader& attributes)
      : first(attributes.graph("init_decoder")), later(attributes.graph("decoder")) {
    check_model(later != nullptr, "the decoder is missing");
  }
  GptDecoder make(KernelContext& context) const {
    BodyRunner& body = context.body("decoder");
    if (first == nullptr) return {body, *later, body, *later, context.threads()};
    return {context.body("init_decoder"), *first, body, *later, context.threads()};
  }
};

// Rows of one length, which what is missing is padded to.
Tensor padded(const Sequences& rows, const Shape& shape, int32_t padding) {
  Tensor tensor = Tensor::allocate(DType::kInt32, shape);
  int32_t* to = tensor.mutable_data<int32_t>();
  const int64_t length = shape.back();
  std::fill_n(to, tensor.count(), padding);
  for (const auto& row : rows) {
    std::copy(row.begin(), row.end(), to);
    to += length;
  }
  return tensor;
}

std::unique_ptr<Kernel> make_greedy_search(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const Decoders decoders(attributes);
  const SearchSettings fixed = read_search_attributes(attributes);
  attributes.finish();
  return make_kernel([decoders, fixed](KernelContext& context) {
    SearchSettings settings = fixed;
    read_search_inputs(context, {3, 4, 5, 6}, settings);
    GptDecoder decoder = decoders.make(context);
    const Sequences found = greedy_search(settings, decoder);
    context.set_output(0, padded(found, {settings.batch, settings.max_length}, settings.padding));
  });
}

BeamSettings read_beams(KernelContext& context, bool stops_early) {
  BeamSettings beams;
  beams.beams = integer_input(context, 3, "num_beams", 1);
  beams.results = integer_input(context, 4, "num_return_sequences", 1);
  beams.length_penalty = number_input(context, 5, "length_penalty", 1);
  beams.stops_early = stops_early;
  beams.keeps_steps = context.wants_output(2);
  constexpr int64_t kMost = 128;  // as in ONNX Runtime
  check_input(beams.beams >= 1 && beams.beams <= kMost, "num_beams is {}", beams.beams);
  check_input(beams.results >= 1 && beams.results <= beams.beams,
              "{} sequences of {} beams are wanted", beams.results, beams.beams);
  return beams;
}

// [steps, batch, beams, vocabulary], zeros for steps that did not run.
Tensor scores_of_steps(const std::vector<std::vector<float>>& steps, const SearchSettings& settings,
                       int64_t beams) {
  const auto vocabulary = static_cast<int64_t>(steps.empty() ? 0 : steps[0].size());
  const int64_t count =
      settings.max_length -
      static_cast<int64_t>(settings.prompt.empty() ? 0 : settings.prompt[0].size());
  Tensor tensor = Tensor::allocate(DType::kFloat32, {count, settings.batch, beams, vocabulary});
  float* to = tensor.mutable_data<float>();
  std::fill_n(to, tensor.count(), 0.0f);
  for (const auto& row : steps) to = std::copy(row.begin(), row.end(), to);
  return tensor;
}

std::unique_ptr<Kernel> make_beam_search(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const Decoders decoders(attributes);
  const SearchSettings fixed = read_search_attributes(attributes);
  const bool stops_early = attributes.integer("early_stopping", 0) != 0;
  attributes.finish();
  check_supported(!request.node().has_input(10) && !request.node().has_input(11),
                  "decoder_input_ids and logits_processor");
  return make_kernel([decoders, fixed, stops_early](KernelContext& context) {
    SearchSettings settings = fixed;
    read_search_inputs(context, {6, 7, 8, 9}, settings);
    const BeamSettings beams = read_beams(context, stops_early);
    GptDecoder decoder = decoders.make(context);
    const BeamResults found = beam_search(settings, beams, decoder);
    context.set_output(0,
                       padded(found.sequences, {settings.batch, beams.results, settings.max_length},
                              settings.padding));
    if (context.wants_output(1)) {
      Tensor scores = Tensor::allocate(DType::kFloat32, {settings.batch, beams.results});
      std::copy(found.scores.begin(), found.scores.end(), scores.mutable_data<float>());
      context.set_output(1, std::move(scores));
    }
    if (context.wants_output(2)) {
      context.set_output(2, scores_of_steps(found.steps, settings, beams.beams));
    }
  });
}

}  // namespace

void register_generation(Registry& registry) {
  registry.add("GreedySearch", "com.microsoft").kernel("bodies", make_greedy_search).dynamic = true;
  registry.add("BeamSearch", "com.microsoft").kernel("bodies", make_beam_search).dynamic = true;
}

}  // namespace convoy
