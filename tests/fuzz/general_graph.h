// Random graphs of the kind that networks are: values with several readers, joins, splits, views,
// blocked and plain neighbours, residuals.
#pragma once

#include <memory>

#include "tests/fuzz/graph_writer.h"

namespace convoy::testing {

struct GeneralGraph {
  std::unique_ptr<GraphWriter> writer;  // the model and what to feed
  std::string text;                     // its operators, for messages
};

// Always the same for a seed. Batches of 1 to 5; the batch and a spatial size may be open.
GeneralGraph make_general_graph(uint64_t seed);

}  // namespace convoy::testing
