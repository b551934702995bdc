#include "tools/convoy/report_page.h"

#include <set>

#include <fmt/format.h>

#include "tools/convoy/html.h"

namespace convoy::cli {
namespace {

std::string figure(const std::string& value, const std::string& meaning) {
  return fmt::format("<div class=\"figure\"><b>{}</b><span>{}</span></div>\n", escape_html(value),
                     escape_html(meaning));
}

std::vector<std::vector<std::string>> operator_rows(const RewriteReport& report) {
  std::set<std::string> names;
  for (const auto& [name, count] : report.operators_before) names.insert(name);
  for (const auto& [name, count] : report.operators_after) names.insert(name);
  auto count = [](const std::map<std::string, int>& counts, const std::string& name) {
    auto found = counts.find(name);
    return std::to_string(found == counts.end() ? 0 : found->second);
  };
  std::vector<std::vector<std::string>> rows;
  for (const std::string& name : names) {
    rows.push_back({name, count(report.operators_before, name),
                    count(report.operators_after, name)});
  }
  return rows;
}

}  // namespace

std::string report_page(const RewriteReport& report, const std::string& model) {
  std::string body = "<div class=\"figures\">";
  body += figure(std::to_string(report.nodes_before), "nodes before");
  body += figure(std::to_string(report.nodes_after), "nodes after");
  body += figure(std::to_string(report.fired.size()), "rewrites");
  body += figure(fmt::format("{:.1f} ms", report.seconds * 1e3), "spent rewriting");
  body += "</div>\n<h2>Operators</h2>\n";
  body += html_table({"Operator", "Before", "After"}, operator_rows(report));
  std::vector<std::vector<std::string>> fired;
  for (const RewriteEntry& entry : report.fired) {
    fired.push_back({std::to_string(entry.number), entry.rule, entry.place, entry.before,
                     entry.after});
  }
  body += "<h2>What was rewritten</h2>\n";
  body += html_table({"#", "Rewrite", "At", "Before", "After"}, fired);
  std::vector<std::vector<std::string>> nearly;
  for (const RewriteEntry& entry : report.nearly) {
    nearly.push_back({entry.rule, entry.place, entry.before, entry.reason});
  }
  if (!nearly.empty()) {
    body += "<h2>What nearly was, and why not</h2>\n";
    body += html_table({"Rewrite", "At", "Operators", "Reason"}, nearly);
  }
  return html_page("Convoy: what was rewritten in " + model, body);
}

}  // namespace convoy::cli
