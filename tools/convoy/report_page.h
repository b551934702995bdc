// What the optimizer did, as an HTML page.
#pragma once

#include <string>

#include "runtime/graph/graph.h"
#include "runtime/rewrite/report.h"
#include "tools/convoy/measure.h"
#include "tools/convoy/model_figures.h"

namespace convoy::cli {

struct ReportContent {
  std::string model;  // as the user named it
  std::string target;
  const Graph& before;  // with types as far as they can be inferred
  const Graph& after;
  const RewriteReport& report;
  ModelFigures figures_before;
  ModelFigures figures_after;
  Measured measured;
};

// One file without links to others: graphs side by side, figures, what fired and nearly fired.
std::string report_page(const ReportContent& content);

}  // namespace convoy::cli
