#include "runtime/rewrite/report.h"

#include <algorithm>
#include <iterator>

#include <fmt/format.h>
#include <nlohmann/json.hpp>

namespace convoy {
namespace {

// One line for each merge whose cost was weighed.
void add_estimates(const RewriteReport& report, fmt::memory_buffer& text) {
  auto out = std::back_inserter(text);
  bool any = false;
  for (const auto* list : {&report.fired, &report.nearly}) {
    for (const RewriteEntry& entry : *list) {
      if (entry.estimates.empty()) continue;
      if (!any) fmt::format_to(out, "merges weighed, estimated µs besides the arithmetic:\n");
      any = true;
      fmt::format_to(out, "  {} {} at {}:", list == &report.fired ? "merged" : "kept apart",
                     entry.before, entry.place);
      for (const MergeEstimate& estimate : entry.estimates) {
        fmt::format_to(out, " {} {:.1f} → {:.1f}{}", estimate.target, 1e6 * estimate.before,
                       1e6 * estimate.after, estimate.decides ? " (decides)" : "");
      }
      fmt::format_to(out, "\n");
    }
  }
}

nlohmann::json to_json(const std::vector<MergeEstimate>& estimates) {
  nlohmann::json array = nlohmann::json::array();
  for (const MergeEstimate& estimate : estimates) {
    array.push_back({{"target", estimate.target},
                     {"before_us", 1e6 * estimate.before},
                     {"after_us", 1e6 * estimate.after},
                     {"decides", estimate.decides}});
  }
  return array;
}

}  // namespace

std::map<std::string, int> RewriteReport::fired_by_rule() const {
  std::map<std::string, int> counts;
  for (const RewriteEntry& entry : fired) ++counts[entry.rule];
  return counts;
}

int RewriteReport::count(const std::string& rule) const {
  return static_cast<int>(std::count_if(fired.begin(), fired.end(),
                                        [&](const auto& entry) { return entry.rule == rule; }));
}

std::string RewriteReport::to_text() const {
  fmt::memory_buffer text;
  auto out = std::back_inserter(text);
  fmt::format_to(out, "{} nodes before, {} after\n", nodes_before, nodes_after);
  for (const auto& [rule, count] : fired_by_rule()) {
    fmt::format_to(out, "  {:<32} {}\n", rule, count);
  }
  for (const RewriteEntry& entry : fired) {
    if (entry.reason.empty()) continue;
    fmt::format_to(out, "  {} at {}, but: {}\n", entry.rule, entry.place, entry.reason);
  }
  add_estimates(*this, text);
  if (!nearly.empty()) fmt::format_to(out, "nearly:\n");
  for (const RewriteEntry& entry : nearly) {
    fmt::format_to(out, "  {} at {}: {}\n", entry.rule, entry.place, entry.reason);
  }
  if (stopped) fmt::format_to(out, "stopped after {} rewrites\n", fired.size());
  return fmt::to_string(text);
}

nlohmann::json to_json(const RewriteReport& report) {
  auto entries = [](const std::vector<RewriteEntry>& list, bool with_reason) {
    nlohmann::json array = nlohmann::json::array();
    for (const RewriteEntry& entry : list) {
      nlohmann::json item = {
          {"rule", entry.rule}, {"place", entry.place}, {"before", entry.before}};
      if (with_reason) {
        item["reason"] = entry.reason;
      } else {
        item["after"] = entry.after;
        item["number"] = entry.number;
        if (!entry.reason.empty()) item["but"] = entry.reason;
      }
      if (!entry.estimates.empty()) item["estimates"] = to_json(entry.estimates);
      array.push_back(std::move(item));
    }
    return array;
  };
  return {{"nodes_before", report.nodes_before},
          {"nodes_after", report.nodes_after},
          {"operators_before", report.operators_before},
          {"operators_after", report.operators_after},
          {"rules", report.fired_by_rule()},
          {"fired", entries(report.fired, false)},
          {"nearly", entries(report.nearly, true)},
          {"stopped", report.stopped},
          {"seconds", report.seconds}};
}

}  // namespace convoy
