// convoy profile: what each step of a run takes.
#include <algorithm>
#include <cstdio>
#include <map>

#include <nlohmann/json.hpp>

#include "runtime/base/output_file.h"
#include "tools/convoy/command.h"
#include "tools/convoy/feeds.h"
#include "tools/convoy/html.h"
#include "tools/convoy/model_options.h"

namespace convoy::cli {
namespace {

struct ProfileOptions {
  ModelOptions model;
  FeedOptions feeds;
  std::string trace;
  std::string html;
  int runs = 20;
};

double milliseconds(std::chrono::nanoseconds time) {
  return static_cast<double>(time.count()) / 1e6;
}

// The run with the median total of several, after two that warm up.
std::vector<StepTime> median_run(Session& session, const Feeds& feeds, int runs) {
  std::vector<std::pair<double, std::vector<StepTime>>> all;
  for (int i = 0; i < runs + 2; ++i) {
    std::vector<StepTime> steps;
    session.profile(feeds, steps);
    double total = 0;
    for (const StepTime& step : steps) total += milliseconds(step.duration);
    if (i >= 2) all.emplace_back(total, std::move(steps));
  }
  std::sort(all.begin(), all.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  return all[all.size() / 2].second;
}

using Rows = std::vector<std::vector<std::string>>;

Rows step_rows(const std::vector<StepTime>& steps) {
  double total = 0;
  for (const StepTime& step : steps) total += milliseconds(step.duration);
  std::vector<const StepTime*> sorted;
  for (const StepTime& step : steps) sorted.push_back(&step);
  std::stable_sort(sorted.begin(), sorted.end(),
                   [](const StepTime* a, const StepTime* b) { return a->duration > b->duration; });
  Rows rows;
  for (const StepTime* step : sorted) {
    double time = milliseconds(step->duration);
    rows.push_back({fmt::format("{:.4f}", time), fmt::format("{:.1f} %", 100 * time / total),
                    step->op_type, step->kernel, step->output_type, step->name});
  }
  return rows;
}

Rows operator_rows(const std::vector<StepTime>& steps) {
  std::map<std::string, std::pair<double, int>> sums;
  for (const StepTime& step : steps) {
    auto& [time, count] = sums[step.op_type + " (" + step.kernel + ")"];
    time += milliseconds(step.duration);
    ++count;
  }
  std::vector<std::pair<double, std::string>> order;
  for (const auto& [name, sum] : sums) order.emplace_back(sum.first, name);
  std::sort(order.rbegin(), order.rend());
  Rows rows;
  for (const auto& [time, name] : order) {
    rows.push_back({fmt::format("{:.4f}", time), std::to_string(sums[name].second), name});
  }
  return rows;
}

// Chrome's trace event format: complete events, times in microseconds.
std::string trace_json(const std::vector<StepTime>& steps) {
  nlohmann::json events = nlohmann::json::array();
  for (const StepTime& step : steps) {
    events.push_back(
        {{"name", step.op_type},
         {"cat", step.kernel},
         {"ph", "X"},
         {"pid", 1},
         {"tid", 1},
         {"ts", static_cast<double>(step.start.count()) / 1e3},
         {"dur", static_cast<double>(step.duration.count()) / 1e3},
         {"args", {{"node", step.name}, {"output", step.output_type}, {"device", step.device}}}});
  }
  return nlohmann::json{{"traceEvents", events}}.dump() + "\n";
}

int run_profile(const ProfileOptions& options) {
  auto session = open_session(options.model);
  Feeds feeds = make_feeds(*session, options.feeds);
  std::vector<StepTime> steps = median_run(*session, feeds, options.runs);
  Rows by_operator = operator_rows(steps);
  Rows by_step = step_rows(steps);
  for (const auto& row : by_operator) {
    std::printf("%9s ms  %4sx  %s\n", row[0].c_str(), row[1].c_str(), row[2].c_str());
  }
  std::printf("\n");
  for (const auto& row : by_step) {
    std::printf("%9s ms %7s  %-18s %-14s %-26s %s\n", row[0].c_str(), row[1].c_str(),
                row[2].c_str(), row[3].c_str(), row[4].c_str(), row[5].c_str());
  }
  if (!options.trace.empty()) write_file(options.trace, trace_json(steps));
  if (!options.html.empty()) {
    std::string body = "<h2>By operator</h2>\n" +
                       html_table({"ms", "Steps", "Operator (kernel)"}, by_operator) +
                       "<h2>By step</h2>\n" +
                       html_table({"ms", "Share", "Operator", "Kernel", "Output", "Node"}, by_step);
    write_file(options.html, html_page("Convoy: profile of " + options.model.path, body));
  }
  return kDone;
}

}  // namespace

void add_profile(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<ProfileOptions>();
  CLI::App* command =
      add_command(app, chosen, options, "profile", "Print what each step of a run takes",
                  "convoy profile model.onnx --trace trace.json", run_profile);
  add_model_options(*command, options->model);
  add_feed_options(*command, options->feeds);
  command->add_option("--trace", options->trace, "write Chrome trace events");
  command->add_option("--html", options->html, "write a page");
  command->add_option("--runs", options->runs, "runs, of which the median is shown")
      ->check(CLI::PositiveNumber)
      ->capture_default_str();
}

}  // namespace convoy::cli
