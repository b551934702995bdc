// Compares random graphs in every way that Convoy has to run them with its reference kernels:
//   graph_fuzz [--seed S] [--graphs N] [--first K] [--write FOLDER] [--all]
//     [--device mirror|cuda-emulated]
// Prints each graph that fails (or all of them), then a line with the seed. With --write every
// graph becomes FOLDER/graph_K for `convoy test`, and is not run in other ways. Exits 1 if one
// failed, 2 if FOLDER cannot be written. CONVOY_ISA chooses the kernels.
#include <malloc.h>

#include <chrono>
#include <cstdio>

#include <CLI/CLI.hpp>

#include "runtime/device/machine.h"
#include "tests/fuzz/general_check.h"

namespace {

struct FuzzOptions {
  uint64_t seed = 1;
  int64_t graphs = 1000;
  int64_t first = 0;
  std::string write;
  bool all = false;
  std::string device;  // compared with the CPU
};

int run(const FuzzOptions& options) {
  using namespace convoy::testing;
  convoy::Device* device = nullptr;
  if (!options.device.empty()) device = &find_device(convoy::parse_device(options.device));
  int64_t failed = 0;
  auto start = std::chrono::steady_clock::now();
  for (int64_t i = options.first; i < options.first + options.graphs; ++i) {
    if (!options.write.empty()) {
      write_general_graph(options.seed, i, options.write + "/graph_" + std::to_string(i));
      continue;
    }
    GeneralVerdict verdict = device != nullptr ? check_general_graph_on(*device, options.seed, i)
                                               : check_general_graph(options.seed, i);
    bool bad = !verdict.problem.empty();
    failed += bad ? 1 : 0;
    if (!bad && !options.all) continue;
    std::printf("%s %lld: %s\n    %s\n", bad ? "FAILED" : "same", static_cast<long long>(i),
                verdict.text.c_str(), verdict.problem.c_str());
    std::fflush(stdout);
  }
  std::chrono::duration<double> spent = std::chrono::steady_clock::now() - start;
  std::printf("seed %llu: %lld graphs with kernels for %s, %lld failed, %.1f s\n",
              static_cast<unsigned long long>(options.seed), static_cast<long long>(options.graphs),
              std::string(convoy::to_string(convoy::best_isa())).c_str(),
              static_cast<long long>(failed), spent.count());
  return failed == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  // Fresh memory is full of large numbers: what reads it unwritten gives another answer.
  mallopt(M_PERTURB, 0x80);
  mallopt(M_MMAP_THRESHOLD, 1 << 30);
  FuzzOptions options;
  CLI::App app("Compares random graphs in every way that Convoy has to run them", "graph_fuzz");
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--graphs", options.graphs)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--first", options.first, "number of the first graph");
  app.add_option("--write", options.write, "folder for test cases of all graphs");
  app.add_flag("--all", options.all, "print every graph");
  app.add_option("--device", options.device,
                 "compare the device with the CPU instead: mirror, cuda-emulated");
  CLI11_PARSE(app, argc, argv);
  try {
    return run(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "graph_fuzz: %s\n", error.what());
    return 2;
  }
}
