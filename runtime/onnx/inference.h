// ONNX's own schemas, type and shape inference and function bodies, asked from Convoy's graph.
#pragma once

#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/device/tensor_view.h"
#include "runtime/graph/graph.h"

namespace convoy {

// Output types of one node from concrete input types (kUndefined: left out) and the inputs' values
// where known (nullptr otherwise), by ONNX's inference function for the node's own version. One
// entry an output; kUndefined where the type or a dimension stays unknown, or the output is no
// tensor. Throws kInvalidModel with ONNX's reason when the types do not fit the operator.
std::vector<TensorDesc> infer_output_types(const Node& node, const std::vector<TensorDesc>& inputs,
                                           const std::vector<const Tensor*>& constants);

// Output types of a node that ONNX has no schema for, from the types of its inputs (kUnknown where
// left out or not known); empty where nothing is known.
using TypeRule =
    std::function<std::vector<ValueType>(const Node& node, const std::vector<ValueType>& inputs)>;

// Fills the types of all values of a model's graph (and of bodies) that lack one, symbolic
// dimensions included. What is known stays; a contradiction is a warning and leaves it open.
void infer_model_types(Model& model, const TypeRule& rule = {});

// Does ONNX know the operator at this version?
bool has_schema(const std::string& domain, const std::string& name, int version);

// Sets attributes that were left out to the schema's defaults.
void fill_default_attributes(Node& node);

// The body that defines the operator, if ONNX has one for the node at its version
// (context-dependent bodies included); input and output order is the operator's. Types are needed
// by some bodies.
std::optional<Graph> function_body(const Node& node, const std::vector<ValueType>& input_types);

// The body of a function written in ONNX's text syntax, for a node that calls it. Attributes of the
// node replace the defaults that the function declares. Throws kInvalidModel with the node's name.
Graph function_body_from_text(const std::string& text, const Node& node,
                              const std::vector<ValueType>& input_types);

// The newest opset of ONNX's own domain that this build knows.
int latest_opset();

}  // namespace convoy
