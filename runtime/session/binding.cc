#include "runtime/session/binding.h"

#include <algorithm>

namespace convoy {

Binding::Binding(Session& session)
    : session_(session),
      inputs_(session.default_inputs()),
      memory_(session.outputs().size()),
      outputs_(session.outputs().size()) {}

void Binding::bind_input(std::string_view name, const Value& value) {
  const size_t position = session_.input_position(name);
  inputs_[position] = session_.fit_feed(position, value);
}

void Binding::bind_output(std::string_view name, const TensorView& memory) {
  check_input(memory.is_contiguous(), "output '{}' is bound to memory that is not contiguous",
              name);
  size_t position = session_.output_position(name);
  memory_[position] = memory;
  outputs_[position] = Tensor::borrow(memory);
}

void Binding::clear_inputs() { inputs_ = session_.default_inputs(); }

void Binding::clear_output(std::string_view name) {
  size_t position = session_.output_position(name);
  memory_[position] = {};
  outputs_[position] = {};
}

void Binding::clear_outputs() {
  memory_.assign(memory_.size(), {});
  outputs_.assign(outputs_.size(), {});
}

void Binding::run(const StepObserver* observer) {
  session_.run_into(inputs_, memory_, outputs_, observer);
}

}  // namespace convoy
