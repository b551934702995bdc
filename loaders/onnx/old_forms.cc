#include "loaders/onnx/old_forms.h"

#include <algorithm>
#include <cctype>
#include <cmath>
#include <set>

#include "runtime/base/log.h"
#include "runtime/onnx/graph_reader.h"
#include "runtime/onnx/schema.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

using Opsets = std::map<std::string, int>;

// Attributes whose default, when they came, was not what the operator had done until then.
struct FormerMeaning {
  const char* op_type;
  const char* attribute;
  int last_version;
  const char* value;
};
constexpr FormerMeaning kFormerMeanings[] = {
    {"Resize", "coordinate_transformation_mode", 10, "asymmetric"},
    {"Resize", "nearest_mode", 10, "floor"},
    {"RoiAlign", "coordinate_transformation_mode", 15, "output_half_pixel"},
};

onnx::AttributeProto* find_attribute(onnx::NodeProto& node, const std::string& name) {
  auto found = std::ranges::find(*node.mutable_attribute(), name,
                                 [](const auto& attribute) { return attribute.name(); });
  return found == node.mutable_attribute()->end() ? nullptr : &*found;
}

void remove_attribute(onnx::NodeProto& node, const std::string& name) {
  auto& attributes = *node.mutable_attribute();
  auto removed = std::remove_if(attributes.begin(), attributes.end(),
                                [&](const auto& item) { return item.name() == name; });
  attributes.erase(removed, attributes.end());
}

void set_integers(onnx::NodeProto& node, const std::string& name,
                  const std::vector<int64_t>& values) {
  remove_attribute(node, name);
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INTS);
  attribute.mutable_ints()->Assign(values.begin(), values.end());
}

void set_integer(onnx::NodeProto& node, const std::string& name, int64_t value) {
  remove_attribute(node, name);
  auto& attribute = *node.add_attribute();
  attribute.set_name(name);
  attribute.set_type(onnx::AttributeProto::INT);
  attribute.set_i(value);
}

std::string label(const onnx::NodeProto& node) {
  return node.name().empty() && node.output_size() > 0 ? node.output(0) : node.name();
}

[[noreturn]] void refuse(const onnx::NodeProto& node, const std::string& reason,
                         ErrorCode code = ErrorCode::kUnsupported) {
  throw Error(code, reason, {"", label(node), node.op_type(), ""});
}

// --- attributes of later versions ---

bool same_value(const onnx::AttributeProto& a, const onnx::AttributeProto& b) {
  if (a.has_ref_attr_name() || a.has_t() || a.has_g()) return false;
  return a.i() == b.i() && a.f() == b.f() && a.s() == b.s() &&
         std::ranges::equal(a.ints(), b.ints()) && std::ranges::equal(a.floats(), b.floats()) &&
         std::ranges::equal(a.strings(), b.strings());
}

// Whether the operator, as it is at `version`, does what the attribute asks a later one to do.
bool changes_nothing(const onnx::NodeProto& node, const onnx::AttributeProto& attribute,
                     const std::string& domain, int version) {
  for (const FormerMeaning& former : kFormerMeanings) {
    if (node.op_type() == former.op_type && attribute.name() == former.attribute &&
        version <= former.last_version) {
      return !attribute.has_ref_attr_name() && attribute.s() == former.value;
    }
  }
  for (int later = version + 1; later <= newest_version(domain); ++later) {
    const onnx::OpSchema* schema = find_schema(domain, node.op_type(), later);
    if (schema == nullptr) return false;
    auto known = schema->attributes().find(attribute.name());
    if (known == schema->attributes().end()) continue;
    const onnx::AttributeProto& otherwise = known->second.default_value;
    return otherwise.has_name() && same_value(attribute, otherwise);
  }
  return false;
}

void drop_later_attributes(onnx::NodeProto& node, const Opsets& opsets) {
  const std::string& domain = canonical_domain(node.domain());
  auto version = opsets.find(domain);
  if (version == opsets.end()) return;
  const onnx::OpSchema* schema = find_schema(domain, node.op_type(), version->second);
  if (schema == nullptr) return;
  std::set<std::string> dropped;
  for (const auto& attribute : node.attribute()) {
    if (schema->attributes().contains(attribute.name())) continue;
    if (changes_nothing(node, attribute, domain, version->second)) dropped.insert(attribute.name());
  }
  for (const std::string& name : dropped) remove_attribute(node, name);
}

// --- opset 1 to 5 ---

// Names of the graphs around a node, innermost first.
struct Scope {
  const onnx::GraphProto* graph = nullptr;  // nullptr for a function
  const Scope* parent = nullptr;
};

class OldNodes {
 public:
  OldNodes(int version, TensorStore& store) : version_(version), store_(store) {}

  // The form that the node has in opset 6; nodes that must come before it go to `before`.
  void rewrite(onnx::NodeProto& node, const Scope& scope,
               std::vector<onnx::NodeProto>& before) const {
    const onnx::OpSchema* old = find_schema("", node.op_type(), version_);
    const onnx::OpSchema* wanted = find_schema("", node.op_type(), kOldestWrittenOpset);
    if (old == nullptr || wanted == nullptr || old == wanted) return;
    keep_defaults(node, *old, *wanted);
    if (!wanted->attributes().contains("consumed_inputs")) {
      remove_attribute(node, "consumed_inputs");
    }
    const std::string& type = node.op_type();
    if (type == "Cast") name_type(node);
    if (type == "Concat" && find_attribute(node, "axis") == nullptr) set_integer(node, "axis", 1);
    if (type == "LpPool" || type == "GlobalLpPool") round_norm(node);
    if (type == "Pad" && version_ < 2) find_or_refuse(node, "paddings")->set_name("pads");
    if (type == "Reshape" && version_ < 5) give_shape_as_input(node, before);
    if (type == "Split" && version_ < 2) give_sizes_as_attribute(node, scope);
    if (type == "Tile") become_concat(node, scope);
  }

 private:
  // Selu's constants have more digits in opset 6. GRU's direction is misspelt in opset 1.
  static void keep_defaults(onnx::NodeProto& node, const onnx::OpSchema& old,
                            const onnx::OpSchema& wanted) {
    for (const auto& [name, attribute] : old.attributes()) {
      const onnx::AttributeProto& value = attribute.default_value;
      if (!value.has_name() || name == "direction" || find_attribute(node, name)) continue;
      auto later = wanted.attributes().find(name);
      bool same = later != wanted.attributes().end() && later->second.default_value.has_name() &&
                  same_value(value, later->second.default_value);
      if (!same) *node.add_attribute() = value;
    }
  }

  static onnx::AttributeProto* find_or_refuse(onnx::NodeProto& node, const std::string& name) {
    onnx::AttributeProto* attribute = find_attribute(node, name);
    if (attribute == nullptr) {
      refuse(node, fmt::format("the attribute '{}' is missing", name), ErrorCode::kInvalidModel);
    }
    return attribute;
  }

  // The number of a type in place of its name.
  static void name_type(onnx::NodeProto& node) {
    std::string name = find_or_refuse(node, "to")->s();
    std::ranges::transform(name, name.begin(), [](unsigned char c) { return std::toupper(c); });
    onnx::TensorProto::DataType type{};
    if (!onnx::TensorProto::DataType_Parse(name, &type)) {
      refuse(node, fmt::format("'{}' is no type to cast to", name), ErrorCode::kInvalidModel);
    }
    set_integer(node, "to", type);
  }

  static void round_norm(onnx::NodeProto& node) {
    const onnx::AttributeProto* attribute = find_attribute(node, "p");
    if (attribute == nullptr || !attribute->has_f()) return;
    float norm = attribute->f();
    if (!(norm >= 1 && norm < 1e6f && norm == std::floor(norm))) {
      refuse(node, fmt::format("a norm of p = {} is not supported", norm));
    }
    set_integer(node, "p", static_cast<int64_t>(norm));
  }

  static void give_shape_as_input(onnx::NodeProto& node, std::vector<onnx::NodeProto>& before) {
    const onnx::AttributeProto& shape = *find_or_refuse(node, "shape");
    onnx::NodeProto constant;
    constant.set_op_type("Constant");
    constant.add_output(node.output(0) + "/shape of opset 1");
    auto& attribute = *constant.add_attribute();
    attribute.set_name("value");
    attribute.set_type(onnx::AttributeProto::TENSOR);
    auto& tensor = *attribute.mutable_t();
    tensor.set_data_type(onnx::TensorProto::INT64);
    tensor.add_dims(shape.ints_size());
    for (int64_t size : shape.ints()) tensor.add_int64_data(size);
    node.add_input(constant.output(0));
    remove_attribute(node, "shape");
    before.push_back(std::move(constant));
  }

  void give_sizes_as_attribute(onnx::NodeProto& node, const Scope& scope) const {
    if (node.input_size() < 2) return;
    std::vector<int64_t> sizes;
    for (double size : constant(node, 1, scope)) sizes.push_back(static_cast<int64_t>(size));
    set_integers(node, "split", sizes);
    node.mutable_input()->RemoveLast();
  }

  // As many copies side by side; Tile repeats along one axis here.
  void become_concat(onnx::NodeProto& node, const Scope& scope) const {
    constexpr double kMostCopies = 65536;
    if (node.input_size() != 3) {
      refuse(node, fmt::format("{} inputs where 3 are expected", node.input_size()),
             ErrorCode::kInvalidModel);
    }
    std::vector<double> copies = constant(node, 1, scope);
    std::vector<double> axis = constant(node, 2, scope);
    if (copies.size() != 1 || axis.size() != 1 || !(copies[0] >= 1 && copies[0] <= kMostCopies)) {
      refuse(node, "the number of copies or the axis is not one number, or not from 1 to 65536");
    }
    node.set_op_type("Concat");
    set_integer(node, "axis", static_cast<int64_t>(axis[0]));
    std::string tiled = node.input(0);
    node.clear_input();
    for (int i = 0; i < static_cast<int>(copies[0]); ++i) node.add_input(tiled);
  }

  // The elements of an input that is constant.
  std::vector<double> constant(const onnx::NodeProto& node, int i, const Scope& scope) const {
    const std::string& name = node.input(i);
    for (const Scope* around = &scope; around != nullptr; around = around->parent) {
      if (around->graph == nullptr) continue;
      for (const auto& item : around->graph->initializer()) {
        if (item.name() == name) return to_doubles(tensor_from_proto(item, &store_));
      }
      for (const auto& item : around->graph->node()) {
        bool given = item.op_type() == "Constant" && item.output_size() == 1 &&
                     item.output(0) == name && item.attribute_size() == 1 &&
                     item.attribute(0).has_t();
        if (given) return to_doubles(tensor_from_proto(item.attribute(0).t(), &store_));
      }
    }
    refuse(node, fmt::format("input '{}' is not constant, as it must be to be read as opset {} "
                             "has it",
                             name, kOldestWrittenOpset));
  }

  int version_;
  TensorStore& store_;
};

// --- every graph ---

class FormReplacer {
 public:
  FormReplacer(const Opsets& opsets, TensorStore& store)
      : opsets_(opsets), old_(version_of(opsets), store) {
    is_old_ = version_of(opsets) < kOldestWrittenOpset;
  }

  void graph(onnx::GraphProto& proto, const Scope* parent) {
    Scope scope{&proto, parent};
    nodes(*proto.mutable_node(), scope);
  }

  void nodes(google::protobuf::RepeatedPtrField<onnx::NodeProto>& all, const Scope& scope) {
    google::protobuf::RepeatedPtrField<onnx::NodeProto> rewritten;
    for (auto& node : all) {
      drop_later_attributes(node, opsets_);
      for (auto& attribute : *node.mutable_attribute()) {
        if (attribute.has_g()) graph(*attribute.mutable_g(), &scope);
        for (auto& body : *attribute.mutable_graphs()) graph(body, &scope);
      }
    }
    if (!is_old_) return;
    std::vector<onnx::NodeProto> changed(all.begin(), all.end());
    for (auto& node : changed) {
      std::vector<onnx::NodeProto> before;
      if (canonical_domain(node.domain()).empty()) old_.rewrite(node, scope, before);
      for (auto& added : before) *rewritten.Add() = std::move(added);
      *rewritten.Add() = std::move(node);
    }
    all.Swap(&rewritten);
  }

 private:
  static int version_of(const Opsets& opsets) {
    auto found = opsets.find("");
    return found == opsets.end() ? kOldestWrittenOpset : found->second;
  }

  const Opsets& opsets_;
  OldNodes old_;
  bool is_old_ = false;
};

template <typename Proto>
void import_oldest_written(Proto& proto, Opsets& opsets) {
  auto version = opsets.find("");
  if (version == opsets.end() || version->second >= kOldestWrittenOpset) return;
  version->second = kOldestWrittenOpset;
  for (auto& item : *proto.mutable_opset_import()) {
    if (canonical_domain(item.domain()).empty()) item.set_version(kOldestWrittenOpset);
  }
}

// --- imports ---

template <typename Visit>
void for_each_node(const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes,
                   const Visit& visit) {
  for (const auto& node : nodes) {
    visit(node);
    for (const auto& attribute : node.attribute()) {
      if (attribute.has_g()) for_each_node(attribute.g().node(), visit);
      for (const auto& body : attribute.graphs()) for_each_node(body.node(), visit);
    }
  }
}

// The newest version of a domain in which the node's operator is known; 0 where it is not.
int known_version(const onnx::ModelProto& model, const onnx::NodeProto& node) {
  const std::string& domain = canonical_domain(node.domain());
  int newest = newest_version(domain);
  if (newest > 0) return newest;
  bool local = std::ranges::any_of(model.functions(), [&](const auto& function) {
    return function.domain() == node.domain() && function.name() == node.op_type();
  });
  bool built_in =
      domain != kPrivateDomain && Registry::standard().find(domain, node.op_type(), 1) != nullptr;
  return local || built_in ? 1 : 0;
}

template <typename Proto>
void import_missing(const onnx::ModelProto& model, Proto& importer,
                    const google::protobuf::RepeatedPtrField<onnx::NodeProto>& nodes,
                    Opsets& opsets) {
  if (opsets.empty()) return;
  for_each_node(nodes, [&](const onnx::NodeProto& node) {
    const std::string& domain = canonical_domain(node.domain());
    if (opsets.contains(domain)) return;
    int version = known_version(model, node);
    if (version == 0) return;
    opsets[domain] = version;
    auto& added = *importer.add_opset_import();
    added.set_domain(domain);
    added.set_version(version);
    warn(
        fmt::format("node '{}' ({}) is of the operator set '{}', which is not imported; version "
                    "{} is taken",
                    label(node), node.op_type(), domain.empty() ? "ai.onnx" : domain, version));
  });
}

}  // namespace

void import_missing_domains(onnx::ModelProto& model, Opsets& opsets) {
  import_missing(model, model, model.graph().node(), opsets);
  for (auto& function : *model.mutable_functions()) {
    Opsets own = read_opsets(function.opset_import());
    import_missing(model, function, function.node(), own);
  }
}

void replace_old_forms(onnx::ModelProto& model, Opsets& opsets, TensorStore& store) {
  FormReplacer(opsets, store).graph(*model.mutable_graph(), nullptr);
  import_oldest_written(model, opsets);
  for (auto& function : *model.mutable_functions()) {
    Opsets own = read_opsets(function.opset_import());
    FormReplacer(own, store).nodes(*function.mutable_node(), Scope{});
    import_oldest_written(function, own);
  }
}

}  // namespace convoy
