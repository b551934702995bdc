// convoy test DIR…: runs models on golden inputs and compares with golden outputs.
#include <algorithm>
#include <cmath>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include <nlohmann/json.hpp>

#include "loaders/onnx/reader.h"
#include "loaders/tensor_files/tensor_pb.h"
#include "runtime/base/caught.h"
#include "runtime/session/session.h"
#include "tools/convoy/command.h"
#include "tools/convoy/compare.h"
#include "tools/convoy/feeds.h"

namespace convoy::cli {
namespace {

namespace fs = std::filesystem;

struct TestOptions {
  std::vector<std::string> directories;
  std::string device = "cpu";
  int threads = 0;
  bool no_optimize = false;
  bool quiet = false;
};

Tolerance read_tolerance(const fs::path& directory) {
  Tolerance tolerance;
  fs::path path = directory / "tolerance.json";
  if (!fs::exists(path)) return tolerance;
  std::ifstream file(path);
  try {
    auto json = nlohmann::json::parse(file);
    tolerance.rtol = json.value("rtol", tolerance.rtol);
    tolerance.atol = json.value("atol", tolerance.atol);
  } catch (const nlohmann::json::exception& error) {
    fail(ErrorCode::kInvalidInput, "{}: {}", path.string(), error.what());
  }
  return tolerance;
}

std::vector<Value> read_outputs(const fs::path& set,
                                const std::vector<ValueDescription>& described) {
  std::vector<Value> values;
  for (size_t i = 0;; ++i) {
    fs::path path = set / fmt::format("output_{}.pb", i);
    if (!fs::exists(path)) return values;
    const ValueType* type = i < described.size() ? &described[i].type : nullptr;
    values.push_back(read_tensor_pb(path.string(), type));
  }
}

// Throws on the first difference.
void run_set(Session& session, const fs::path& set, const Tolerance& tolerance) {
  std::vector<Value> expected = read_outputs(set, session.outputs());
  std::vector<Value> outputs = session.run(read_data_set(session, set.string()));
  check_input(expected.size() <= outputs.size(), "{} has {} outputs, the model {}",
              set.filename().string(), expected.size(), outputs.size());
  for (size_t k = 0; k < expected.size(); ++k) {
    std::string difference = compare(outputs[k], expected[k], tolerance);
    check_input(difference.empty(), "{}: output '{}' {}", set.filename().string(),
                session.outputs()[k].name, difference);
  }
}

void run_directory(const fs::path& directory, const TestOptions& options) {
  SessionOptions session_options;
  session_options.device = parse_device(options.device);
  session_options.threads = options.threads;
  session_options.optimize = !options.no_optimize;
  Session session(read_model((directory / "model.onnx").string()), session_options);
  Tolerance tolerance = read_tolerance(directory);
  std::vector<fs::path> sets;
  for (const auto& entry : fs::directory_iterator(directory)) {
    if (entry.path().filename().string().starts_with("test_data_set_"))
      sets.push_back(entry.path());
  }
  std::sort(sets.begin(), sets.end());
  check_input(!sets.empty(), "{} has no test_data_set_*", directory.string());
  for (const fs::path& set : sets) run_set(session, set, tolerance);
}

int run_test(const TestOptions& options) {
  int passed = 0;
  int failed = 0;
  for (const std::string& directory : options.directories) {
    try {
      run_directory(directory, options);
      ++passed;
      if (!options.quiet) std::printf("ok    %s\n", directory.c_str());
    } catch (const std::exception&) {
      ++failed;
      std::printf("FAIL  %s: %s\n", directory.c_str(), caught_error().what());
    }
    std::fflush(stdout);
  }
  std::printf("%d passed, %d failed\n", passed, failed);
  return failed == 0 ? kDone : kFailed;
}

}  // namespace

void add_test(CLI::App& app, Action& chosen) {
  auto options = std::make_shared<TestOptions>();
  CLI::App* command = add_command(app, chosen, options, "test",
                                  "Run models on golden inputs and compare with golden outputs",
                                  "convoy test models/*/", run_test);
  command
      ->add_option("DIR", options->directories,
                   "folders with model.onnx, test_data_set_*/{input,output}_K.pb and, if other "
                   "than rtol 1e-3 and atol 1e-5 is wanted, tolerance.json")
      ->required();
  command->add_option("--device", options->device, "where to run")->capture_default_str();
  command->add_option("--threads", options->threads, "threads of one run (0: all)");
  command->add_flag("--no-optimize", options->no_optimize, "run the graph as it is in the file");
  command->add_flag("--quiet", options->quiet, "print failures and the sum only");
}

}  // namespace convoy::cli
