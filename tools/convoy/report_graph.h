// A graph as the boxes and edges that a report draws.
#pragma once

#include <string>
#include <unordered_map>
#include <utility>
#include <vector>

#include "runtime/graph/graph.h"

namespace convoy::cli {

struct ReportBox {
  enum class Kind { kInput, kOutput, kOperator, kMoving, kOmitted };
  Kind kind = Kind::kOperator;  // kMoving: moves data only, drawn quietly
  std::string title;            // "Conv 3×3"
  std::string detail;           // "1×8×16"
  std::string tooltip;
  int group = -1;  // of merge_groups
  int count = 1;   // alike siblings that the box stands for
};

struct ReportGraph {
  std::vector<ReportBox> boxes;  // in topological order
  std::vector<std::pair<int, int>> edges;
  size_t left_out = 0;  // nodes that are not drawn because there are too many
};

struct ReportGraphOptions {
  bool siblings_as_one = false;
  size_t most_boxes = 1500;
};

// groups: by label of a node.
ReportGraph report_graph(const Graph& graph, const std::unordered_map<std::string, int>& groups,
                         const ReportGraphOptions& options);

}  // namespace convoy::cli
