#include "tools/convoy/report_page.h"

#include <algorithm>
#include <cmath>
#include <functional>
#include <map>
#include <set>

#include <fmt/format.h>

#include "tools/convoy/graph_svg.h"
#include "tools/convoy/html.h"
#include "tools/convoy/merge_groups.h"
#include "tools/convoy/report_style.h"

namespace convoy::cli {
namespace {

constexpr size_t kFewBoxes = 80;     // up to here every node is drawn at first
constexpr size_t kManyBoxes = 1500;  // up to here every node can be drawn
constexpr size_t kMostRows = 100;    // of one rule

std::string plural(size_t count, const std::string& word) {
  return fmt::format("{} {}{}", count, word, count == 1 ? "" : "s");
}

std::string scaled(double value, const char* unit, double base = 1000) {
  constexpr const char* kPrefixes[] = {"", "k", "M", "G", "T"};
  size_t prefix = 0;
  while (value >= base && prefix < 4) {
    value /= base;
    ++prefix;
  }
  std::string number = value >= 100 || value == std::floor(value) ? fmt::format("{:.0f}", value)
                                                                  : fmt::format("{:.3g}", value);
  return fmt::format("{} {}{}", number, kPrefixes[prefix], unit);
}

// A figure before and after, with a bar of what is left.
std::string figure(const std::string& name, double before, double after,
                   const std::function<std::string(double)>& text) {
  double share = before > 0 ? after / before : 1;
  std::string shown_before = text(before);
  std::string shown_after = text(after);
  std::string change = shown_before == shown_after
                           ? shown_after
                           : fmt::format("<i>{} →</i> {}", shown_before, shown_after);
  return fmt::format(
      "<div class=\"figure\"><span>{}</span><b>{}</b>"
      "<div class=\"bar{}\"><i style=\"width:{:.1f}%\"></i></div></div>\n",
      name, change, share > 1.001 ? " up" : "", 100 * std::min(share, 1.0));
}

std::string figures(const ReportContent& content) {
  const ModelFigures& before = content.figures_before;
  const ModelFigures& after = content.figures_after;
  auto count = [](double value) { return fmt::format("{:.0f}", value); };
  std::string html = "<div class=\"figures\">\n";
  html += figure("nodes", double(before.nodes), double(after.nodes), count);
  html += figure("weights", double(before.weight_bytes), double(after.weight_bytes),
                 [](double bytes) { return scaled(bytes, "B"); });
  html += figure("floating-point operations a run" + escape_html(content.measured.sizes),
                 before.operations, after.operations,
                 [](double value) { return scaled(value, "FLOP"); });
  const Measured& measured = content.measured;
  if (measured.before_ms && measured.after_ms) {
    html +=
        figure("time of a run" + escape_html(measured.sizes), *measured.before_ms,
               *measured.after_ms, [](double ms) {
                 return ms < 1 ? fmt::format("{:.0f} µs", ms * 1e3) : fmt::format("{:.3g} ms", ms);
               });
  } else {
    html += fmt::format(
        "<div class=\"figure\"><span>time of a run</span><b>not measured</b>"
        "<span>{}</span></div>\n",
        escape_html(measured.remark));
  }
  html += "</div>\n";
  if (measured.before_ms) {
    html += fmt::format("<p class=\"soft\">Times: {}.</p>\n", escape_html(measured.remark));
  }
  return html;
}

std::string view(const ReportGraph& graph, bool as_one, bool hidden) {
  std::string note;
  if (graph.left_out > 0) {
    note = fmt::format("<p class=\"soft\">&nbsp; {} more boxes are not drawn.</p>", graph.left_out);
  }
  return fmt::format("<div class=\"view\" data-siblings=\"{}\"{}>{}{}</div>\n",
                     as_one ? "one" : "each", hidden ? " hidden" : "", note, graph_svg(graph));
}

std::string panel(const std::string& title, const Graph& graph,
                  const std::unordered_map<std::string, int>& groups) {
  ReportGraph together = report_graph(graph, groups, {true, kManyBoxes});
  std::string views, button;
  bool each_fits = graph.node_count() <= kManyBoxes;
  bool each_first = each_fits && graph.node_count() <= kFewBoxes;
  if (each_fits)
    views += view(report_graph(graph, groups, {false, kManyBoxes + 500}), false, !each_first);
  bool differs = together.boxes.size() < graph.node_count();
  if (!each_fits || differs) views += view(together, true, each_first);
  if (each_fits && differs) {
    button = fmt::format(
        "<button data-do=\"siblings\" aria-pressed=\"{}\" title=\"Draw nodes that "
        "look alike and read the same as one box\">siblings as one</button>",
        !each_first);
  }
  if (each_fits && !differs && !each_first) {
    views = view(report_graph(graph, groups, {false, kManyBoxes + 500}), false, false);
  }
  return fmt::format(
      "<figure><figcaption><b>{} <span class=\"soft\">{}</span></b>{}"
      "<button data-do=\"out\" title=\"Zoom out\">−</button>"
      "<button data-do=\"in\" title=\"Zoom in\">+</button>"
      "<button data-do=\"fit\" title=\"All of it\">fit</button></figcaption>\n{}"
      "</figure>\n",
      title, plural(graph.node_count(), "node"), button, views);
}

std::string merges(const MergeGroups& groups) {
  std::string html = "<h2>Branches that were merged</h2>\n";
  if (groups.merges.empty()) return html + "<p class=\"soft\">None.</p>\n";
  size_t shown = 0;
  for (size_t g = 0; g < groups.merges.size(); ++g) {
    for (const RewriteEntry* entry : groups.merges[g]) {
      if (++shown > kMostRows) continue;
      html += fmt::format(
          "<div class=\"merge\" data-g=\"{}\" style=\"--h:{}\"><b>{}</b><br>became {}"
          "<br><span class=\"soft\">at <code>{}</code></span>{}</div>\n",
          g, group_hue(static_cast<int>(g)), escape_html(entry->before), escape_html(entry->after),
          escape_html(entry->place),
          entry->reason.empty() ? "" : "<br>Not the others: " + escape_html(entry->reason) + ".");
    }
  }
  if (shown > kMostRows) {
    html += fmt::format("<p class=\"soft\">… and {} more.</p>\n", shown - kMostRows);
  }
  return html;
}

std::string listing(const std::vector<std::vector<std::string>>& rows,
                    const std::vector<std::string>& header) {
  std::vector<std::vector<std::string>> shown(
      rows.begin(), rows.begin() + static_cast<int64_t>(std::min(rows.size(), kMostRows)));
  std::string html = html_table(header, shown);
  if (rows.size() > kMostRows) {
    html += fmt::format("<p class=\"soft\">… and {} more.</p>\n", rows.size() - kMostRows);
  }
  return html;
}

std::string near_misses(const RewriteReport& report) {
  std::string html = "<h2>What nearly fired, and why not</h2>\n";
  if (report.nearly.empty()) return html + "<p class=\"soft\">Nothing.</p>\n";
  using Key = std::pair<std::string, std::string>;
  std::map<Key, std::vector<std::vector<std::string>>> by_reason;
  for (const RewriteEntry& entry : report.nearly) {
    by_reason[{entry.rule, entry.reason}].push_back({entry.place, entry.before});
  }
  std::vector<const std::pair<const Key, std::vector<std::vector<std::string>>>*> sorted;
  for (const auto& item : by_reason) sorted.push_back(&item);
  std::stable_sort(sorted.begin(), sorted.end(), [](const auto* a, const auto* b) {
    auto rank = [](const auto* item) {
      return std::pair(item->first.first.starts_with("merge_") ? 0 : 1, -int(item->second.size()));
    };
    return rank(a) < rank(b);
  });
  for (const auto* item : sorted) {
    html += fmt::format(
        "<details><summary><code>{}</code> — {} <span class=\"count\">· {}</span>"
        "</summary>\n{}</details>\n",
        escape_html(item->first.first), escape_html(item->first.second),
        plural(item->second.size(), "place"), listing(item->second, {"At", "Operators"}));
  }
  return html;
}

std::string fired(const RewriteReport& report) {
  std::string html = "<h2>What fired, and where</h2>\n";
  if (report.fired.empty()) return html + "<p class=\"soft\">Nothing.</p>\n";
  std::map<std::string, std::vector<std::vector<std::string>>> by_rule;
  std::vector<std::string> order;
  for (const RewriteEntry& entry : report.fired) {
    auto& rows = by_rule[entry.rule];
    if (rows.empty()) order.push_back(entry.rule);
    rows.push_back({std::to_string(entry.number), entry.place, entry.before, entry.after});
  }
  for (const std::string& rule : order) {
    html += fmt::format(
        "<details><summary><code>{}</code> <span class=\"count\">· {}</span>"
        "</summary>\n{}</details>\n",
        escape_html(rule), plural(by_rule[rule].size(), "time"),
        listing(by_rule[rule], {"#", "At", "Before", "After"}));
  }
  return html;
}

std::string operators(const RewriteReport& report) {
  std::set<std::string> names;
  for (const auto& [name, count] : report.operators_before) names.insert(name);
  for (const auto& [name, count] : report.operators_after) names.insert(name);
  auto count = [](const std::map<std::string, int>& counts, const std::string& name) {
    auto found = counts.find(name);
    return found == counts.end() ? 0 : found->second;
  };
  std::string html =
      "<h2>Operators</h2>\n<table><thead><tr><th>Operator</th>"
      "<th class=\"number\">Before</th><th class=\"number\">After</th></tr></thead>"
      "<tbody>\n";
  for (const std::string& name : names) {
    html += fmt::format(
        "<tr><td>{}</td><td class=\"number\">{}</td><td class=\"number\">{}</td>"
        "</tr>\n",
        escape_html(name), count(report.operators_before, name),
        count(report.operators_after, name));
  }
  return html + "</tbody></table>\n";
}

// With the folder where the file's own name says nothing.
std::string file_name(const std::string& path) {
  size_t slash = path.find_last_of('/');
  if (slash != std::string::npos && slash > 0 && path.substr(slash + 1) == "model.onnx") {
    slash = path.find_last_of('/', slash - 1);
  }
  return path.substr(slash + 1);
}

}  // namespace

std::string report_page(const ReportContent& content) {
  const RewriteReport& report = content.report;
  MergeGroups groups = merge_groups(report);
  std::string body =
      fmt::format("<h1>{} <small>optimized for {}: {} in {:.0f} ms</small></h1>\n",
                  escape_html(file_name(content.model)), escape_html(content.target),
                  plural(report.fired.size(), "rewrite"), std::ceil(report.seconds * 1e3));
  body += figures(content);
  body += "<div class=\"graphs\">\n" + panel("Before", content.before, groups.before) +
          panel("After", content.after, groups.after) + "</div>\n";
  body +=
      "<p class=\"soft\">Drag to move, wheel to zoom, double-click for all of it. Colours: "
      "what was merged, and what it became. Dashed: inputs and outputs.</p>\n";
  body += "<div class=\"two\"><div>" + merges(groups) + near_misses(report) + fired(report) +
          "</div><div>" + operators(report) + "</div></div>\n";
  return fmt::format(
      "<!doctype html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<title>Convoy: {}</title>\n<style>{}</style></head>\n<body><main>{}</main>\n"
      "<script>{}</script></body></html>\n",
      escape_html(file_name(content.model)), report_style(), body, report_script());
}

}  // namespace convoy::cli
