// convoy inspect: what a model file holds, without running it.
#include <cstdio>
#include <map>

#include "loaders/onnx/reader.h"
#include "runtime/session/expand_functions.h"
#include "tools/convoy/command.h"

namespace convoy::cli {
namespace {

struct InspectOptions {
  std::string path;
};

struct Contents {
  std::map<std::string, int> operators;
  int64_t parameters = 0;
  int64_t bytes = 0;
};

void count(const Graph& graph, Contents& contents) {
  for (size_t i = 0; i < graph.value_count(); ++i) {
    const Tensor* constant = graph.constant(static_cast<ValueId>(i));
    if (constant == nullptr) continue;
    contents.parameters += constant->count();
    contents.bytes += constant->desc().bytes();
  }
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    ++contents.operators[node.qualified_type()];
    node.for_each_body([&](Graph& body) { count(body, contents); });
  }
}

int run_inspect(const InspectOptions& options) {
  Model model = read_model(options.path);
  const Graph& graph = model.graph;
  std::printf("%s: IR %lld", options.path.c_str(), static_cast<long long>(model.ir_version));
  for (const auto& [domain, version] : model.opsets) {
    std::printf(", %s %d", domain.empty() ? "opset" : domain.c_str(), version);
  }
  if (!model.producer_name.empty()) {
    std::printf(", by %s", model.producer_name.c_str());
    if (!model.producer_version.empty()) std::printf(" %s", model.producer_version.c_str());
  }
  std::printf("\n");
  for (ValueId id : graph.inputs()) {
    const ValueInfo& value = graph.value(id);
    std::printf("input   %s  %s%s\n", value.name.c_str(), to_string(value.type).c_str(),
                value.initializer ? "  (has a default)" : "");
  }
  for (ValueId id : graph.outputs()) {
    const ValueInfo& value = graph.value(id);
    std::printf("output  %s  %s\n", value.name.c_str(), to_string(value.type).c_str());
  }
  Contents contents;
  count(graph, contents);
  int nodes = 0;
  for (const auto& [op, number] : contents.operators) nodes += number;
  std::printf("%d nodes, %zu functions, %lld constant elements, %.2f MB\n", nodes,
              model.functions.size(), static_cast<long long>(contents.parameters),
              static_cast<double>(contents.bytes) / 1e6);
  for (const auto& [op, number] : contents.operators) std::printf("%6d %s\n", number, op.c_str());
  std::vector<std::string> missing = unsupported_operators(model, Registry::standard());
  if (missing.empty()) {
    std::printf("every operator is supported\n");
  }
  for (const std::string& line : missing) std::printf("unsupported: %s\n", line.c_str());
  return kDone;
}

}  // namespace

void add_inspect(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<InspectOptions>();
  CLI::App* command = add_command(app, chosen, options, "inspect",
                                  "Say what a model holds and what of it is not supported",
                                  "convoy inspect model.onnx", run_inspect);
  command->add_option("MODEL", options->path, "an .onnx file")->required();
}

}  // namespace convoy::cli
