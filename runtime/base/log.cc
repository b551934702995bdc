#include "runtime/base/log.h"

#include <cstdio>
#include <mutex>

namespace convoy {
namespace {

std::mutex& sink_mutex() {
  static std::mutex mutex;
  return mutex;
}

WarningSink& sink() {
  static WarningSink instance = [](std::string_view message) {
    std::fprintf(stderr, "convoy: warning: %.*s\n", static_cast<int>(message.size()),
                 message.data());
  };
  return instance;
}

}  // namespace

void set_warning_sink(WarningSink replacement) {
  std::lock_guard lock(sink_mutex());
  sink() = std::move(replacement);
}

void warn(std::string_view message) {
  std::lock_guard lock(sink_mutex());
  if (sink()) sink()(message);
}

}  // namespace convoy
