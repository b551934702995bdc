#include "tests/hostile/mutator.h"

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>

#include <onnx/defs/schema.h>

#include "runtime/onnx/schema.h"
#include "tests/hostile/hostile_values.h"

namespace convoy::testing {
namespace {

std::string bytes_of(const std::filesystem::path& path) {
  std::ifstream file(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(file), {}};
}

void change_attribute(onnx::AttributeProto& attribute, Dice& dice) {
  switch (attribute.type()) {
    case onnx::AttributeProto::INT: attribute.set_i(hostile_integer(dice)); break;
    case onnx::AttributeProto::INTS: change_integers(*attribute.mutable_ints(), dice); break;
    case onnx::AttributeProto::FLOAT: attribute.set_f(hostile_float(dice)); break;
    case onnx::AttributeProto::FLOATS:
      if (attribute.floats_size() > 0 && dice.chance(60)) {
        attribute.set_floats(static_cast<int>(dice.below(attribute.floats_size())),
                             hostile_float(dice));
      } else if (dice.chance(50)) {
        attribute.add_floats(hostile_float(dice));
      } else {
        attribute.clear_floats();
      }
      break;
    case onnx::AttributeProto::STRING: attribute.set_s(hostile_text(dice)); break;
    case onnx::AttributeProto::STRINGS:
      if (dice.chance(50)) {
        attribute.add_strings(hostile_text(dice));
      } else if (attribute.strings_size() > 0) {
        attribute.mutable_strings()->RemoveLast();
      }
      break;
    case onnx::AttributeProto::TENSOR: change_tensor(*attribute.mutable_t(), dice); break;
    default: break;
  }
}

// An attribute that the operator has and the node does not set.
void add_attribute(onnx::NodeProto& node, int version, Dice& dice) {
  const onnx::OpSchema* schema = find_schema(node.domain(), node.op_type(), version);
  if (schema == nullptr || schema->attributes().empty()) return;
  auto chosen = schema->attributes().begin();
  std::advance(chosen, dice.below(static_cast<int64_t>(schema->attributes().size())));
  for (const auto& known : node.attribute()) {
    if (known.name() == chosen->first) return;
  }
  onnx::AttributeProto attribute;
  attribute.set_name(chosen->first);
  attribute.set_type(static_cast<onnx::AttributeProto::AttributeType>(chosen->second.type));
  if (attribute.type() == onnx::AttributeProto::INTS) {
    for (int64_t n = dice.below(5); n > 0; --n) attribute.add_ints(hostile_integer(dice));
  }
  change_attribute(attribute, dice);
  *node.add_attribute() = attribute;
}

void collect(onnx::GraphProto& graph, std::vector<onnx::NodeProto*>& nodes) {
  for (auto& node : *graph.mutable_node()) {
    nodes.push_back(&node);
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) collect(*attribute.mutable_g(), nodes);
    }
  }
}

void change_node(HostileCase& hostile, Dice& dice) {
  std::vector<onnx::NodeProto*> nodes;
  collect(*hostile.model.mutable_graph(), nodes);
  for (auto& function : *hostile.model.mutable_functions()) {
    for (auto& node : *function.mutable_node()) nodes.push_back(&node);
  }
  if (nodes.empty()) return;
  onnx::NodeProto& node = *dice.pick(nodes);
  auto version = static_cast<int>(
      hostile.model.opset_import_size() > 0 ? hostile.model.opset_import(0).version() : 1);
  if (node.attribute_size() > 0 && dice.chance(65)) {
    auto at = static_cast<int>(dice.below(node.attribute_size()));
    if (dice.chance(10)) {
      node.mutable_attribute()->DeleteSubrange(at, 1);
    } else {
      change_attribute(*node.mutable_attribute(at), dice);
    }
    return;
  }
  if (dice.chance(60)) return add_attribute(node, version, dice);
  auto& inputs = *node.mutable_input();
  if (inputs.empty()) return;
  auto at = static_cast<int>(dice.below(inputs.size()));
  auto other = static_cast<int>(dice.below(inputs.size()));
  switch (dice.below(5)) {
    case 0: inputs.SwapElements(at, other); break;
    case 1: inputs[at] = inputs[other]; break;
    case 2: inputs[at].clear(); break;
    case 3: inputs.RemoveLast(); break;
    default: node.add_input(inputs[at]);
  }
}

// What the graph says of a value's type: nothing, less, or something else.
void change_declared(onnx::ValueInfoProto& value, Dice& dice) {
  if (!value.type().has_tensor_type()) return;
  auto& type = *value.mutable_type()->mutable_tensor_type();
  if (dice.chance(20)) return type.clear_shape();
  if (dice.chance(10)) return type.set_elem_type(static_cast<int>(dice.between(1, 16)));
  if (type.shape().dim_size() == 0) return;
  auto& dim =
      *type.mutable_shape()->mutable_dim(static_cast<int>(dice.below(type.shape().dim_size())));
  if (dice.chance(50)) {
    dim.set_dim_param("n");
  } else {
    dim.set_dim_value(hostile_integer(dice));
  }
}

void change_graph(HostileCase& hostile, Dice& dice) {
  onnx::GraphProto& graph = *hostile.model.mutable_graph();
  bool inputs = dice.chance(50);
  auto& values = inputs ? *graph.mutable_input() : *graph.mutable_output();
  if (values.empty()) return;
  change_declared(values[static_cast<int>(dice.below(values.size()))], dice);
}

void make_initializers(HostileCase& hostile, Dice& dice) {
  onnx::GraphProto& graph = *hostile.model.mutable_graph();
  int64_t percent = dice.pick<int64_t>({0, 30, 60, 100});
  for (size_t i = hostile.inputs.size(); i-- > 0;) {
    if (dice.below(100) >= percent) continue;
    onnx::TensorProto& tensor = *graph.add_initializer();
    tensor = hostile.inputs[i];
    tensor.set_name(graph.input(static_cast<int>(i)).name());
    graph.mutable_input()->DeleteSubrange(static_cast<int>(i), 1);
    hostile.inputs.erase(hostile.inputs.begin() + static_cast<int64_t>(i));
  }
}

// Declared sizes that follow the tensors, so that what is fed is accepted.
void declare_sizes_of_inputs(HostileCase& hostile) {
  for (size_t i = 0; i < hostile.inputs.size(); ++i) {
    auto& type = *hostile.model.mutable_graph()->mutable_input(static_cast<int>(i))->mutable_type();
    auto& shape = *type.mutable_tensor_type()->mutable_shape();
    shape.Clear();
    for (int64_t dim : hostile.inputs[i].dims()) shape.add_dim()->set_dim_value(dim);
  }
}

}  // namespace

std::vector<HostileCase> read_hostile_cases(const std::string& folder) {
  std::vector<std::filesystem::path> paths;
  for (const auto& entry : std::filesystem::directory_iterator(folder)) {
    if (std::filesystem::exists(entry.path() / "model.onnx")) paths.push_back(entry.path());
  }
  std::sort(paths.begin(), paths.end());
  std::vector<HostileCase> cases;
  for (const auto& path : paths) {
    HostileCase one;
    one.name = path.filename().string();
    bool whole = one.model.ParseFromString(bytes_of(path / "model.onnx"));
    const auto& inputs = one.model.graph().input();
    for (int i = 0; whole && i < inputs.size(); ++i) {
      whole = inputs[i].type().has_tensor_type() &&
              one.inputs.emplace_back().ParseFromString(
                  bytes_of(path / ("input_" + std::to_string(i) + ".pb")));
    }
    if (whole) cases.push_back(std::move(one));
  }
  return cases;
}

HostileCase mutated(const HostileCase& original, Dice& dice) {
  HostileCase hostile = original;
  bool resized = false;
  for (int64_t changes = dice.between(1, 4); changes > 0; --changes) {
    int64_t kind = dice.below(100);
    if (kind < 55) {
      change_node(hostile, dice);
    } else if (kind < 85 && !hostile.inputs.empty()) {
      change_tensor(
          hostile
              .inputs[static_cast<size_t>(dice.below(static_cast<int64_t>(hostile.inputs.size())))],
          dice);
      resized = true;
    } else if (kind < 93) {
      change_graph(hostile, dice);
    } else if (hostile.model.opset_import_size() > 0) {
      hostile.model.mutable_opset_import(0)->set_version(dice.between(6, 28));
    }
  }
  if (resized && dice.chance(80)) declare_sizes_of_inputs(hostile);
  make_initializers(hostile, dice);
  return hostile;
}

}  // namespace convoy::testing
