// Releasing Python's lock around work that needs it not.
#pragma once

#include <Python.h>
#include <cxxabi.h>
#include <unistd.h>

namespace convoy::python {

// The calling thread does not hold Python's lock while it lives. Where the interpreter ends
// meanwhile, which it does without waiting for daemon threads, the thread stays here for the rest
// of the process: Python would end it by unwinding, which C++ code does not survive.
class WithoutGil {
 public:
  WithoutGil() : state_(PyEval_SaveThread()) {}
  ~WithoutGil() {
    try {
      PyEval_RestoreThread(state_);
    } catch (abi::__forced_unwind&) {
      for (;;) ::pause();
    }
  }
  WithoutGil(const WithoutGil&) = delete;
  WithoutGil& operator=(const WithoutGil&) = delete;

 private:
  PyThreadState* state_;
};

}  // namespace convoy::python
