#include "tools/convoy/html.h"

#include <fmt/format.h>

namespace convoy::cli {
namespace {

constexpr std::string_view kStyle = R"(
body { font: 15px/1.5 system-ui, sans-serif; max-width: 72rem; margin: 2rem auto; padding: 0 1rem;
       color: #1c2733; background: #fff; }
h1 { font-size: 1.5rem; } h2 { font-size: 1.1rem; margin-top: 2rem; }
table { border-collapse: collapse; width: 100%; font-variant-numeric: tabular-nums; }
th, td { text-align: left; padding: .25rem .75rem .25rem 0; border-bottom: 1px solid #dde3ea;
         vertical-align: top; overflow-wrap: anywhere; }
th { color: #5b6b7b; font-weight: 600; }
.figures { display: flex; flex-wrap: wrap; gap: 2.5rem; margin: 1rem 0; }
.figure b { display: block; font-size: 1.6rem; }
.figure span { color: #5b6b7b; }
@media (prefers-color-scheme: dark) {
  body { background: #12181f; color: #dbe4ec; } th, td { border-color: #2b3744; }
  th, .figure span { color: #93a4b5; }
}
)";

}  // namespace

std::string escape_html(std::string_view text) {
  std::string escaped;
  for (char c : text) {
    switch (c) {
      case '<': escaped += "&lt;"; break;
      case '>': escaped += "&gt;"; break;
      case '&': escaped += "&amp;"; break;
      case '"': escaped += "&quot;"; break;
      default: escaped += c;
    }
  }
  return escaped;
}

std::string html_table(const std::vector<std::string>& header,
                       const std::vector<std::vector<std::string>>& rows) {
  std::string table = "<table><thead><tr>";
  for (const std::string& cell : header) table += "<th>" + escape_html(cell) + "</th>";
  table += "</tr></thead><tbody>\n";
  for (const auto& row : rows) {
    table += "<tr>";
    for (const std::string& cell : row) table += "<td>" + escape_html(cell) + "</td>";
    table += "</tr>\n";
  }
  return table + "</tbody></table>\n";
}

std::string html_page(std::string_view title, const std::string& body) {
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>{0}</title><style>{1}</style></head>\n<body><h1>{0}</h1>\n{2}</body></html>\n",
      escape_html(title), kStyle, body);
}

}  // namespace convoy::cli
