// convoy run: feeds a model once and says what came out.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <limits>

#include "loaders/tensor_files/npy.h"
#include "loaders/tensor_files/tensor_pb.h"
#include "tools/convoy/command.h"
#include "tools/convoy/feeds.h"
#include "tools/convoy/model_options.h"

namespace convoy::cli {
namespace {

struct RunOptions {
  ModelOptions model;
  FeedOptions feeds;
  std::string output;
};

constexpr size_t kEntriesShown = 8;

// "{a: 0.25, b: 0.75}", the first entries of a map.
std::string summarize(const Map& map) {
  const Tensor values = map.values.contiguous();
  const auto count = static_cast<size_t>(values.count());
  std::string text = "{";
  for (size_t i = 0; i < std::min(count, kEntriesShown); ++i) {
    if (i > 0) text += ", ";
    text += std::visit([&](const auto& keys) { return fmt::format("{}: ", keys[i]); }, map.keys);
    visit_dtype_among<float, double, int64_t, std::string>(values.dtype(), [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T& entry = values.values<T>()[i];
      if constexpr (std::is_floating_point_v<T>) {
        text += fmt::format("{:.6g}", entry);
      } else {
        text += fmt::format("{}", entry);
      }
    });
  }
  return text + (count > kEntriesShown ? ", ...}" : "}");
}

std::string summarize(const Sequence& sequence) {
  std::string text = fmt::format("sequence of {}", sequence.elements.size());
  if (sequence.elements.empty() || !sequence.elements[0].is_map()) return text;
  return text + "  " + summarize(sequence.elements[0].map()) +
         (sequence.elements.size() > 1 ? ", ..." : "");
}

std::string summarize(const Value& value) {
  if (value.is_sequence()) return summarize(value.sequence());
  if (value.is_map()) return summarize(value.map());
  if (!value.is_tensor()) return "no tensor";
  const Tensor& tensor = value.tensor();
  std::string text = to_string(tensor.desc());
  bool numeric = is_floating(tensor.dtype()) || is_signed_integer(tensor.dtype()) ||
                 is_unsigned_integer(tensor.dtype());
  if (!numeric || tensor.count() == 0) return text;
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  double sum = 0;
  for (double number : to_doubles(tensor)) {
    low = std::min(low, number);
    high = std::max(high, number);
    sum += number;
  }
  double mean = sum / static_cast<double>(tensor.count());
  return text + fmt::format("  min {:.6g}  max {:.6g}  mean {:.6g}", low, high, mean);
}

// Names of values may hold slashes; file names may not.
std::string file_name(std::string name) {
  std::replace(name.begin(), name.end(), '/', '_');
  return name.empty() ? "output" : name;
}

void save(const std::filesystem::path& folder, const std::string& name, const Value& value) {
  std::filesystem::create_directories(folder);
  bool array = value.is_tensor() && value.tensor().dtype() != DType::kString &&
               value.tensor().dtype() != DType::kBFloat16;
  std::filesystem::path path = folder / (file_name(name) + (array ? ".npy" : ".pb"));
  if (array) {
    write_npy(path.string(), value.tensor());
  } else {
    write_tensor_pb(path.string(), value, name);
  }
}

int run_model(const RunOptions& options) {
  auto session = open_session(options.model);
  Feeds feeds = make_feeds(*session, options.feeds);
  std::vector<Value> outputs = session->run(feeds);
  for (size_t k = 0; k < outputs.size(); ++k) {
    const std::string& name = session->outputs()[k].name;
    std::printf("%s  %s\n", name.c_str(), summarize(outputs[k]).c_str());
    if (!options.output.empty()) save(options.output, name, outputs[k]);
  }
  return kDone;
}

}  // namespace

void add_run(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<RunOptions>();
  CLI::App* command =
      add_command(app, chosen, options, "run", "Run a model once and print its outputs",
                  "convoy run model.onnx --input x=x.npy --output out/", run_model);
  add_model_options(*command, options->model);
  add_feed_options(*command, options->feeds);
  command->add_option("--output", options->output,
                      "folder for the outputs, as NAME.npy; maps, sequences and text as NAME.pb");
}

}  // namespace convoy::cli
