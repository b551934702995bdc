#include "runtime/base/log.h"

#include <cstdio>
#include <memory>

#include "runtime/base/fork.h"

namespace convoy {
namespace {

struct Sink {
  ForkSafeMutex mutex;
  std::shared_ptr<const WarningSink> current = std::make_shared<const WarningSink>(print_warning);
};

Sink& sink() {
  static Sink instance;
  return instance;
}

thread_local int silences = 0;  // SilentThreads that live

}  // namespace

SilentThread::SilentThread() { ++silences; }

SilentThread::~SilentThread() { --silences; }

void print_warning(std::string_view message) {
  std::fprintf(stderr, "convoy: warning: %.*s\n", static_cast<int>(message.size()), message.data());
}

void set_warning_sink(WarningSink replacement) {
  auto wrapped = std::make_shared<const WarningSink>(std::move(replacement));
  std::lock_guard lock(sink().mutex);
  sink().current = std::move(wrapped);
}

void warn(std::string_view message) {
  if (silences > 0) return;
  std::shared_ptr<const WarningSink> current;
  {
    std::lock_guard lock(sink().mutex);
    current = sink().current;
  }
  if (*current) (*current)(message);
}

}  // namespace convoy
