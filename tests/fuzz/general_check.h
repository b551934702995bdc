// Does a random graph compute the same in every way that Convoy has to run it?
#pragma once

#include <string>

#include "tests/fuzz/general_graph.h"

namespace convoy::testing {

struct GeneralVerdict {
  std::string problem;  // empty if all ways agree
  std::string text;     // of the graph
};

// Runs graph number `number` of `seed` node by node with the reference kernels alone, which no plan
// has a part in, then in sessions: as it is and rewritten, with one thread and two, fed once and
// again, with other sizes where some are open, and from the optimized file. All must agree.
GeneralVerdict check_general_graph(uint64_t seed, int64_t number);

// Whether sessions of the graph, rewritten and not, give the same on the device as on the CPU
// (device_check.h).
GeneralVerdict check_general_graph_on(Device& device, uint64_t seed, int64_t number);

// Writes the model, its feeds and what the reference kernels give as a folder for `convoy test`:
// model.onnx, test_data_set_0/{input,output}_K.pb and, with other sizes, test_data_set_1.
void write_general_graph(uint64_t seed, int64_t number, const std::string& folder);

}  // namespace convoy::testing
