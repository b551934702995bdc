#include "tools/convoy/progress.h"

#include <unistd.h>

#include <algorithm>
#include <cstdio>

namespace convoy::cli {

Progress::Progress(std::string label)
    : label_(std::move(label)),
      terminal_(isatty(STDERR_FILENO) == 1),
      start_(std::chrono::steady_clock::now()),
      last_(start_) {}

Progress::~Progress() {
  if (drawn_) std::fprintf(stderr, "\r\033[K");
}

void Progress::show(double share) {
  using std::chrono::milliseconds;
  if (!terminal_) return;
  auto now = std::chrono::steady_clock::now();
  if (now - start_ < milliseconds(1000) || now - last_ < milliseconds(100)) return;
  last_ = now;
  drawn_ = true;
  constexpr int kWidth = 30;
  int filled = static_cast<int>(std::clamp(share, 0.0, 1.0) * kWidth);
  std::fprintf(stderr, "\r%s [%s%s] %3.0f %%", label_.c_str(),
               std::string(static_cast<size_t>(filled), '#').c_str(),
               std::string(static_cast<size_t>(kWidth - filled), ' ').c_str(),
               std::clamp(share, 0.0, 1.0) * 100);
  std::fflush(stderr);
}

}  // namespace convoy::cli
