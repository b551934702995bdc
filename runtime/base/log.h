// Warnings for the person who runs a model; everything else is an Error or a report.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace convoy {

using WarningSink = std::function<void(std::string_view)>;

// Where warnings go by default: to stderr, one line each.
void print_warning(std::string_view message);

// Replaces where warnings go. Thread-safe; threads may call the sink at once.
void set_warning_sink(WarningSink sink);

// While one lives, warnings of its thread are dropped. Nests.
class SilentThread {
 public:
  SilentThread();
  ~SilentThread();
  SilentThread(const SilentThread&) = delete;
  SilentThread& operator=(const SilentThread&) = delete;
};

// Thread-safe.
void warn(std::string_view message);

}  // namespace convoy
