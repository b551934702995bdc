#include "loaders/onnx/check.h"

#include <algorithm>
#include <set>

#include <onnx/checker.h>

#include "loaders/onnx/skeleton.h"
#include "runtime/base/error.h"
#include "runtime/onnx/messages.h"
#include "runtime/onnx/schema.h"
#include "runtime/onnx/schema_registry.h"

namespace convoy {
namespace {

// A domain that the checker knows nothing of.
constexpr const char* kUncheckedDomain = "convoy.unchecked";

using Opsets = std::map<std::string, int>;

// Deprecated operators are known, but refused by the checker.
bool is_unknown(const onnx::NodeProto& node, const Opsets& opsets) {
  const std::string& domain = canonical_domain(node.domain());
  auto version = opsets.find(domain);
  if (newest_version(domain) == 0 || version == opsets.end()) return false;
  const onnx::OpSchema* schema = find_schema(domain, node.op_type(), version->second);
  return schema == nullptr || schema->deprecated();
}

// The checker takes "ai.onnx" and "" for two domains.
template <typename Nodes>
void leave_unknown_unchecked(Nodes& nodes, const Opsets& opsets) {
  for (auto& node : nodes) {
    if (node.has_domain()) node.set_domain(canonical_domain(node.domain()));
    if (is_unknown(node, opsets)) node.set_domain(kUncheckedDomain);
    for (auto& attribute : *node.mutable_attribute()) {
      if (attribute.has_g()) {
        leave_unknown_unchecked(*attribute.mutable_g()->mutable_node(), opsets);
      }
      for (auto& graph : *attribute.mutable_graphs()) {
        leave_unknown_unchecked(*graph.mutable_node(), opsets);
      }
    }
  }
}

template <typename Proto>
Opsets import_unchecked(Proto& proto) {
  Opsets opsets;
  for (auto& item : *proto.mutable_opset_import()) {
    item.set_domain(canonical_domain(item.domain()));
    opsets[item.domain()] = static_cast<int>(item.version());
  }
  auto& added = *proto.add_opset_import();
  added.set_domain(kUncheckedDomain);
  added.set_version(1);
  opsets[added.domain()] = 1;
  return opsets;
}

// The checker asks for the shape of every input and output, which nothing needs to know.
template <typename ValueInfos>
void complete_shapes(ValueInfos& values) {
  for (auto& value : values) {
    if (!value.type().has_tensor_type()) continue;
    value.mutable_type()->mutable_tensor_type()->mutable_shape();
  }
}

// Nor for the types of outputs, which are inferred.
template <typename ValueInfos>
void complete_types(ValueInfos& outputs) {
  for (auto& value : outputs) {
    if (!value.has_type()) {
      value.mutable_type()->mutable_tensor_type()->set_elem_type(onnx::TensorProto::FLOAT);
    }
  }
}

// Of several initializers of one name the last stands, as the reader has it.
void keep_last_initializers(onnx::GraphProto& graph) {
  auto& all = *graph.mutable_initializer();
  std::set<std::string> later;
  for (int i = all.size() - 1; i >= 0; --i) {
    if (!later.insert(all[i].name()).second) all.DeleteSubrange(i, 1);
  }
}

// "… ==> Context: Bad node spec for node. Name: NAME OpType: TYPE"
ErrorContext context_of(const std::string& message) {
  ErrorContext context;
  size_t name = message.find("Name: ");
  size_t type = message.find(" OpType: ", name == std::string::npos ? 0 : name);
  if (name == std::string::npos || type == std::string::npos) return context;
  context.node = message.substr(name + 6, type - name - 6);
  size_t end = message.find_first_of("\n ", type + 9);
  context.op_type = message.substr(type + 9, end == std::string::npos ? end : end - type - 9);
  return context;
}

// Complaints about what the reader has settled: it sorts nodes, has found no cycle, and knows every
// name, so the model is sound if unusual.
bool is_harmless(const std::string& complaint) {
  return complaint.find("topologically sorted") != std::string::npos ||
         complaint.find("is not an output of any node in graph") != std::string::npos;
}

}  // namespace

void check_versions(const onnx::ModelProto& model, const Opsets& opsets) {
  check_model(model.has_ir_version() || model.has_graph(), "the file is no ONNX model");
  check_model(model.has_ir_version(), "the model has no IR version");
  check_model(model.has_graph(), "the model has no graph");
  int64_t newest_ir = onnx::Version::IR_VERSION;
  check_supported(model.ir_version() >= kOldestIr,
                  "IR version {} is older than {}, the oldest read", model.ir_version(), kOldestIr);
  check_supported(model.ir_version() <= newest_ir,
                  "IR version {} is newer than {}, the newest that this build knows",
                  model.ir_version(), newest_ir);
  for (const auto& [domain, version] : opsets) {
    int newest = newest_version(domain);
    std::string name = domain.empty() ? "ai.onnx" : domain;
    check_supported(newest == 0 || version <= newest,
                    "opset {} of {} is newer than {}, the newest that this build knows", version,
                    name, newest);
  }
}

void check_with_onnx(onnx::ModelProto& model) {
  empty_absent_tensors(model);
  keep_last_initializers(*model.mutable_graph());
  if (model.graph().name().empty()) model.mutable_graph()->set_name("graph");
  complete_shapes(*model.mutable_graph()->mutable_input());
  complete_types(*model.mutable_graph()->mutable_output());
  complete_shapes(*model.mutable_graph()->mutable_output());
  Opsets opsets = import_unchecked(model);
  leave_unknown_unchecked(*model.mutable_graph()->mutable_node(), opsets);
  for (auto& function : *model.mutable_functions()) {
    Opsets own = import_unchecked(function);
    leave_unknown_unchecked(*function.mutable_node(), own);
  }
  onnx::checker::CheckerContext context;
  context.set_schema_registry(&SchemaRegistry::instance());
  // Before IR 4 the checker wants every initializer among the inputs, which the reader need not.
  context.set_ir_version(std::max(static_cast<int>(model.ir_version()), 4));
  context.set_opset_imports({opsets.begin(), opsets.end()});
  // A function may import other versions than the model: its nodes carry their own.
  context.set_skip_opset_compatibility_check(true);
  try {
    onnx::checker::LexicalScopeContext names;
    onnx::checker::check_graph(model.graph(), context, names);
    if (model.functions_size() > 0) {
      onnx::checker::check_model_local_functions(model, context, names);
    }
  } catch (const std::exception& error) {
    std::string message = error.what();
    if (is_harmless(message)) return;
    throw Error(ErrorCode::kInvalidModel, complaint_of(error), context_of(message));
  }
}

}  // namespace convoy
