// convoy explain: which rewrites fired and which kernel runs each node, and why.
#include <cstdio>

#include "tools/convoy/command.h"
#include "tools/convoy/feeds.h"
#include "tools/convoy/model_options.h"

namespace convoy::cli {
namespace {

struct ExplainOptions {
  ModelOptions model;
  FeedOptions feeds;
};

int run_explain(const ExplainOptions& options) {
  auto session = open_session(options.model);
  Feeds feeds = make_feeds(*session, options.feeds);
  std::printf("%s\n%s", session->report().to_text().c_str(), session->explain(feeds).c_str());
  return kDone;
}

}  // namespace

void add_explain(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ExplainOptions>();
  CLI::App* command = add_command(app, chosen, options, "explain",
                                  "Print the rewrites and the plan: kernel by node, and why",
                                  "convoy explain model.onnx --shape x=1x3x224x224", run_explain);
  add_model_options(*command, options->model);
  add_feed_options(*command, options->feeds);
}

}  // namespace convoy::cli
