// What commands feed to a model: files, test data, or random numbers.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "runtime/session/session.h"

namespace convoy::cli {

struct FeedOptions {
  std::vector<std::string> inputs;  // NAME=FILE.npy|.pb
  std::vector<std::string> shapes;  // NAME=1x3x224x224
  std::string data;                 // folder with input_K.pb
};

void add_feed_options(CLI::App& command, FeedOptions& options);

// Files where given; random numbers (the same in every call) for the rest, whose sizes come from
// --shape or the model. Throws kInvalidInput naming the inputs whose sizes nobody knows.
Feeds make_feeds(const std::vector<ValueDescription>& inputs, const FeedOptions& options);

// Numbers in [-1, 1) (floats) or {0, 1} (integers, bool), from `seed`.
Tensor random_tensor(DType dtype, const Shape& shape, uint64_t seed);

}  // namespace convoy::cli
