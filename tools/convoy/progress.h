// A progress bar for a person at a terminal.
#pragma once

#include <chrono>
#include <string>

namespace convoy::cli {

// Draws on stderr, if that is a terminal, once a second has passed; erased at the end.
class Progress {
 public:
  explicit Progress(std::string label);
  ~Progress();
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;

  // share: of the work done, 0 to 1.
  void show(double share);

 private:
  std::string label_;
  bool terminal_;
  bool drawn_ = false;
  std::chrono::steady_clock::time_point start_;
  std::chrono::steady_clock::time_point last_;
};

}  // namespace convoy::cli
