// Small graphs for tests of rewrites: written in a few lines, run node by node, compared before and
// after.
#pragma once

#include <map>
#include <string>
#include <vector>

#include <gtest/gtest.h>

#include "runtime/graph/builder.h"
#include "runtime/rewrite/optimize.h"

namespace convoy::testing {

using Feeds = std::map<std::string, Tensor>;

// Dimensions of an input: a number, or a name for one that is not known.
struct Dim : Dimension {
  Dim(int64_t number) : Dimension{number, ""} {}      // NOLINT: implicit by design
  Dim(const char* symbol) : Dimension{-1, symbol} {}  // NOLINT: implicit by design
};

class GraphCase {
 public:
  explicit GraphCase(int opset = 17);

  Graph& graph() { return model_.graph; }
  GraphBuilder& build() { return builder_; }
  Model& model() { return model_; }

  ValueId input(const std::string& name, std::vector<Dim> dims, DType dtype = DType::kFloat32);
  // A float32 constant of reproducible values in [-1, 1).
  ValueId weight(const Shape& shape, const std::string& name = "w");
  // … in [0.5, 1.5).
  ValueId positive(const Shape& shape);
  ValueId floats(const Shape& shape, std::vector<float> values);
  ValueId ints(std::vector<int64_t> values);
  ValueId index(int64_t value);
  ValueId node(std::string_view type, std::vector<ValueId> inputs, Attributes attributes = {});
  void output(ValueId value, const std::string& name = "y");

  // Infers types; to be called once the graph is complete.
  void finish();

  RewriteReport optimize(const RewriteOptions& options = {});
  // Optimizes with one rewrite only.
  RewriteReport only(const std::vector<std::string>& rewrites);

  int count(const std::string& op_type);

 private:
  Model model_;
  GraphBuilder builder_;
};

// A float32 tensor of reproducible values in [-1, 1).
Tensor random_floats(const Shape& shape, uint32_t seed);

// All outputs, each node run by its reference or fastest kernel.
std::vector<Tensor> evaluate_graph(const Graph& graph, const Feeds& feeds);

// "Equal within r": max|a − b| ≤ r · max|b|, equal shapes and dtypes.
void expect_close(const std::vector<Tensor>& a, const std::vector<Tensor>& b, double r = 1e-5);

}  // namespace convoy::testing
