// Pieces of self-contained HTML pages.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace convoy::cli {

// With <, >, & and quotes escaped.
std::string escape_html(std::string_view text);

// A table with a header row; cells are text, escaped here.
std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows);

// A whole page around `body`, styles inside.
std::string html_page(std::string_view title, const std::string& body);

}  // namespace convoy::cli
