// WordConvEmbedding of com.microsoft, opset 1: words [..., characters] become [words, filters]: the
// characters' vectors, a convolution W [filters, 1, window, size] along them, tanh, and the largest
// value over the windows of the word. 0 is no character: a word that begins with it is all zeros.
#include <algorithm>
#include <cmath>
#include <vector>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Embedding {
  int64_t words = 0, characters = 0;
  int64_t filters = 0, window = 0, size = 0, alphabet = 0;
};

Embedding read(const Node& node, const GivenTypes& inputs) {
  const Shape& words = inputs[0].shape;
  const Shape& w = inputs[1].shape;
  const Shape& table = inputs[3].shape;
  check_input(words.rank() == 2 && w.rank() == 4 && w[1] == 1 && table.rank() == 2 &&
                  table[1] == w[3] && inputs[2].shape == Shape{w[0]},
              "words of shape {}, weights of {}, bias of {} and vectors of {} do not fit",
              to_string(words), to_string(w), to_string(inputs[2].shape), to_string(table));
  Embedding embedding{words[0], words[1], w[0], w[2], w[3], table[0]};
  AttributeReader attributes(node);
  for (auto [name, value] : {std::pair{"embedding_size", embedding.filters},
                             std::pair{"conv_window_size", embedding.window},
                             std::pair{"char_embedding_size", embedding.size}}) {
    const int64_t given = attributes.integer(name, -1);
    check_model(given == -1 || given == value, "{} is {}, not {}", name, given, value);
  }
  attributes.finish();
  check_input(embedding.window > 0 && embedding.window <= embedding.characters,
              "a window of {} for words of {}", embedding.window, embedding.characters);
  return embedding;
}

void embed(const Embedding& shape, KernelContext& context, int64_t word, float* row,
           std::vector<float>& vectors) {
  const auto* letters = context.input(0).as<int32_t>() + word * shape.characters;
  std::fill_n(row, shape.filters, 0.0f);
  if (letters[0] == 0) return;
  int64_t length = 0;
  for (int64_t i = 0; i < shape.characters; ++i) {
    check_input(letters[i] >= 0 && letters[i] < shape.alphabet, "character {} of {}", letters[i],
                shape.alphabet);
    length += letters[i] > 0 ? 1 : 0;
    std::copy_n(context.input(3).as<float>() + letters[i] * shape.size, shape.size,
                vectors.data() + i * shape.size);
  }
  const int64_t windows = std::max<int64_t>(1, length - shape.window + 1);
  const int64_t terms = shape.window * shape.size;
  for (int64_t f = 0; f < shape.filters; ++f) {
    const float* w = context.input(1).as<float>() + f * terms;
    float largest = -1;
    for (int64_t at = 0; at < windows; ++at) {
      float sum = context.input(2).as<float>()[f];
      for (int64_t i = 0; i < terms; ++i) {
        sum += w[i] * vectors[static_cast<size_t>(at * shape.size + i)];
      }
      largest = std::max(largest, std::tanh(sum));
    }
    row[f] = largest;
  }
}

std::unique_ptr<Kernel> make_word_conv_embedding(KernelRequest& request) {
  const Embedding embedding = read(request.node(), request.inputs);
  check_supported(
      request.input(0).dtype == DType::kInt32 && request.input(1).dtype == DType::kFloat32,
      "words of {} and weights of {}", to_string(request.input(0).dtype),
      to_string(request.input(1).dtype));
  request.check_output(0, {embedding.words, embedding.filters});
  return make_kernel([embedding](KernelContext& context) {
    context.threads().parallel_for(embedding.words, 16, [&](int64_t begin, int64_t end) {
      std::vector<float> vectors(static_cast<size_t>(embedding.characters * embedding.size));
      for (int64_t word = begin; word < end; ++word) {
        embed(embedding, context, word, context.output(0).as<float>() + word * embedding.filters,
              vectors);
      }
    });
  });
}

}  // namespace

void register_word_conv_embedding(Registry& registry) {
  OpDef& definition = registry.add("WordConvEmbedding", "com.microsoft");
  definition.infer = [](InferRequest& request) {
    const Embedding embedding = read(request.node, request.inputs);
    request.set_output(0, request.inputs[1].dtype, {embedding.words, embedding.filters});
  };
  definition.kernel("reference", make_word_conv_embedding);
}

}  // namespace convoy
