// Draws a report's graph.
#pragma once

#include <string>

#include "tools/convoy/report_graph.h"

namespace convoy::cli {

// An <svg> element without scripts; boxes are <g class="n …" data-g="GROUP">. Colours and fonts are
// those of the page's style sheet: see report_style.h.
std::string graph_svg(const ReportGraph& graph);

// The hue, in degrees, of a merge group.
int group_hue(int group);

}  // namespace convoy::cli
