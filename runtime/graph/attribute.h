// Attributes of a node: a variant of our own, converted from and to protobuf in runtime/onnx only.
#pragma once

#include <cstdint>
#include <map>
#include <memory>
#include <string>
#include <variant>
#include <vector>

#include "runtime/graph/value_type.h"
#include "runtime/tensor/tensor.h"

namespace convoy {

class Graph;

// Inside a function body: stands for the attribute of that name of the calling node.
struct AttributeReference {
  std::string name;
  int32_t type = 0;  // onnx::AttributeProto::AttributeType of what it stands for
};

// Graphs belong to the node that holds the attribute; Graph::clone copies them deeply.
using AttributeValue =
    std::variant<int64_t, float, std::string, Tensor, std::shared_ptr<Graph>, ValueType,
                 std::vector<int64_t>, std::vector<float>, std::vector<std::string>,
                 std::vector<Tensor>, std::vector<std::shared_ptr<Graph>>, std::vector<ValueType>,
                 AttributeReference>;

// Ordered by name, so that equal nodes print and compare equal.
using Attributes = std::map<std::string, AttributeValue, std::less<>>;

// Deep equality; graphs are equal only if they are the same object.
bool equal(const AttributeValue& a, const AttributeValue& b);
bool equal(const Attributes& a, const Attributes& b);

// "3", "[1,2]", "float32[2,2]", "graph"
std::string to_string(const AttributeValue& value);

}  // namespace convoy
