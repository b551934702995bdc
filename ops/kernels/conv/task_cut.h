// How the work of a convolution is cut into tasks for threads.
#pragma once

#include <algorithm>
#include <cstdint>

#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

// Where part `part` of `parts` nearly equal ones of `units` begins. A task asks half a dozen times,
// mostly of one part: without a division then.
inline int64_t part_begin(int64_t units, int64_t parts, int64_t part) {
  return parts == 1 ? units * part : units * part / parts;
}

// Multiplications of a convolution.
inline int64_t multiplications(const ConvProblem& problem) {
  int64_t count = problem.in_channels * problem.out_channels;
  for (const ConvLoop& loop : problem.batch) count *= loop.size;
  for (const ConvLoop& loop : problem.group) count *= loop.size;
  for (int i = 0; i < problem.rank; ++i) {
    count *= problem.spatial[i].output_size * problem.spatial[i].kernel;
  }
  return count;
}

// Whether input and output, taken to be of one size, are more than the 8 MiB that a third-level
// cache may hold of them.
inline bool operands_exceed_cache(const ConvProblem& problem) {
  int64_t floats = problem.in_channels + problem.out_channels;
  for (const ConvLoop& loop : problem.batch) floats *= loop.size;
  for (const ConvLoop& loop : problem.group) floats *= loop.size;
  for (int i = 0; i < problem.rank; ++i) floats *= problem.spatial[i].output_size;
  return floats > int64_t{2} * 1024 * 1024;
}

// Tasks enough that what the last ones take does not matter, or, of little work, fewer of which
// each thread gets an equal share.
class TaskCut {
 public:
  TaskCut(const ConvProblem& problem, int threads)
      : threads_(threads), many_(threads == 1 ? 1 : kTasks * threads) {
    enough_ = std::clamp<int64_t>(multiplications(problem) / kWork, threads_, many_);
  }

  // The fewest parts for each of `loops` equal loops over `units`, a part a unit where no number
  // of parts will do.
  int64_t parts(int64_t loops, int64_t units) const {
    return fewest_parts(loops, units, 1, enough_);
  }

  // The same from `least` parts on, for units that cost more when they are apart.
  int64_t costly_parts(int64_t loops, int64_t units, int64_t least) const {
    return fewest_parts(loops, units, least, threads_);
  }

 private:
  static constexpr int64_t kTasks = 4;       // a thread
  static constexpr int64_t kWork = 100'000;  // multiplications of a task, at least
  static constexpr double kUneven = 1.1;

  int64_t fewest_parts(int64_t loops, int64_t units, int64_t least, int64_t enough) const {
    for (int64_t parts = least; parts < units; ++parts)
      if (is_enough(loops, units, parts, enough)) return parts;
    return units;
  }

  bool is_enough(int64_t loops, int64_t units, int64_t parts, int64_t enough) const {
    const int64_t tasks = loops * parts;
    if (tasks >= many_ || tasks < enough) return tasks >= many_;
    auto before = [&](int64_t task) {
      return task / parts * units + part_begin(units, parts, task % parts);
    };
    int64_t most = 0;
    for (int64_t i = 0; i < threads_; ++i)
      most = std::max(most, before(part_begin(tasks, threads_, i + 1)) -
                                before(part_begin(tasks, threads_, i)));
    return static_cast<double>(most * threads_) <= kUneven * static_cast<double>(loops * units);
  }

  int64_t threads_;
  int64_t many_;
  int64_t enough_;
};

}  // namespace convoy::kernels
