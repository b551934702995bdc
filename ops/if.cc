// If, opset 1 and up: the outputs of then_branch or else_branch. The branches take no inputs.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

bool is_true(const TensorView& condition) {
  check_input(condition.dtype == DType::kBool && condition.count() == 1,
              "the condition is {}, not one bool", to_string(condition));
  return *condition.as<bool>();
}

std::unique_ptr<Kernel> make_if(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  for (const char* name : {"then_branch", "else_branch"}) {
    std::shared_ptr<Graph> branch = attributes.graph(name);
    check_model(branch != nullptr, "the {} is missing", name);
    check_model(branch->inputs().empty(), "the {} has inputs", name);
    check_model(branch->outputs().size() == request.node().outputs.size(),
                "the {} has {} outputs, the node {}", name, branch->outputs().size(),
                request.node().outputs.size());
  }
  attributes.finish();
  return make_kernel([](KernelContext& context) {
    BodyRunner& body = context.body(is_true(context.input(0)) ? "then_branch" : "else_branch");
    std::vector<Value> results = body.run({});
    for (size_t j = 0; j < results.size(); ++j) {
      int output = static_cast<int>(j);
      if (context.wants_output(output)) context.set_output(output, std::move(results[j]));
    }
  });
}

}  // namespace

void register_if(Registry& registry) {
  registry.add("If").kernel("bodies", make_if).dynamic = true;
}

}  // namespace convoy
