// convoy optimize: rewrites a model file into a better one that any runtime loads.
#include <cstdio>
#include <fstream>
#include <functional>

#include <nlohmann/json.hpp>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/base/output_file.h"
#include "runtime/onnx/inference.h"
#include "runtime/op/type_rule.h"
#include "runtime/rewrite/optimize.h"
#include "tools/convoy/command.h"
#include "tools/convoy/feeds.h"
#include "tools/convoy/nearest.h"
#include "tools/convoy/report_page.h"
#include "tools/convoy/sizes.h"
#include "tools/convoy/verify.h"

namespace convoy::cli {
namespace {

struct OptimizeOptions {
  std::string in;
  std::string out;
  std::string report;
  std::string target = "convoy";
  std::vector<std::string> skip;
  std::vector<std::string> only;
  FeedOptions feeds;
  bool verify = false;
};

constexpr double kMeasureSeconds = 1.5;

// Figures with the sizes that are fed, where those decide the rest.
ModelFigures sized_figures(Model model, const Feeds& feeds) {
  Graph& graph = model.graph;
  for (size_t i = 0; i < graph.value_count(); ++i) {
    auto id = static_cast<ValueId>(i);
    const ValueInfo& info = graph.value(id);
    if (!info.removed && !info.is_input && !info.initializer) graph.set_type(id, {});
  }
  for (const auto& [name, value] : feeds) {
    ValueId input = graph.find_value(name);
    if (!value.is_tensor() || input == ValueId::kNone) continue;
    graph.set_type(input, ValueType::tensor(value.tensor().dtype(), value.tensor().shape()));
  }
  infer_model_types(model, type_rule(Registry::standard()));
  return figures_of(graph);
}

// Runs both models on inputs of the first size that they take, and counts what they do then.
// Larger sizes are tried first, as small ones time overheads.
void add_figures(ReportContent& content, const OptimizeOptions& options,
                 const std::function<Model()>& after) {
  SessionOptions plain;
  plain.optimize = false;
  std::vector<Sizing> sizes = {{16, 16}, {8, 8}, {3, 3}, {1, 1}};
  sizes.insert(sizes.end(), sizings().begin() + 3, sizings().end());
  bool open = true;
  for (const Sizing& size : sizes) {
    if (!open) return;
    try {
      Session described(after(), plain);
      open = has_open_sizes(described);
      if (!is_feasible(described, size)) continue;
      Feeds feeds = sized_feeds(described, options.feeds, size, 0);
      content.measured = measure(read_model(options.in), after(), feeds, kMeasureSeconds);
      if (!content.measured.before_ms && open) continue;
      content.figures_before = sized_figures(read_model(options.in), feeds);
      content.figures_after = sized_figures(after(), feeds);
      if (open && options.feeds.shapes.empty() && options.feeds.inputs.empty()) {
        content.measured.sizes = fmt::format(", {} for sizes left open", to_string(size));
      }
      return;
    } catch (const Error& error) {
      content.measured.remark = error.message();
    }
  }
}

// To be called before the optimized model is written: that may be over the one that was read.
std::string html_report(const RewriteReport& report, const Model& optimized,
                        const OptimizeOptions& options) {
  std::string bytes = serialize_model(optimized);
  auto written = [&] { return read_model_bytes(std::as_bytes(std::span(bytes)), options.out); };
  Model before = read_model(options.in);
  infer_model_types(before, type_rule(Registry::standard()));
  Model after = written();
  infer_model_types(after, type_rule(Registry::standard()));
  ReportContent content{options.in,
                        options.target,
                        before.graph,
                        after.graph,
                        report,
                        figures_of(before.graph),
                        figures_of(after.graph),
                        {}};
  add_figures(content, options, written);
  return report_page(content);
}

std::string report_text(const RewriteReport& report, const Model& optimized,
                        const OptimizeOptions& options) {
  bool json = options.report.ends_with(".json");
  check_input(json || options.report.ends_with(".html"),
              "--report: '{}' ends neither in .html nor in .json", options.report);
  return json ? to_json(report).dump(1) + "\n" : html_report(report, optimized, options);
}

void check_names(const std::vector<std::string>& names, const std::string& option) {
  std::vector<std::string> known = rewrite_names();
  for (const std::string& name : names) {
    if (std::find(known.begin(), known.end(), name) != known.end()) continue;
    std::string nearest = nearest_name(name, known);
    std::string hint = nearest.empty() ? "" : fmt::format("; did you mean '{}'?", nearest);
    fail(ErrorCode::kInvalidInput, "{}: there is no rewrite '{}'{}", option, name, hint);
  }
}

int run_optimize(const OptimizeOptions& options) {
  check_names(options.skip, "--skip");
  check_names(options.only, "--only");
  Model model = read_model(options.in);
  RewriteOptions rewrite;
  rewrite.target = parse_target(options.target);
  rewrite.skip = options.skip;
  rewrite.only = options.only;
  RewriteReport report = optimize_graph(model, rewrite);
  if (options.verify) {
    std::string bytes = serialize_model(model);
    Model written = read_model_bytes(std::as_bytes(std::span(bytes)), options.out);
    std::printf("%s", verify(read_model(options.in), std::move(written), options.feeds).c_str());
  }
  std::string text = options.report.empty() ? "" : report_text(report, model, options);
  write_model(model, options.out);
  if (!text.empty()) write_file(options.report, text);
  std::printf("%s", report.to_text().c_str());
  return kDone;
}

}  // namespace

void add_optimize(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<OptimizeOptions>();
  CLI::App* command = add_command(
      app, chosen, options, "optimize", "Rewrite a model file into a better one, for any runtime",
      "convoy optimize model.onnx better.onnx --verify --report report.html", run_optimize);
  command->add_option("IN", options->in, "an .onnx file")->required();
  command->add_option("OUT", options->out, "where to write")->required();
  command->add_option("--report", options->report, "what was done, as .html or .json");
  command->add_flag("--verify", options->verify,
                    "compare both models on random inputs; write nothing if they differ");
  command->add_option("--target", options->target, "for whom: decides whether a merge pays")
      ->check(CLI::IsMember({"convoy", "ort", "any"}))
      ->capture_default_str();
  command->add_option("--skip", options->skip, "names of rewrites to leave out");
  command->add_option("--only", options->only, "names of the only rewrites to use");
  command->add_option("--shape", options->feeds.shapes,
                      "NAME=1x3x224x224, for --verify and the report's times");
  command->add_option("--input", options->feeds.inputs,
                      "NAME=FILE.npy or NAME=FILE.pb, for --verify and the report's times");
}

}  // namespace convoy::cli
