// SplitToSequence (opset 11 and up) cuts a tensor along an axis, ConcatFromSequence joins or stacks
// one; SequenceMap (opset 17 and up) runs a body on every element.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// The lengths of the parts; `split` undefined: parts of length 1.
std::vector<int64_t> part_lengths(const Value& split, int64_t length) {
  if (!split.defined()) return std::vector<int64_t>(static_cast<size_t>(length), 1);
  std::vector<int64_t> given = to_int64s(split.tensor());
  std::vector<int64_t> lengths;
  if (split.tensor().rank() == 0) {
    check_input(given[0] > 0, "cannot split into parts of length {}", given[0]);
    for (int64_t at = 0; at < length; at += given[0]) {
      lengths.push_back(std::min(given[0], length - at));
    }
    return lengths;
  }
  int64_t sum = 0;
  for (int64_t part : given) {
    check_input(part >= 0, "a part of length {}", part);
    sum = checked_add(sum, part);
  }
  check_input(sum == length, "parts sum to {}, the axis has {}", sum, length);
  return given;
}

std::unique_ptr<Kernel> make_split(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t given_axis = attributes.integer("axis", 0);
  bool keeps = attributes.integer("keepdims", 1) != 0;
  attributes.finish();
  request.accept_strides(0);
  return make_kernel([=](KernelContext& context) {
    const TensorView& input = context.input(0);
    int axis = normalize_axis(given_axis, input.rank());
    Value split = context.input_count() > 1 ? context.input_value(1) : Value();
    Sequence sequence;
    sequence.element_dtype = input.dtype;
    int64_t begin = 0;
    for (int64_t length : part_lengths(split, input.shape[axis])) {
      TensorView part = sliced_view(input, axis, begin, length);
      begin += length;
      if (!keeps && !split.defined()) {
        part.shape.erase(axis);
        part.strides.erase(axis);
      }
      Tensor copy = Tensor::allocate(part.dtype, part.shape);
      copy_parallel(part, copy.view(), context.threads());
      sequence.elements.push_back(std::move(copy));
    }
    context.set_output(0, std::make_shared<const Sequence>(std::move(sequence)));
  });
}

void run_concat(KernelContext& context, int64_t given_axis, bool stacks) {
  Value value = context.input_value(0);
  const Sequence& sequence = value.sequence();
  check_input(!sequence.elements.empty(), "cannot concatenate an empty sequence");
  const Tensor& first = sequence.elements[0].tensor();
  int axis = normalize_axis(given_axis, first.rank() + (stacks ? 1 : 0));
  Shape shape = first.shape();
  if (stacks) shape.insert(axis, 1);
  shape[axis] = 0;
  std::vector<TensorView> parts;
  for (const Value& element : sequence.elements) {
    TensorView part = element.tensor().view();
    if (stacks) {
      part.shape.insert(axis, 1);
      part.strides.insert(axis, 1);
    }
    check_input(part.rank() == shape.rank() && part.dtype == first.dtype(),
                "cannot concatenate {} and {}", to_string(first.desc()), to_string(part));
    for (int d = 0; d < shape.rank(); ++d) {
      check_input(d == axis || part.shape[d] == shape[d], "cannot concatenate {} and {} on axis {}",
                  to_string(first.desc()), to_string(part), axis);
    }
    shape[axis] = checked_add(shape[axis], part.shape[axis]);
    parts.push_back(part);
  }
  TensorView output = context.allocate_output(0, first.dtype(), shape);
  int64_t begin = 0;
  for (const TensorView& part : parts) {
    int64_t length = part.shape[axis];
    if (part.count() > 0) {
      copy_parallel(part, sliced_view(output, axis, begin, length), context.threads());
    }
    begin += length;
  }
}

std::unique_ptr<Kernel> make_concat(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t axis = attributes.required_integer("axis");
  bool stacks = attributes.integer("new_axis", 0) != 0;
  attributes.finish();
  return make_kernel([=](KernelContext& context) { run_concat(context, axis, stacks); });
}

// Input 0 is a sequence; the others are sequences of equal length or tensors for all elements.
void run_map(KernelContext& context, const Graph& body_graph) {
  std::vector<Value> operands;
  for (int i = 0; i < context.input_count(); ++i) operands.push_back(context.input_value(i));
  size_t length = operands.at(0).sequence().elements.size();
  std::vector<Sequence> results(body_graph.outputs().size());
  for (size_t j = 0; j < results.size(); ++j) {
    results[j].element_dtype = body_graph.value(body_graph.outputs()[j]).type.dtype;
  }
  BodyRunner& body = context.body("body");
  std::vector<Value> inputs(operands.size());
  for (size_t at = 0; at < length; ++at) {
    for (size_t i = 0; i < operands.size(); ++i) {
      inputs[i] = operands[i];
      if (!operands[i].is_sequence()) continue;
      const Sequence& sequence = operands[i].sequence();
      check_input(sequence.elements.size() == length, "sequences of {} and {} elements", length,
                  sequence.elements.size());
      inputs[i] = sequence.elements[at];
    }
    std::vector<Value> outputs = body.run(inputs);
    for (size_t j = 0; j < results.size(); ++j) {
      results[j].elements.push_back(std::move(outputs[j]));
    }
  }
  for (size_t j = 0; j < results.size(); ++j) {
    int output = static_cast<int>(j);
    if (!context.wants_output(output)) continue;
    context.set_output(output, std::make_shared<const Sequence>(std::move(results[j])));
  }
}

std::unique_ptr<Kernel> make_map(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  std::shared_ptr<Graph> body = attributes.graph("body");
  attributes.finish();
  check_model(body != nullptr, "the body is missing");
  check_model(
      static_cast<int>(body->inputs().size()) == request.input_count() && request.input_count() > 0,
      "the body takes {} inputs, not {}", body->inputs().size(), request.input_count());
  return make_kernel([body](KernelContext& context) { run_map(context, *body); });
}

}  // namespace

void register_sequence_parts(Registry& registry) {
  registry.add("SplitToSequence").kernel("copy", make_split).dynamic = true;
  registry.add("ConcatFromSequence").kernel("copy", make_concat).dynamic = true;
  registry.add("SequenceMap").kernel("bodies", make_map).dynamic = true;
}

}  // namespace convoy
