// Compares random branch graphs before and after optimization:
//   branch_fuzz [--seed S] [--graphs N] [--first K] [--keep FOLDER] [--all]
//     [--device mirror|cuda-emulated]
// Prints each graph that fails (or all of them), then how many had a merge. Exits 1 if one failed,
// 2 if a model cannot be written to FOLDER, which is made if there is none.
#include <chrono>
#include <cstdio>
#include <filesystem>

#include <CLI/CLI.hpp>

#include "loaders/onnx/writer.h"
#include "tests/fuzz/branch_check.h"

namespace {

struct FuzzOptions {
  uint64_t seed = 1;
  int64_t graphs = 1000;
  int64_t first = 0;
  std::string keep;
  bool all = false;
  std::string device;  // compared with the CPU
};

int run(const FuzzOptions& options) {
  using namespace convoy::testing;
  convoy::Device* device = nullptr;
  if (!options.device.empty()) device = &find_device(convoy::parse_device(options.device));
  int64_t merged = 0;
  int64_t failed = 0;
  auto start = std::chrono::steady_clock::now();
  for (int64_t i = options.first; i < options.first + options.graphs; ++i) {
    BranchVerdict verdict = device != nullptr ? check_branch_graph_on(*device, options.seed, i)
                                              : check_branch_graph(options.seed, i);
    merged += verdict.merged ? 1 : 0;
    bool bad = !verdict.problem.empty();
    failed += bad ? 1 : 0;
    if (bad || options.all) {
      std::printf("%s %lld: %s\n    %s\n",
                  bad              ? "FAILED"
                  : verdict.merged ? "merged"
                                   : "apart",
                  static_cast<long long>(i), verdict.text.c_str(), verdict.problem.c_str());
      std::fflush(stdout);
    }
    if ((bad || options.all) && !options.keep.empty()) {
      convoy::write_model(branch_model(options.seed, i),
                          options.keep + "/graph_" + std::to_string(i) + ".onnx");
    }
  }
  std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  std::printf("seed %llu: %lld graphs, %lld with a merge (%.1f %%), %lld failed, %.1f s\n",
              static_cast<unsigned long long>(options.seed), static_cast<long long>(options.graphs),
              static_cast<long long>(merged),
              100.0 * static_cast<double>(merged) / static_cast<double>(options.graphs),
              static_cast<long long>(failed), spent.count());
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  FuzzOptions options;
  CLI::App app("Compares random branch graphs before and after optimization", "branch_fuzz");
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--graphs", options.graphs)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--first", options.first, "number of the first graph");
  app.add_option("--keep", options.keep, "folder for the models that are printed");
  app.add_flag("--all", options.all, "print every graph");
  app.add_option("--device", options.device,
                 "compare the device with the CPU instead: mirror, cuda-emulated");
  CLI11_PARSE(app, argc, argv);
  try {
    if (!options.keep.empty()) std::filesystem::create_directories(options.keep);
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "branch_fuzz: %s\n", error.what());
    return 2;
  }
}
