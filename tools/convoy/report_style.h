// The style sheet and the script of the optimizer's report.
#pragma once

#include <string_view>

namespace convoy::cli {

std::string_view report_style();
std::string_view report_script();

}  // namespace convoy::cli
