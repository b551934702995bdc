#include "tools/convoy/merge_groups.h"

#include <algorithm>

namespace convoy::cli {
namespace {

int group_among(const std::vector<std::string>& labels,
                const std::unordered_map<std::string, int>& groups) {
  for (const std::string& label : labels) {
    if (auto found = groups.find(label); found != groups.end()) return found->second;
  }
  return -1;
}

}  // namespace

bool is_merge(const RewriteEntry& entry) {
  return entry.rule.starts_with("merge_") && !entry.rule.starts_with("merge_equal_");
}

MergeGroups merge_groups(const RewriteReport& report) {
  MergeGroups groups;
  std::vector<int> group_of(report.fired.size(), -1);
  for (size_t i = 0; i < report.fired.size(); ++i) {
    const RewriteEntry& entry = report.fired[i];
    int group = group_among(entry.removed, groups.after);
    if (is_merge(entry)) {
      if (group < 0) {
        group = static_cast<int>(groups.merges.size());
        groups.merges.emplace_back();
      }
      groups.merges[static_cast<size_t>(group)].push_back(&entry);
      group_of[i] = group;
    }
    if (group < 0) continue;
    for (const std::string& label : entry.added) groups.after[label] = group;
  }
  // What was rewritten before it was merged belongs to the merge too.
  for (size_t i = report.fired.size(); i-- > 0;) {
    const RewriteEntry& entry = report.fired[i];
    int group = group_of[i] >= 0 ? group_of[i] : group_among(entry.added, groups.before);
    if (group < 0) continue;
    for (const std::string& label : entry.removed) groups.before.try_emplace(label, group);
  }
  return groups;
}

}  // namespace convoy::cli
