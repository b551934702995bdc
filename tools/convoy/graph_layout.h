// Places the boxes of a graph in layers, from top to bottom.
#pragma once

#include <span>
#include <utility>
#include <vector>

namespace convoy::cli {

struct LayoutPoint {
  double x = 0;
  double y = 0;
};

struct LayoutSize {
  double width = 0;
  double height = 0;
};

struct GraphLayout {
  std::vector<LayoutPoint> boxes;               // top left corners
  std::vector<std::vector<LayoutPoint>> edges;  // from the lower side of a box to the upper of one
  LayoutSize size;
};

// Edges are pairs of box numbers, the first below the second: boxes come in topological order.
// Each box lies in a layer below all boxes that lead to it; edges go around boxes in between.
GraphLayout lay_out(std::span<const LayoutSize> boxes, std::span<const std::pair<int, int>> edges);

}  // namespace convoy::cli
