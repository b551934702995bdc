// A rewrite report as a page.
#pragma once

#include <string>

#include "runtime/rewrite/report.h"

namespace convoy::cli {

// One self-contained HTML file: figures, operators before and after, what fired, what nearly fired
// and why not. `model` names the model in the title.
std::string report_page(const RewriteReport& report, const std::string& model);

}  // namespace convoy::cli
