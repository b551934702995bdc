// Chooses kernels by measuring them, and remembers the choices in a file.
#pragma once

#include <map>
#include <string>

#include "runtime/base/fork.h"
#include "runtime/op/select_kernel.h"

namespace convoy {

// Thread-safe. Measured choices are bound to the processor, its instruction set and the number of
// threads; a file may hold those of several machines.
class Tuner {
 public:
  // Reads `path` if it exists. Throws kInvalidInput, with the file, if it is no tuning file.
  explicit Tuner(std::string path);

  // As select_kernel, but the fastest of the candidates that accept, the reference only where it is
  // the only one: the one remembered, or else found by running each on `threads`, with the
  // conversions of its inputs. The refusals say what each candidate took.
  KernelChoice choose(const OpDef& definition, KernelRequest& request, ThreadPool& threads);

  // Replaces the file at once if something was measured since. Throws kInvalidInput when it cannot
  // be written.
  void save();

 private:
  using Times = std::map<std::string, double>;  // seconds by kernel

  std::string problem_of(const KernelRequest& request) const;

  const std::string path_;
  const std::string machine_;
  ForkSafeMutex mutex_;
  std::map<std::string, std::map<std::string, Times>> measured_;  // by machine, then problem
  bool changed_ = false;
};

}  // namespace convoy
