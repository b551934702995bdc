// One node as ONNX's inference and data propagation see it, with types that may be symbolic.
#pragma once

#include <deque>
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <unordered_map>
#include <vector>

#include <onnx/defs/schema.h>

#include "runtime/graph/graph.h"
#include "runtime/onnx/protobuf.h"

namespace convoy {

// A graph whose types are being inferred, and what is known of the values in it.
struct InferenceScope {
  Graph& graph;
  InferenceScope* parent = nullptr;      // the graph around a body
  const Attributes* bindings = nullptr;  // in a function body: the attributes of the call
  // Elements of small integer vectors, as far as they are known.
  std::unordered_map<ValueId, onnx::TensorShapeProto> elements = {};
  // How many more may be kept, in this graph and those around it; nullptr: any number.
  int64_t* elements_left = nullptr;

  // The tensor of a value that is constant, here or around; nullptr otherwise.
  const Tensor* constant(ValueId id) const;
};

// Infers a body with these input types, and returns its output types.
using BodyInference =
    std::function<void(Graph& body, const std::vector<const onnx::TypeProto*>& input_types)>;

class SymbolicContext final : public onnx::InferenceContext, public onnx::DataPropagationContext {
 public:
  SymbolicContext(InferenceScope& scope, const Node& node, const onnx::OpSchema& schema,
                  BodyInference infer_body);

  const onnx::AttributeProto* getAttribute(const std::string& name) const override;
  size_t getNumInputs() const override { return input_types_.size(); }
  const onnx::TypeProto* getInputType(size_t i) const override;
  bool hasInput(size_t i) const override;
  const onnx::TensorProto* getInputData(size_t i) const override;
  size_t getNumOutputs() const override { return output_types_.size(); }
  onnx::TypeProto* getOutputType(size_t j) override;
  const onnx::TypeProto* getOutputType(size_t j) const override;
  bool hasOutput(size_t j) override;
  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string& name) override;
  const onnx::SparseTensorProto* getInputSparseData(size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(size_t i) const override;
  std::string getDisplayName() const override { return node_.name; }

  // Vectors of more than kMostCarried elements are not looked into.
  const onnx::TensorShapeProto* getInputData(size_t i) override;
  void addOutputData(size_t j, onnx::TensorShapeProto&& elements) override;

 private:
  ValueId input_id(size_t i) const { return node_.input(static_cast<int>(i)); }
  const onnx::TensorProto* known_elements(size_t i) const;
  const AttributeValue* find_attribute(const std::string& name) const;
  // False where no more may be kept.
  bool keep_elements(ValueId id, onnx::TensorShapeProto&& elements);

  InferenceScope& scope_;
  const Node& node_;
  const onnx::OpSchema& schema_;
  BodyInference infer_body_;
  std::vector<onnx::TypeProto> input_types_;
  std::vector<onnx::TypeProto> output_types_;
  std::deque<std::unique_ptr<onnx::GraphInferencer>> bodies_;
  mutable std::unordered_map<std::string, onnx::AttributeProto> attributes_;
  mutable std::unordered_map<size_t, onnx::TensorProto> data_;
};

}  // namespace convoy
