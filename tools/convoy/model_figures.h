// Figures of a model for a report.
#pragma once

#include <cstdint>

#include "runtime/graph/graph.h"

namespace convoy::cli {

struct ModelFigures {
  int64_t nodes = 0;    // bodies included
  int64_t weights = 0;  // elements of constants
  int64_t weight_bytes = 0;
  // Additions and multiplications counted one each, in convolutions, matrix products, pooling and
  // elementwise operators; dimensions that are not known count as 1, bodies as run once.
  double operations = 0;
};

ModelFigures figures_of(const Graph& graph);

}  // namespace convoy::cli
