// What commands feed to a model: files, test data, or random numbers.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include <CLI/CLI.hpp>

#include "runtime/session/session.h"

namespace convoy::cli {

struct FeedOptions {
  std::vector<std::string> inputs;  // NAME=FILE.npy|.pb, also for initializers that are inputs
  std::vector<std::string> shapes;  // NAME=1x3x224x224
  std::string data;                 // folder with input_K.pb
};

void add_feed_options(CLI::App& command, FeedOptions& options);

// Files where given; random numbers (the same in every call) for the rest, whose sizes come from
// --shape or the model; defaults stay where no file or shape is given for them. Throws
// kInvalidInput naming the inputs whose sizes nobody knows.
Feeds make_feeds(const Session& session, const FeedOptions& options);
// The same where open sizes are to be those of `inputs`, which are session.inputs() otherwise, with
// other numbers for every `seed`.
Feeds make_feeds(const Session& session, const std::vector<ValueDescription>& inputs,
                 const FeedOptions& options, uint64_t seed);

// input_0.pb, input_1.pb … of a folder, in the order of the model's inputs: of those without a
// default, or of all where there are more files. Throws kInvalidInput for more files than inputs.
Feeds read_data_set(const Session& session, const std::string& folder);

// Numbers in [-1, 1) (floats), {0, 1} (integers, bool) or short words (strings), from `seed`.
Tensor random_tensor(DType dtype, const Shape& shape, uint64_t seed);
// A tensor of known sizes; a sequence of two such, an optional that holds one; nullopt for others.
std::optional<Value> random_value(const ValueType& type, uint64_t seed);

}  // namespace convoy::cli
