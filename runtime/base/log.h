// Warnings for the person who runs a model; everything else is an Error or a report.
#pragma once

#include <functional>
#include <string>
#include <string_view>

namespace convoy {

using WarningSink = std::function<void(std::string_view)>;

// Replaces where warnings go (stderr, one line each, by default). Thread-safe; threads may call the
// sink at once.
void set_warning_sink(WarningSink sink);

// Thread-safe.
void warn(std::string_view message);

}  // namespace convoy
