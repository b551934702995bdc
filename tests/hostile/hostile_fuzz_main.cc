// Gives Convoy ONNX's own operator cases with hostile numbers in them:
//   hostile_fuzz FOLDER [--seed S] [--cases N] [--first K] [--only NAME] [--keep FOLDER]
//   hostile_fuzz --replay CASE...
// FOLDER is what hostile_fuzz.py writes. A case runs in a child process; one that dies, shows
// an exception that is no Error, takes more than 10 s or more than 1 GB is printed, and kept in
// FOLDER/NUMBER. Exits 1 if there was one.
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <map>
#include <thread>

#include <CLI/CLI.hpp>

#include "runtime/base/log.h"
#include "runtime/base/machine_memory.h"
#include "tests/hostile/subject.h"

namespace {

using namespace convoy::testing;
using Clock = std::chrono::steady_clock;

constexpr int64_t kMostSeconds = 10;      // of the processor's time
constexpr int64_t kMostIdleSeconds = 60;  // of any time: nothing waits in here
constexpr int64_t kMostBytes = int64_t{1} << 30;
constexpr int64_t kCasesOfOneChild = 2000;  // what a child keeps is not counted against a case

struct FuzzOptions {
  std::string folder;
  uint64_t seed = 1;
  int64_t cases = 1000;
  int64_t first = 0;
  std::string only;
  std::string keep;
  std::vector<std::string> replay;
  bool all = false;
  bool limit_memory = true;  // by the operating system: an address sanitizer needs more
};

// In memory that parent and child share.
struct Progress {
  std::atomic<int64_t> number;      // of the case that runs
  std::atomic<int64_t> started_ms;  // since the clock began
  std::atomic<int64_t> found;
  std::atomic<int64_t> done;
  std::atomic<int64_t> ran;  // as they are
};

int64_t now_ms() {
  auto now = Clock::now().time_since_epoch();
  return std::chrono::duration_cast<std::chrono::milliseconds>(now).count();
}

HostileCase make_case(const std::vector<HostileCase>& originals, uint64_t seed, int64_t number) {
  Dice dice(seed * 1000003 + static_cast<uint64_t>(number) * 7919 + 17);
  return mutated(dice.pick(originals), dice);
}

void keep(const HostileCase& hostile, const std::filesystem::path& folder) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / "model.onnx", std::ios::binary) << hostile.model.SerializeAsString();
  for (size_t i = 0; i < hostile.inputs.size(); ++i) {
    std::ofstream(folder / ("input_" + std::to_string(i) + ".pb"), std::ios::binary)
        << hostile.inputs[i].SerializeAsString();
  }
}

void report(const FuzzOptions& options, const HostileCase& hostile, int64_t number,
            const std::string& problem) {
  std::printf("FOUND %lld (%s): %s\n", static_cast<long long>(number), hostile.name.c_str(),
              problem.c_str());
  std::fflush(stdout);
  if (!options.keep.empty()) keep(hostile, options.keep + "/" + std::to_string(number));
}

int64_t peak_bytes() {
  rusage usage{};
  getrusage(RUSAGE_SELF, &usage);
  return usage.ru_maxrss * 1024;
}

// Runs in the child until the last case, or until one has spoilt it.
void run_cases(const FuzzOptions& options, const std::vector<HostileCase>& originals,
               Progress& progress, int64_t last) {
  int64_t at_start = peak_bytes();
  for (int64_t number = progress.number; number < last; ++number) {
    progress.started_ms = now_ms();
    progress.number = number;
    itimerval limit{{0, 0}, {kMostSeconds, 0}};
    setitimer(ITIMER_PROF, &limit, nullptr);
    HostileCase hostile = make_case(originals, options.seed, number);
    HostileVerdict verdict = try_hostile(hostile);
    progress.ran += verdict.refusal.empty() ? 1 : 0;
    if (options.all)
      std::printf("%lld: %s\n", static_cast<long long>(number), verdict.refusal.c_str());
    std::string problem = std::move(verdict.problem);
    int64_t grown = peak_bytes() - at_start - verdict.output_bytes;
    if (options.limit_memory && problem.empty() && grown > kMostBytes) {
      problem = "took " + std::to_string(grown >> 20) + " MiB";
    }
    ++progress.done;
    if (problem.empty()) continue;
    ++progress.found;
    report(options, hostile, number, problem);
    progress.number = number + 1;
    return;
  }
  progress.number = last;
}

// More address space than a case may use: it must hear that there is none, and say so.
void limit_address_space() {
  rlimit limit{rlim_t{3} << 29, rlim_t{3} << 29};
  setrlimit(RLIMIT_AS, &limit);
}

// A Loop runs as often as its operand says, and Scan as often as an axis is long.
bool may_run_forever(const HostileCase& hostile) {
  for (const auto& node : hostile.model.graph().node()) {
    if (node.op_type() == "Loop") return true;
  }
  return false;
}

std::string death_of(int status, bool late) {
  if (late) return "hangs";
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF) {
    return "took more than " + std::to_string(kMostSeconds) + " s";
  }
  if (WIFSIGNALED(status)) {
    return std::string("died: ") + strsignal(WTERMSIG(status));
  }
  return "exited with " + std::to_string(WEXITSTATUS(status));
}

// Starts a child for the cases from progress.number on, and waits for it.
void run_child(const FuzzOptions& options, const std::vector<HostileCase>& originals,
               Progress& progress, int64_t last) {
  progress.started_ms = now_ms();
  pid_t child = fork();
  if (child == 0) {
    if (options.limit_memory) {
      limit_address_space();
    } else {
      convoy::limit_memory(kMostBytes);
    }
    run_cases(options, originals, progress, last);
    std::fflush(stdout);
    _exit(0);
  }
  bool late = false;
  int status = 0;
  while (waitpid(child, &status, WNOHANG) == 0) {
    if (now_ms() - progress.started_ms > kMostIdleSeconds * 1000 && !late) {
      late = true;
      kill(child, SIGKILL);
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  if (WIFEXITED(status) && WEXITSTATUS(status) == 0) return;
  ++progress.done;
  int64_t number = progress.number++;
  HostileCase hostile = make_case(originals, options.seed, number);
  bool out_of_time = late || (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF);
  if (out_of_time && may_run_forever(hostile)) return;
  ++progress.found;
  report(options, hostile, number, death_of(status, late));
}

int fuzz(const FuzzOptions& options) {
  std::vector<HostileCase> originals = read_hostile_cases(options.folder);
  std::erase_if(originals, [&](const HostileCase& one) {
    return one.name.find(options.only) == std::string::npos;
  });
  if (originals.empty()) {
    std::fprintf(stderr, "hostile_fuzz: %s holds no cases\n", options.folder.c_str());
    return 2;
  }
  void* shared =
      mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  auto& progress = *new (shared) Progress{};
  std::printf("seed %llu\n", static_cast<unsigned long long>(options.seed));
  std::fflush(stdout);
  auto start = Clock::now();
  int64_t end = options.first + options.cases;
  progress.number = options.first;
  while (progress.number < end) {
    run_child(options, originals, progress, std::min(end, progress.number + kCasesOfOneChild));
  }
  std::chrono::duration<double> spent = Clock::now() - start;
  std::printf("seed %llu: %lld cases of %zu models, %lld of them ran, %lld findings, %.1f s\n",
              static_cast<unsigned long long>(options.seed),
              static_cast<long long>(progress.done.load()), originals.size(),
              static_cast<long long>(progress.ran.load()),
              static_cast<long long>(progress.found.load()), spent.count());
  return progress.found == 0 ? 0 : 1;
}

int replay(const FuzzOptions& options) {
  int found = 0;
  for (const std::string& path : options.replay) {
    std::filesystem::path folder(path);
    for (const HostileCase& one : read_hostile_cases(folder.parent_path().string())) {
      if (one.name != folder.filename()) continue;
      auto start = Clock::now();
      HostileVerdict verdict = try_hostile(one);
      const std::string& problem = verdict.problem.empty() ? verdict.refusal : verdict.problem;
      std::chrono::duration<double> spent = Clock::now() - start;
      std::printf("%s: %s (%.2f s, %lld MiB at most)\n", path.c_str(),
                  problem.empty() ? "fine" : problem.c_str(), spent.count(),
                  static_cast<long long>(peak_bytes() >> 20));
      found += verdict.problem.empty() ? 0 : 1;
    }
  }
  return found == 0 ? 0 : 1;
}

}  // namespace

int main(int argc, char** argv) {
  FuzzOptions options;
  CLI::App app("Gives Convoy models with hostile numbers in them", "hostile_fuzz");
  app.add_option("folder", options.folder, "cases written by hostile_fuzz.py");
  app.add_option("--seed", options.seed)->capture_default_str();
  app.add_option("--cases", options.cases)->check(CLI::PositiveNumber)->capture_default_str();
  app.add_option("--first", options.first, "number of the first case");
  app.add_option("--only", options.only, "take models whose name holds this");
  app.add_option("--keep", options.keep, "folder for the cases that are found");
  app.add_option("--replay", options.replay, "folders of cases to try once more, in this process");
  app.add_flag("--all", options.all, "say of every case why it was refused");
  app.add_flag("!--any-memory", options.limit_memory, "limit values alone (sanitizers need more)");
  CLI11_PARSE(app, argc, argv);
  convoy::set_warning_sink([](std::string_view) {});
  try {
    return options.replay.empty() ? fuzz(options) : replay(options);
  } catch (const std::exception& error) {
    std::fprintf(stderr, "hostile_fuzz: %s\n", error.what());
    return 2;
  }
}
