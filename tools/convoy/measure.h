// How long a model takes before and after it was rewritten.
#pragma once

#include <optional>
#include <string>

#include "runtime/session/session.h"

namespace convoy::cli {

struct Measured {
  std::optional<double> before_ms;  // medians
  std::optional<double> after_ms;
  std::string sizes;   // that were fed for those left open: ", with 16 for open sizes"
  std::string remark;  // on what was measured, or why it was not
};

// Runs both in turn on one thread for about `seconds` in all, with Convoy's kernels and fusions but
// without the rewrites that `optimize` makes. Feeds fit both. Errors of the models become the
// remark.
Measured measure(Model before, Model after, const Feeds& feeds, double seconds);

}  // namespace convoy::cli
