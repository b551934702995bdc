// Sequences, opset 11 and up: SequenceConstruct, SequenceEmpty, SequenceInsert, SequenceErase,
// SequenceAt, SequenceLength. Sequences are shared and never changed: edits make a new list.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

DType element_dtype(const Sequence& sequence) {
  if (sequence.element_dtype != DType::kUndefined || sequence.elements.empty()) {
    return sequence.element_dtype;
  }
  const Value& first = sequence.elements[0];
  return first.is_tensor() ? first.tensor().dtype() : DType::kUndefined;
}

void put(KernelContext& context, Sequence sequence) {
  context.set_output(0, std::make_shared<const Sequence>(std::move(sequence)));
}

// Position operand `i` in [-length, length - 1 + extra], or `otherwise` where left out.
int64_t read_position(KernelContext& context, int i, int64_t length, int64_t extra,
                      int64_t otherwise) {
  Value operand = i < context.input_count() ? context.input_value(i) : Value();
  if (!operand.defined()) return otherwise;
  std::vector<int64_t> position = to_int64s(operand.tensor());
  check_input(position.size() == 1, "a position of {} numbers", position.size());
  int64_t at = position[0] < 0 ? position[0] + length : position[0];
  check_input(at >= 0 && at < length + extra, "position {} is outside of a sequence of {}",
              position[0], length);
  return at;
}

void run_construct(KernelContext& context) {
  Sequence sequence;
  for (int i = 0; i < context.input_count(); ++i) {
    sequence.elements.push_back(context.input_value(i));
    const Tensor& tensor = sequence.elements.back().tensor();
    if (i == 0) sequence.element_dtype = tensor.dtype();
    check_input(tensor.dtype() == sequence.element_dtype, "elements of types {} and {}",
                to_string(sequence.element_dtype), to_string(tensor.dtype()));
  }
  put(context, std::move(sequence));
}

void run_insert(KernelContext& context) {
  Value old = context.input_value(0);
  Sequence sequence = old.sequence();
  auto length = static_cast<int64_t>(sequence.elements.size());
  int64_t at = read_position(context, 2, length, 1, length);
  Value added = context.input_value(1);
  DType dtype = element_dtype(sequence);
  check_input(!added.is_tensor() || dtype == DType::kUndefined || added.tensor().dtype() == dtype,
              "cannot insert {} into a sequence of {}",
              added.is_tensor() ? to_string(added.tensor().dtype()) : "", to_string(dtype));
  if (added.is_tensor()) sequence.element_dtype = added.tensor().dtype();
  sequence.elements.insert(sequence.elements.begin() + at, std::move(added));
  put(context, std::move(sequence));
}

void run_erase(KernelContext& context) {
  Value old = context.input_value(0);
  Sequence sequence = old.sequence();
  auto length = static_cast<int64_t>(sequence.elements.size());
  check_input(length > 0, "cannot erase from an empty sequence");
  sequence.element_dtype = element_dtype(sequence);
  int64_t at = read_position(context, 1, length, 0, length - 1);
  sequence.elements.erase(sequence.elements.begin() + at);
  put(context, std::move(sequence));
}

void run_at(KernelContext& context) {
  Value value = context.input_value(0);
  const Sequence& sequence = value.sequence();
  auto length = static_cast<int64_t>(sequence.elements.size());
  int64_t at = read_position(context, 1, length, 0, 0);
  check_input(at < length, "the sequence is empty");
  context.set_output(0, sequence.elements[static_cast<size_t>(at)]);
}

void run_length(KernelContext& context) {
  Value value = context.input_value(0);
  auto length = static_cast<int64_t>(value.sequence().elements.size());
  context.set_output(0, Tensor::scalar<int64_t>(length));
}

template <void (*Run)(KernelContext&)>
std::unique_ptr<Kernel> make(KernelRequest& request) {
  request.attributes().finish();
  return make_kernel([](KernelContext& context) { Run(context); });
}

std::unique_ptr<Kernel> make_empty(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  auto dtype = static_cast<DType>(attributes.integer("dtype", static_cast<int>(DType::kFloat32)));
  attributes.finish();
  check_model(is_known(dtype), "the element type {} is not known", static_cast<int>(dtype));
  return make_kernel([dtype](KernelContext& context) {
    Sequence sequence;
    sequence.element_dtype = dtype;
    put(context, std::move(sequence));
  });
}

}  // namespace

void register_sequence(Registry& registry) {
  registry.add("SequenceConstruct").kernel("reference", make<run_construct>).dynamic = true;
  registry.add("SequenceEmpty").kernel("reference", make_empty).dynamic = true;
  registry.add("SequenceInsert").kernel("reference", make<run_insert>).dynamic = true;
  registry.add("SequenceErase").kernel("reference", make<run_erase>).dynamic = true;
  registry.add("SequenceAt").kernel("reference", make<run_at>).dynamic = true;
  registry.add("SequenceLength").kernel("reference", make<run_length>).dynamic = true;
}

}  // namespace convoy
