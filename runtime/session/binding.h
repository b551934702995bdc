// Memory of the caller's that a session reads its inputs from and writes its outputs to.
#pragma once

#include <string_view>
#include <vector>

#include "runtime/session/session.h"

namespace convoy {

// For a program that runs a model again and again over the same memory. Once a model whose shapes
// depend on nothing but the inputs' ran, further runs allocate nothing, but for what oneDNN does
// and a few kernels (GridSample, RoiAlign, Fourier transforms, scattering, reference kernels).
//
// Used by one thread at a time; the session outlives it, and several bindings may run at once.
class Binding {
 public:
  explicit Binding(Session& session);

  // The tensor's memory is read by every run() until another is bound. Throws kInvalidInput for an
  // unknown name.
  void bind_input(std::string_view name, const Value& value);
  // Every run() writes to this memory: contiguous, of the output's type and shape. Outputs that
  // are not bound are allocated anew by each run. Throws kInvalidInput for an unknown name.
  void bind_output(std::string_view name, const TensorView& memory);

  // Forgets what was bound; inputs with a default have that again.
  void clear_inputs();
  void clear_output(std::string_view name);
  void clear_outputs();

  // Throws kInvalidInput for an input that is missing or does not fit, and for bound memory that
  // does not fit its output. `observer` may be nullptr.
  void run(const StepObserver* observer = nullptr);

  // By the last run, in the model's order; a bound output borrows the memory bound to it.
  const std::vector<Value>& outputs() const { return outputs_; }

 private:
  Session& session_;
  std::vector<Value> inputs_;       // in the order of the graph's inputs
  std::vector<TensorView> memory_;  // in the order of outputs; not present() where not bound
  std::vector<Value> outputs_;
};

}  // namespace convoy
