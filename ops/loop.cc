// Loop, opset 1 and up: runs body(iteration, condition, carried…) -> (condition, carried…,
// scanned…) until the trip count is reached or the condition is false; stacks what is scanned. A
// body that declares the first two as vectors gets vectors of one element.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// The output value's declared element type, for a loop that never ran.
DType scanned_dtype(const Graph& body, size_t output) {
  return body.value(body.outputs()[output]).type.dtype;
}

// An empty stack: sizes that the body does not declare count as 0.
Tensor empty_stack(const Graph& body, size_t output) {
  Shape shape{0};
  const auto& declared = body.value(body.outputs()[output]).type.shape;
  for (size_t i = 0; declared && i < declared->size(); ++i) {
    shape.push_back(std::max<int64_t>(0, (*declared)[i].size));
  }
  DType dtype = scanned_dtype(body, output);
  check_supported(dtype != DType::kUndefined, "the type of an empty scan output is not known");
  return Tensor::allocate(dtype, shape);
}

Tensor stack(const std::vector<Value>& parts, ThreadPool& threads) {
  const Tensor& first = parts[0].tensor();
  Shape shape = first.shape();
  shape.insert(0, static_cast<int64_t>(parts.size()));
  Tensor result = Tensor::allocate(first.dtype(), shape);
  for (size_t i = 0; i < parts.size(); ++i) {
    const Tensor& part = parts[i].tensor();
    check_input(part.shape() == first.shape() && part.dtype() == first.dtype(),
                "a scan output is {} once and {} another time", to_string(first.desc()),
                to_string(part.desc()));
    TensorView row = sliced_view(result.view(), 0, static_cast<int64_t>(i), 1);
    row.shape.erase(0);
    row.strides.erase(0);
    copy_parallel(part.view(), row, threads);
  }
  return result;
}

bool holds(const Value& condition) {
  const Tensor& tensor = condition.tensor();
  check_input(tensor.dtype() == DType::kBool && tensor.count() == 1,
              "the condition of a loop is {}", to_string(tensor.desc()));
  return *tensor.data<bool>();
}

int64_t trip_count(const Value& value) {
  std::vector<int64_t> numbers = to_int64s(value.tensor());
  check_input(numbers.size() == 1, "the trip count of a loop has {} elements", numbers.size());
  return numbers[0];
}

// A single number in the form in which the body declares its input.
Value as_declared(const Graph& body, size_t input, const Value& number) {
  bool is_vector = body.value(body.inputs()[input]).type.rank() == 1;
  return number.tensor().contiguous().reshaped(is_vector ? Shape{1} : Shape{});
}

void run_loop(KernelContext& context, const Graph& body_graph) {
  int64_t limit = std::numeric_limits<int64_t>::max();
  if (context.input_value(0).defined()) limit = trip_count(context.input_value(0));
  Value condition = context.input_value(1);
  bool go_on = !condition.defined() || holds(condition);
  if (!condition.defined()) condition = Tensor::scalar<bool>(true);
  auto carried = static_cast<size_t>(std::max(0, context.input_count() - 2));
  size_t outputs = body_graph.outputs().size() - 1;
  check_model(body_graph.inputs().size() == carried + 2 && outputs >= carried,
              "the body takes {} inputs for {} loop-carried values", body_graph.inputs().size(),
              carried);
  std::vector<Value> values(carried + 2);
  for (size_t i = 0; i < carried; ++i) values[i + 2] = context.input_value(static_cast<int>(i) + 2);
  std::vector<std::vector<Value>> scanned(outputs - carried);
  BodyRunner& body = context.body("body");
  for (int64_t iteration = 0; iteration < limit && go_on; ++iteration) {
    values[0] = as_declared(body_graph, 0, Tensor::scalar<int64_t>(iteration));
    values[1] = as_declared(body_graph, 1, condition);
    std::vector<Value> results = body.run(values);
    check_internal(results.size() == outputs + 1, "a body returned {} values", results.size());
    condition = results[0];
    go_on = holds(condition);
    for (size_t i = 0; i < carried; ++i) values[i + 2] = std::move(results[i + 1]);
    for (size_t i = 0; i < scanned.size(); ++i) {
      scanned[i].push_back(std::move(results[i + 1 + carried]));
    }
  }
  for (size_t j = 0; j < outputs; ++j) {
    int output = static_cast<int>(j);
    if (!context.wants_output(output)) continue;
    if (j < carried) {
      context.set_output(output, std::move(values[j + 2]));
    } else {
      const auto& parts = scanned[j - carried];
      context.set_output(
          output, parts.empty() ? empty_stack(body_graph, j + 1) : stack(parts, context.threads()));
    }
  }
}

std::unique_ptr<Kernel> make_loop(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  std::shared_ptr<Graph> body = attributes.graph("body");
  attributes.finish();
  check_model(body != nullptr && !body->outputs().empty(), "the body is missing");
  return make_kernel([body](KernelContext& context) { run_loop(context, *body); });
}

}  // namespace

void register_loop(Registry& registry) {
  registry.add("Loop").kernel("bodies", make_loop).dynamic = true;
}

}  // namespace convoy
