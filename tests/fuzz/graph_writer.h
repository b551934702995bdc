// What random graphs are written with: a model, its inputs' numbers, and parameters of branches.
#pragma once

#include <functional>
#include <memory>
#include <optional>
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
  // Of the graph, or of the body that was begun.
  GraphBuilder& build() { return body_builder_ ? *body_builder_ : builder_; }
  Model& model() { return model_; }
  const Feeds& feeds() const { return feeds_; }

  // float32 unless set: what inputs are cast to, and constants are made of.
  DType dtype() const { return dtype_; }
  void set_dtype(DType dtype) { dtype_ = dtype; }

  // What is written from here to end_body() goes into a body of the graph.
  void begin_body();
  // A value of the enclosing graph, in the body.
  SizedValue captured(const SizedValue& outer);
  std::shared_ptr<Graph> end_body();
  // An input of one truth value; in the enclosing graph.
  ValueId flag(bool value);

  // Dimensions named in `symbols` ("" for known ones) are left open in the graph.
  SizedValue input(const Shape& shape, const std::vector<std::string>& symbols = {}, float low = -1,
                   float high = 1);
  ValueId node(std::string_view type, std::vector<ValueId> inputs, Attributes attributes = {});
  // All outputs of a node.
  std::vector<ValueId> nodes(std::string_view type, std::vector<ValueId> inputs,
                             Attributes attributes, size_t outputs);
  ValueId constant(Tensor tensor);
  // The same numbers, now and then as the result of nodes on constants.
  ValueId computed_constant(const Tensor& tensor);
  ValueId ints(const std::vector<int64_t>& values) { return build().int64s(values, "i"); }
  void output(ValueId value);
  // False once a dimension is not known to the graph: sizes may then not be written into it.
  bool is_static() const { return static_; }
  // Attributes that say the default are written or left out by chance.
  void vary_attributes() { varies_ = true; }
  // Parameters are results of nodes now and then.
  void compute_parameters() { computes_ = true; }

  // Random elements in [low, high).
  Parameter parameter(const Shape& shape, Sharing sharing, float low = -1, float high = 1);
  Sharing random_sharing();

 private:
  void write_defaults(std::string_view type, Attributes& attributes);

  Dice dice_;
  Model model_;
  GraphBuilder builder_;
  std::shared_ptr<Graph> body_;
  std::optional<GraphBuilder> body_builder_;
  DType dtype_ = DType::kFloat32;
  Feeds feeds_;
  bool static_ = true;
  bool varies_ = false;
  bool computes_ = false;
};

}  // namespace convoy::testing
