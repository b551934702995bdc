#include "tools/python/python_binding.h"

#include "tools/python/numpy_array.h"
#include "tools/python/values.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

TensorView memory(const std::string& name, int dtype, const Shape& shape, uint64_t address) {
  auto type = static_cast<DType>(dtype);
  check_input(is_known(type) && type != DType::kString,
              "'{}' cannot be bound to memory of element type {}", name, dtype);
  auto* data = reinterpret_cast<void*>(static_cast<uintptr_t>(address));
  TensorDesc desc = TensorDesc::contiguous(type, shape);
  check_input(data != nullptr || desc.count() == 0, "'{}' is bound to a null pointer", name);
  return {desc, data};
}

}  // namespace

PythonBinding::PythonBinding(PythonSession& session)
    : session_(session), binding_(session.session()) {}

void PythonBinding::bind_input(const std::string& name, nb::object array) {
  binding_.bind_input(name, session_.feed(name, array));
  held_inputs_[name] = std::move(array);
}

void PythonBinding::bind_output(const std::string& name, nb::object array) {
  std::optional<Tensor> tensor = borrow_array(array);
  check_input(tensor.has_value(),
              "output '{}' is bound to what is no aligned array of a type and byte order of "
              "NumPy's own",
              name);
  binding_.bind_output(name, tensor->view());
  held_outputs_[name] = std::move(array);
}

void PythonBinding::bind_input_memory(const std::string& name, int dtype, const Shape& shape,
                                      uint64_t address) {
  binding_.bind_input(name, Tensor::borrow(memory(name, dtype, shape, address)));
  held_inputs_.erase(name);
}

void PythonBinding::bind_output_memory(const std::string& name, int dtype, const Shape& shape,
                                       uint64_t address) {
  binding_.bind_output(name, memory(name, dtype, shape, address));
  held_outputs_.erase(name);
}

void PythonBinding::check_output(const std::string& name) const {
  session_.session().output_position(name);
}

void PythonBinding::clear_inputs() {
  binding_.clear_inputs();
  held_inputs_.clear();
}

void PythonBinding::clear_output(const std::string& name) {
  binding_.clear_output(name);
  held_outputs_.erase(name);
}

void PythonBinding::clear_outputs() {
  binding_.clear_outputs();
  held_outputs_.clear();
}

void PythonBinding::run(const StopFlag* stop) {
  session_.supervise(stop, [&](const StepObserver* observer) { binding_.run(observer); });
}

nb::object PythonBinding::output(const std::string& name) const {
  auto held = held_outputs_.find(name);
  if (held != held_outputs_.end()) return held->second;
  const Value& value = binding_.outputs()[session_.session().output_position(name)];
  return value.defined() ? to_python(value) : nb::none();
}

}  // namespace convoy::python
