// The values of a random graph that later operators may read.
#pragma once

#include "tests/fuzz/graph_writer.h"

namespace convoy::testing {

class ValuePool {
 public:
  explicit ValuePool(GraphWriter& writer) : writer_(writer) {}

  GraphWriter& writer() { return writer_; }
  Dice& dice() { return writer_.dice(); }
  void add(const SizedValue& value) { values_.push_back(value); }
  const std::vector<SizedValue>& values() const { return values_; }
  const std::string& text() const { return text_; }

  // A value that fits, with more chance for the newest; nullopt if none does.
  std::optional<SizedValue> pick(const std::function<bool(const Shape&)>& fits);

  // Adds a node, infers the shapes of its outputs and keeps them. Throws Error where the node does
  // not fit its operands. Gives the first output.
  SizedValue apply(std::string_view type, const std::vector<SizedValue>& inputs,
                   Attributes attributes = {}, size_t outputs = 1);

  // A constant with random elements in [low, high).
  SizedValue constant(const Shape& shape, float low = -1, float high = 1);
  SizedValue ints(const std::vector<int64_t>& values);

 private:
  GraphWriter& writer_;
  std::vector<SizedValue> values_;
  std::string text_;
};

// Adds one operator, or a few that belong together; false where no value fits.
using GraphStep = bool (*)(ValuePool&);
const std::vector<GraphStep>& window_steps();
const std::vector<GraphStep>& general_steps();

}  // namespace convoy::testing
