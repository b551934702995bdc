// What convoy.IOBinding is made of.
#pragma once

#include <map>
#include <string>

#include <nanobind/nanobind.h>

#include "runtime/session/binding.h"
#include "tools/python/python_session.h"

namespace convoy::python {

// Keeps the arrays alive whose memory is bound. Names are checked at once, types and shapes by
// run().
class PythonBinding {
 public:
  explicit PythonBinding(PythonSession& session);

  void bind_input(const std::string& name, nanobind::object array);
  void bind_output(const std::string& name, nanobind::object array);
  // Row-major memory of `dtype` (its ONNX number) and `shape` at `address`, which the caller keeps.
  void bind_input_memory(const std::string& name, int dtype, const Shape& shape, uint64_t address);
  void bind_output_memory(const std::string& name, int dtype, const Shape& shape, uint64_t address);
  // Throws for a name that the model has not.
  void check_output(const std::string& name) const;

  void clear_inputs();
  void clear_output(const std::string& name);
  void clear_outputs();

  void run(const StopFlag* stop);
  // Of the last run: the array that is bound, or one that shares what the run allocated or what
  // other memory is bound; None before any run.
  nanobind::object output(const std::string& name) const;

 private:
  PythonSession& session_;
  Binding binding_;
  std::map<std::string, nanobind::object, std::less<>> held_inputs_;
  std::map<std::string, nanobind::object, std::less<>> held_outputs_;
};

}  // namespace convoy::python
