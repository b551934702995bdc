// What random graphs are written with: a model, its inputs' numbers, and parameters of branches.
#pragma once

#include <functional>
#include <string>
#include <vector>

#include "runtime/graph/builder.h"
#include "runtime/session/session.h"
#include "tests/fuzz/dice.h"

namespace convoy::testing {

struct SizedValue {
  ValueId value = ValueId::kNone;
  Shape shape;  // with the sizes that are fed
};

// How the branches come by a parameter.
enum class Sharing {
  kEach,    // a constant for each
  kOne,     // one constant for all
  kEqual,   // a constant for each, with equal elements
  kInputs,  // an input of the graph for each
};

// The parameter of a branch.
using Parameter = std::function<ValueId(int branch)>;

class GraphWriter {
 public:
  GraphWriter(uint64_t seed, int opset);

  Dice& dice() { return dice_; }
  int opset() const { return builder_.opset(); }
  GraphBuilder& build() { return builder_; }
  Model& model() { return model_; }
  const Feeds& feeds() const { return feeds_; }

  // Dimensions named in `symbols` ("" for known ones) are left open in the graph.
  SizedValue input(const Shape& shape, const std::vector<std::string>& symbols = {});
  ValueId node(std::string_view type, std::vector<ValueId> inputs, Attributes attributes = {});
  ValueId constant(Tensor tensor) { return builder_.constant(std::move(tensor), "c"); }
  ValueId ints(const std::vector<int64_t>& values) { return builder_.int64s(values, "i"); }
  void output(ValueId value);
  // False once a dimension is not known to the graph: sizes may then not be written into it.
  bool is_static() const { return static_; }

  // Random elements in [low, high).
  Parameter parameter(const Shape& shape, Sharing sharing, float low = -1, float high = 1);
  Sharing random_sharing();

 private:
  Dice dice_;
  Model model_;
  GraphBuilder builder_;
  Feeds feeds_;
  bool static_ = true;
};

}  // namespace convoy::testing
