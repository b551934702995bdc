// Pooling of float32 by the loops of ops/kernels/pool, on plain and on channel-blocked tensors.
#include <cmath>
#include <limits>
#include <vector>

#include "ops/kernels/pool/pool_rows.h"
#include "ops/pool/pool_problem.h"
#include "ops/pool/pool_walk.h"
#include "runtime/base/task_queue.h"

namespace convoy {
namespace {

using kernels::PoolRows;

bool is_global(const PoolProblem& problem) {
  const Window& window = problem.window;
  for (int axis = 0; axis < window.rank(); ++axis) {
    bool whole = window[axis].kernel == window[axis].input_size && window[axis].output_size == 1 &&
                 window[axis].pad_begin == 0 && window[axis].pad_end == 0 &&
                 window[axis].dilation == 1;
    if (!whole) return false;
  }
  return element_count(window.input()) > 0;
}

class RowsPool : public Kernel {
 public:
  RowsPool(const PoolProblem& problem, const PoolRows& rows, int block)
      : problem_(problem),
        rows_(rows),
        width_(block > 0 ? block : 1),
        walk_(problem.window, problem.batch * ((problem.channels + width_ - 1) / width_), width_) {
    int last = problem_.window.rank() - 1;
    for (int64_t o = 0; o < problem_.window[last].output_size; ++o) {
      counted_.push_back(static_cast<float>(problem_.counted_along(last, o)));
    }
  }

  void run(KernelContext& context) const override {
    bool max = problem_.kind == PoolKind::kMax;
    const auto* x = context.input(0).as<const float>();
    auto* y = context.output(0).as<float>();
    float first = max ? -std::numeric_limits<float>::infinity() : 0.0f;
    auto start = [this, first](float* sums, int64_t count) {
      std::fill_n(sums, count * width_, first);
    };
    auto operation = max ? rows_.max : rows_.add;
    auto combine = [this, operation](float* sums, const float* from, int64_t count,
                                     int64_t stride) {
      operation(sums, from, count, stride, width_);
    };
    auto store = [&](int64_t position, const Dims& at, const float* sums, int64_t count) {
      float* to = y + position * width_;
      if (max) {
        std::copy_n(sums, count * width_, to);
      } else {
        divide(to, at, sums, count);
      }
    };
    walk_.run<float>(x, context.threads(), start, combine, store);
  }

 private:
  void divide(float* y, const Dims& at, const float* sums, int64_t count) const {
    float outer = 1;
    int last = at.rank() - 1;
    for (int axis = 0; axis < last; ++axis) {
      outer *= static_cast<float>(problem_.counted_along(axis, at[axis]));
    }
    const float* inner = counted_.data() + at[last];
    for (int64_t i = 0; i < count; ++i) {
      float divisor = std::max(outer * inner[i], 1.0f);
      for (int64_t j = 0; j < width_; ++j) y[i * width_ + j] = sums[i * width_ + j] / divisor;
    }
  }

  PoolProblem problem_;
  const PoolRows& rows_;
  int64_t width_;
  PoolWalk walk_;
  std::vector<float> counted_;  // along the last axis
};

// Plain tensors: whole planes, each row combined across the outer axes before along its own.
class PlanesPool : public Kernel {
 public:
  PlanesPool(const PoolProblem& problem, const PoolRows& rows)
      : problem_(problem), rows_(rows), last_(problem.window.rank() - 1) {
    const Window& window = problem_.window;
    input_plane_ = element_count(window.input());
    output_plane_ = element_count(window.output());
    plane_.rows = output_plane_ / window[last_].output_size;
    plane_.input_row = window[last_].input_size;
    plane_.left = window[last_].pad_begin;
    plane_.output_row = window[last_].output_size;
    plane_.kernel = window[last_].kernel;
    plane_.stride = window[last_].stride;
    plane_.dilation = window[last_].dilation;
    list_taps();
    if (problem_.kind == PoolKind::kAverage) count_positions();
    plane_.taps = taps_.data();
    plane_.row_taps = row_taps_.data();
  }

  int64_t scratch() const {
    return std::min(plane_.rows, kernels::kPoolRows) * kernels::pool_scratch_row(plane_);
  }

  void run(KernelContext& context) const override {
    bool max = problem_.kind == PoolKind::kMax;
    const auto* x = context.input(0).as<const float>();
    auto* y = context.output(0).as<float>();
    auto* scratch = reinterpret_cast<float*>(context.scratch());
    auto pool = max ? rows_.max_plane : rows_.add_plane;
    int64_t row_size = kernels::pool_scratch_row(plane_), size = this->scratch();
    int64_t planes = problem_.batch * problem_.channels;
    int64_t pieces = std::min<int64_t>(context.threads().thread_count(), planes);
    if (planes * (input_plane_ + output_plane_) < 32768) pieces = 1;
    if (planes == 0) return;
    TaskQueue queue(planes, pieces);
    context.threads().parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        float* rows = scratch + piece * size;
        std::fill_n(rows, size, max ? -std::numeric_limits<float>::infinity() : 0.0f);
        while (auto some = queue.take(piece)) {
          for (int64_t i = some.begin; i < some.end; ++i) {
            pool(plane_, x + i * input_plane_, y + i * output_plane_, rows, row_size);
          }
        }
      }
    });
  }

 private:
  // The position of output row `row`; its last entry is 0.
  Dims row_position(int64_t row) const {
    Dims at = Dims::filled(last_ + 1, 0);
    for (int axis = last_ - 1; axis >= 0; --axis) {
      at[axis] = row % problem_.window[axis].output_size;
      row /= problem_.window[axis].output_size;
    }
    return at;
  }

  void list_taps() {
    for (int64_t row = 0; row < plane_.rows; ++row) {
      row_taps_.push_back(static_cast<int64_t>(taps_.size()));
      add_taps(row_position(row), 0, 0);
    }
    row_taps_.push_back(static_cast<int64_t>(taps_.size()));
  }

  void add_taps(const Dims& at, int axis, int64_t offset) {
    const Window& window = problem_.window;
    if (axis == last_) return taps_.push_back(offset * window[last_].input_size);
    int64_t start = at[axis] * window[axis].stride - window[axis].pad_begin;
    int64_t end = window[axis].last_tap(at[axis]);
    for (int64_t k = window[axis].first_tap(at[axis]); k < end; ++k) {
      int64_t position = start + k * window[axis].dilation;
      add_taps(at, axis + 1, axis == 0 ? position : offset * window[axis].input_size + position);
    }
  }

  void count_positions() {
    for (int64_t row = 0; row < plane_.rows; ++row) {
      Dims at = row_position(row);
      float count = 1;
      for (int axis = 0; axis < last_; ++axis) {
        count *= static_cast<float>(problem_.counted_along(axis, at[axis]));
      }
      row_divisors_.push_back(count);
    }
    for (int64_t o = 0; o < plane_.output_row; ++o) {
      divisors_.push_back(static_cast<float>(problem_.counted_along(last_, o)));
    }
    divisors_.resize(divisors_.size() + 16, 1.0f);
    plane_.row_divisors = row_divisors_.data();
    plane_.divisors = divisors_.data();
  }

  PoolProblem problem_;
  const PoolRows& rows_;
  int last_;
  kernels::PoolPlane plane_;
  std::vector<int64_t> taps_, row_taps_;
  std::vector<float> row_divisors_, divisors_;
  int64_t input_plane_ = 0;
  int64_t output_plane_ = 0;
};

// One output a plane.
class PlanePool : public Kernel {
 public:
  PlanePool(const PoolProblem& problem, const PoolRows& rows, int block)
      : problem_(problem),
        rows_(rows),
        block_(block),
        plane_(element_count(problem.window.input())) {}

  void run(KernelContext& context) const override {
    const auto* x = context.input(0).as<const float>();
    auto* y = context.output(0).as<float>();
    if (block_ > 0) return run_blocked(x, y, context.threads());
    int64_t grain = std::max<int64_t>(1, 16384 / plane_);
    int64_t planes = problem_.batch * problem_.channels;
    context.threads().parallel_for(planes, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const float* from = x + i * plane_;
        y[i] = max() ? rows_.max_of(from, plane_)
                     : rows_.sum_of(from, plane_) / static_cast<float>(plane_);
      }
    });
  }

 private:
  bool max() const { return problem_.kind == PoolKind::kMax; }

  void run_blocked(const float* x, float* y, ThreadPool& threads) const {
    int64_t blocks = (problem_.channels + block_ - 1) / block_;
    int64_t grain = std::max<int64_t>(1, 16384 / (plane_ * block_));
    threads.parallel_for(problem_.batch * blocks, grain, [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        float sums[16];
        pool_block(x + i * plane_ * block_, sums);
        int64_t channel = i % blocks * block_;
        int64_t count = std::min<int64_t>(block_, problem_.channels - channel);
        std::copy_n(sums, count, y + i / blocks * problem_.channels + channel);
      }
    });
  }

  // Positions in four interleaved sums, so that additions need not wait for one another.
  void pool_block(const float* x, float* sums) const {
    constexpr int64_t kLanes = 4;
    float lanes[kLanes * 16];
    float first = max() ? -std::numeric_limits<float>::infinity() : 0.0f;
    std::fill_n(lanes, kLanes * block_, first);
    auto operation = max() ? rows_.max : rows_.add;
    int64_t position = 0;
    for (; position + kLanes <= plane_; position += kLanes) {
      operation(lanes, x + position * block_, kLanes, 1, block_);
    }
    if (position < plane_) operation(lanes, x + position * block_, plane_ - position, 1, block_);
    for (int64_t lane = 1; lane < kLanes; ++lane) {
      operation(lanes, lanes + lane * block_, 1, 1, block_);
    }
    auto divisor = static_cast<float>(max() ? 1 : plane_);
    for (int64_t j = 0; j < block_; ++j) sums[j] = lanes[j] / divisor;
  }

  PoolProblem problem_;
  const PoolRows& rows_;
  int64_t block_;
  int64_t plane_;
};

// Empty, or why neither kernel applies.
const char* objection(const KernelRequest& request, const PoolProblem& problem) {
  if (request.input(0).dtype != DType::kFloat32) return "only float32";
  if (request.has_output(1)) return "no indices";
  if (problem.kind == PoolKind::kLp) return "no LpPool";
  return nullptr;
}

int input_block(const KernelRequest& request) {
  int block = request.input(0).layout.block;
  return block == 8 || block == 16 ? block : 0;
}

}  // namespace

std::unique_ptr<Kernel> make_planes_pool(KernelRequest& request, const PoolProblem& problem) {
  constexpr int64_t kMostTaps = 1 << 16;
  constexpr int64_t kMostReach = 1 << 20;  // of a window beyond its row, which scratch holds
  if (const char* why = objection(request, problem)) return request.refuse(why);
  if (input_block(request) > 0) return request.refuse("the input is blocked");
  const Window& window = problem.window;
  int last = window.rank() - 1;
  if (window[last].pad_begin < 0) return request.refuse("negative padding");
  if (element_count(window.output()) == 0 || element_count(window.input()) == 0) {
    return request.refuse("nothing to pool");
  }
  const SizedWindow& row = window[last];
  if (row.extent() > kMostReach || row.stride > kMostReach || row.pad_begin > kMostReach) {
    return request.refuse("a long window");
  }
  int64_t taps_of_row = window.kernel_volume() / row.kernel;
  if (taps_of_row > kMostTaps / (element_count(window.output()) / row.output_size))
    return request.refuse("a long list of rows");
  auto kernel = std::make_unique<PlanesPool>(problem, kernels::pool_rows(request.isa));
  request.use_scratch(static_cast<size_t>(request.threads * kernel->scratch()) * sizeof(float));
  return kernel;
}

std::unique_ptr<Kernel> make_rows_pool(KernelRequest& request, const PoolProblem& problem) {
  if (const char* why = objection(request, problem)) return request.refuse(why);
  int block = input_block(request);
  if (block > 0) {
    request.want_layout(0, Layout{block});
    request.set_output_layout(0, Layout{block});
  }
  return std::make_unique<RowsPool>(problem, kernels::pool_rows(request.isa), block);
}

std::unique_ptr<Kernel> make_plane_pool(KernelRequest& request, const PoolProblem& problem) {
  if (const char* why = objection(request, problem)) return request.refuse(why);
  if (!is_global(problem)) return request.refuse("the window is not the whole input");
  int block = input_block(request);
  if (block > 0) request.want_layout(0, Layout{block});
  return std::make_unique<PlanePool>(problem, kernels::pool_rows(request.isa), block);
}

}  // namespace convoy
