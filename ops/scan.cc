// Scan, opset 8 (a batch axis in front, lengths as input 0) and 9 and up: runs body(states…,
// slices…) -> (states…, slices…) for every index of the scanned axes; stacks the output slices.
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct ScanForm {
  std::shared_ptr<Graph> body;
  size_t scanned = 0;  // inputs
  size_t states = 0;
  size_t outputs = 0;  // stacked ones
  std::vector<int64_t> input_axes, output_axes;
  std::vector<int64_t> input_backwards, output_backwards;
};

void fill_up(std::vector<int64_t>& list, size_t size, const char* what) {
  if (list.empty()) list.assign(size, 0);
  check_model(list.size() == size, "{} has {} entries for {} values", what, list.size(), size);
}

ScanForm read_form(const Node& node) {
  AttributeReader attributes(node);
  ScanForm form;
  form.body = attributes.graph("body");
  form.scanned = static_cast<size_t>(attributes.required_integer("num_scan_inputs"));
  if (node.version < 9) {
    form.input_backwards = attributes.integers("directions");
  } else {
    form.input_axes = attributes.integers("scan_input_axes");
    form.output_axes = attributes.integers("scan_output_axes");
    form.input_backwards = attributes.integers("scan_input_directions");
    form.output_backwards = attributes.integers("scan_output_directions");
  }
  attributes.finish();
  check_model(form.body != nullptr, "the body is missing");
  size_t inputs = form.body->inputs().size();
  check_model(form.scanned <= inputs && form.body->outputs().size() >= inputs - form.scanned,
              "{} scan inputs for a body of {} inputs", form.scanned, inputs);
  form.states = inputs - form.scanned;
  form.outputs = form.body->outputs().size() - form.states;
  fill_up(form.input_axes, form.scanned, "scan_input_axes");
  fill_up(form.output_axes, form.outputs, "scan_output_axes");
  fill_up(form.input_backwards, form.scanned, "scan_input_directions");
  fill_up(form.output_backwards, form.outputs, "scan_output_directions");
  return form;
}

// `view` at one index of an axis, which disappears; owns its elements.
Tensor picked(const TensorView& view, int axis, int64_t index, ThreadPool& threads) {
  TensorView slice = sliced_view(view, axis, index, 1);
  slice.shape.erase(axis);
  slice.strides.erase(axis);
  Tensor copy = Tensor::allocate(slice.dtype, slice.shape);
  copy_parallel(slice, copy.view(), threads);
  return copy;
}

Tensor stacked(const std::vector<Value>& parts, int64_t axis, bool backwards, ThreadPool& threads) {
  check_supported(!parts.empty(), "a Scan over an empty axis has outputs of unknown shape");
  const Tensor& first = parts[0].tensor();
  Shape shape = first.shape();
  int at = normalize_axis(axis, shape.rank() + 1);
  auto count = static_cast<int64_t>(parts.size());
  shape.insert(at, count);
  Tensor result = Tensor::allocate(first.dtype(), shape);
  for (int64_t i = 0; i < count; ++i) {
    const Tensor& part = parts[static_cast<size_t>(i)].tensor();
    TensorView slice = sliced_view(result.view(), at, backwards ? count - 1 - i : i, 1);
    slice.shape.erase(at);
    slice.strides.erase(at);
    check_input(part.shape() == first.shape() && part.dtype() == first.dtype(),
                "a scan output changes its type or shape");
    copy_parallel(part.view(), slice, threads);
  }
  return result;
}

// states: in and out. Returns the slices of each stacked output.
std::vector<std::vector<Value>> run_steps(const ScanForm& form, BodyRunner& body,
                                          const std::vector<Tensor>& scanned, int64_t steps,
                                          std::vector<Value>& states, ThreadPool& threads) {
  std::vector<std::vector<Value>> slices(form.outputs);
  std::vector<Value> inputs(form.states + form.scanned);
  for (int64_t t = 0; t < steps; ++t) {
    for (size_t i = 0; i < form.states; ++i) inputs[i] = states[i];
    for (size_t i = 0; i < form.scanned; ++i) {
      int axis = normalize_axis(form.input_axes[i], scanned[i].rank());
      int64_t index = form.input_backwards[i] != 0 ? steps - 1 - t : t;
      inputs[form.states + i] = picked(scanned[i].view(), axis, index, threads);
    }
    std::vector<Value> results = body.run(inputs);
    for (size_t i = 0; i < form.states; ++i) states[i] = std::move(results[i]);
    for (size_t i = 0; i < form.outputs; ++i) {
      slices[i].push_back(std::move(results[form.states + i]));
    }
  }
  return slices;
}

int64_t step_count(const ScanForm& form, const std::vector<Tensor>& scanned) {
  int64_t steps = -1;
  for (size_t i = 0; i < scanned.size(); ++i) {
    int64_t length = scanned[i].shape()[normalize_axis(form.input_axes[i], scanned[i].rank())];
    check_input(steps < 0 || steps == length, "scanned axes of lengths {} and {}", steps, length);
    steps = length;
  }
  return std::max<int64_t>(steps, 0);
}

// A Scan over an axis of length 0: the sizes that the body declares.
Tensor empty_output(const ScanForm& form, size_t output) {
  const ValueType& type = form.body->value(form.body->outputs()[form.states + output]).type;
  auto shape = type.static_shape();
  check_supported(shape.has_value() && type.dtype != DType::kUndefined,
                  "a Scan over an empty axis has outputs of unknown shape");
  shape->insert(normalize_axis(form.output_axes[output], shape->rank() + 1), 0);
  return Tensor::allocate(type.dtype, *shape);
}

void run_scan(KernelContext& context, const ScanForm& form) {
  std::vector<Value> states;
  std::vector<Tensor> scanned;
  for (size_t i = 0; i < form.states + form.scanned; ++i) {
    Value value = context.input_value(static_cast<int>(i));
    if (i < form.states) {
      states.push_back(std::move(value));
    } else {
      scanned.push_back(value.tensor());
    }
  }
  int64_t steps = step_count(form, scanned);
  auto slices = run_steps(form, context.body("body"), scanned, steps, states, context.threads());
  for (size_t j = 0; j < form.states + form.outputs; ++j) {
    int output = static_cast<int>(j);
    if (!context.wants_output(output)) continue;
    if (j < form.states) {
      context.set_output(output, std::move(states[j]));
      continue;
    }
    size_t i = j - form.states;
    context.set_output(output, steps == 0
                                   ? empty_output(form, i)
                                   : stacked(slices[i], form.output_axes[i],
                                             form.output_backwards[i] != 0, context.threads()));
  }
}

// Opset 8: every batch entry is scanned on its own; short ones leave zeros behind.
void run_batched(KernelContext& context, const ScanForm& form) {
  std::vector<Tensor> operands;
  for (size_t i = 0; i < form.states + form.scanned; ++i) {
    operands.push_back(context.input_value(static_cast<int>(i) + 1).tensor());
    check_input(operands.back().rank() > 0, "operand {} of a Scan-8 has no batch axis", i);
  }
  check_input(!operands.empty(), "a Scan without operands");
  int64_t batch = operands[0].shape()[0];
  std::vector<int64_t> lengths;
  if (context.input_value(0).defined()) lengths = to_int64s(context.input_value(0).tensor());
  check_input(lengths.empty() || static_cast<int64_t>(lengths.size()) == batch,
              "{} sequence_lens for a batch of {}", lengths.size(), batch);
  std::vector<std::vector<Value>> finals(form.states + form.outputs);
  for (int64_t b = 0; b < batch; ++b) {
    std::vector<Value> states;
    std::vector<Tensor> scanned;
    for (size_t i = 0; i < operands.size(); ++i) {
      check_input(operands[i].shape()[0] == batch, "operands of different batch sizes");
      Tensor entry = picked(operands[i].view(), 0, b, context.threads());
      if (i < form.states) {
        states.push_back(entry);
      } else {
        scanned.push_back(entry);
      }
    }
    int64_t longest = step_count(form, scanned);
    int64_t steps = lengths.empty() ? longest : lengths[static_cast<size_t>(b)];
    check_input(steps >= 0 && steps <= longest, "sequence_lens[{}] is {} of {}", b, steps, longest);
    auto slices = run_steps(form, context.body("body"), scanned, steps, states, context.threads());
    for (size_t i = 0; i < form.states; ++i) finals[i].push_back(std::move(states[i]));
    for (size_t i = 0; i < form.outputs; ++i) {
      check_supported(!slices[i].empty(), "a Scan-8 over an empty sequence");
      Tensor zero = Tensor::zeros(slices[i][0].tensor().dtype(), slices[i][0].tensor().shape());
      slices[i].resize(static_cast<size_t>(longest), zero);
      finals[form.states + i].push_back(stacked(slices[i], 0, false, context.threads()));
    }
  }
  for (size_t j = 0; j < finals.size(); ++j) {
    int output = static_cast<int>(j);
    if (context.wants_output(output)) {
      context.set_output(output, stacked(finals[j], 0, false, context.threads()));
    }
  }
}

std::unique_ptr<Kernel> make_scan(KernelRequest& request) {
  ScanForm form = read_form(request.node());
  auto operands = static_cast<size_t>(request.input_count()) - (request.node().version < 9 ? 1 : 0);
  check_model(operands == form.states + form.scanned, "the body takes {} inputs, not {}",
              form.states + form.scanned, operands);
  bool batched = request.node().version < 9;
  return make_kernel([form, batched](KernelContext& context) {
    batched ? run_batched(context, form) : run_scan(context, form);
  });
}

}  // namespace

void register_scan(Registry& registry) {
  registry.add("Scan")
      .versions(8, std::numeric_limits<int>::max())
      .kernel("bodies", make_scan)
      .dynamic = true;
}

}  // namespace convoy
