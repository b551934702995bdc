#include "tools/convoy/measure.h"

#include <algorithm>
#include <chrono>
#include <vector>

namespace convoy::cli {
namespace {

using Clock = std::chrono::steady_clock;

double run_once(Session& session, const Feeds& feeds) {
  auto start = Clock::now();
  session.run(feeds);
  return std::chrono::duration<double, std::milli>(Clock::now() - start).count();
}

double median(std::vector<double> samples) {
  auto middle = samples.begin() + static_cast<int64_t>(samples.size() / 2);
  std::nth_element(samples.begin(), middle, samples.end());
  return *middle;
}

// Names of what works on standard operators only.
std::vector<std::string> portable_rewrites() {
  std::vector<std::string> names, lowering;
  for (const RewriteStage& stage : standard_pipeline()) {
    for (const RewriteStep& step : stage.steps) {
      std::visit(
          [&](const auto& known) {
            (known.set == RuleSet::kPortable ? names : lowering).push_back(known.name);
          },
          step);
    }
  }
  std::erase_if(names, [&](const std::string& name) {
    return std::find(lowering.begin(), lowering.end(), name) != lowering.end();
  });
  return names;
}

}  // namespace

Measured measure(Model before, Model after, const Feeds& feeds, double seconds) {
  Measured measured;
  SessionOptions plain;
  plain.skip_rules = portable_rewrites();
  plain.threads = 1;
  try {
    Session first(std::move(before), plain);
    Session second(std::move(after), plain);
    run_once(first, feeds);
    run_once(second, feeds);
    std::vector<double> a, b;
    auto start = Clock::now();
    auto spent = [&] { return std::chrono::duration<double>(Clock::now() - start).count(); };
    while (a.empty() || (spent() < seconds && a.size() < 1000)) {
      a.push_back(run_once(first, feeds));
      b.push_back(run_once(second, feeds));
    }
    measured.before_ms = median(a);
    measured.after_ms = median(b);
    measured.remark =
        "medians in Convoy on one thread; neither file is rewritten again before it runs";
  } catch (const Error& error) {
    measured.remark = error.message();
  }
  return measured;
}

}  // namespace convoy::cli
