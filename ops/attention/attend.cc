#include "ops/attention/attend.h"

#include <algorithm>
#include <cmath>
#include <cstring>

namespace convoy {
namespace {

constexpr int64_t kRows = 64;    // of q that one task takes
constexpr int64_t kFewRows = 4;  // fewer are not worth transposing k
constexpr int64_t kAlignFloats = 16;

int64_t aligned(int64_t floats) {
  return checked_multiply((floats + kAlignFloats - 1) / kAlignFloats, kAlignFloats);
}

float dot(const float* a, const float* b, int64_t n) {
  constexpr int64_t kSums = 16;
  float sums[kSums] = {};
  int64_t i = 0;
  for (; i + kSums <= n; i += kSums) {
    for (int64_t j = 0; j < kSums; ++j) sums[j] += a[i + j] * b[i + j];
  }
  float total = 0;
  for (float sum : sums) total += sum;
  for (; i < n; ++i) total += a[i] * b[i];
  return total;
}

// to[c * rows + r] = from[r * step + c]
void transpose(const float* from, int64_t step, int64_t rows, int64_t columns, float* to) {
  constexpr int64_t kTile = 8;
  for (int64_t r0 = 0; r0 < rows; r0 += kTile) {
    const int64_t r1 = std::min(rows, r0 + kTile);
    for (int64_t c = 0; c < columns; ++c) {
      for (int64_t r = r0; r < r1; ++r) to[c * rows + r] = from[r * step + c];
    }
  }
}

void add(const float* x, float* y, int64_t n) {
  for (int64_t i = 0; i < n; ++i) y[i] += x[i];
}

}  // namespace

struct Attend::Task {
  int64_t batch = 0;
  int64_t head = 0;
  int64_t first = 0;  // query
  int64_t rows = 0;
  int64_t past = 0;
  int64_t keys = 0;         // that exist
  int64_t seen = 0;         // that some row reads
  bool fresh = true;        // k is another one than in the task before
  float* turned = nullptr;  // k transposed, [head_size, keys]
  float* scores = nullptr;  // [rows, width]
};

Attend::Attend(const AttentionSizes& sizes, Isa isa, int threads)
    : sizes_(sizes), gemm_(kernels::small_gemm(isa)), softmax_(&softmax_kernels(isa)) {
  row_blocks_ = (sizes.queries + kRows - 1) / kRows;
  const int64_t tasks = checked_multiply(checked_multiply(sizes.batch, sizes.heads), row_blocks_);
  pieces_ = std::max<int64_t>(1, std::min<int64_t>(threads, tasks));
  width_ = aligned(sizes.keys + 1);
  const int64_t rows = std::min(kRows, sizes.queries);
  piece_floats_ = checked_multiply(rows, width_);
  if (sizes.queries >= kFewRows) {
    piece_floats_ += aligned(checked_multiply(sizes.head_size, sizes.keys));
  }
}

void Attend::run(const AttentionOperands& operands, ThreadPool& threads, float* scratch) const {
  const int64_t tasks = sizes_.batch * sizes_.heads * row_blocks_;
  threads.parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
    for (int64_t piece = begin; piece < end; ++piece) {
      Task task;
      task.scores = scratch + piece * piece_floats_;
      task.turned = task.scores + std::min(kRows, sizes_.queries) * width_;
      int64_t last = -1;  // head of k that is transposed
      for (int64_t i = tasks * piece / pieces_; i < tasks * (piece + 1) / pieces_; ++i) {
        const int64_t row_block = i % row_blocks_;
        task.head = i / row_blocks_ % sizes_.heads;
        task.batch = i / row_blocks_ / sizes_.heads;
        task.first = row_block * kRows;
        task.rows = std::min(kRows, sizes_.queries - task.first);
        const int64_t k = (task.batch * sizes_.heads + task.head) * sizes_.kv_heads / sizes_.heads;
        task.fresh = k != last;
        last = k;
        run_task(operands, task);
      }
    }
  });
}

void Attend::run_task(const AttentionOperands& operands, const Task& planned) const {
  Task task = planned;
  task.past = operands.past ? operands.past[task.batch] : 0;
  task.keys = operands.length ? operands.length[task.batch] : sizes_.keys;
  task.seen = task.keys;
  if (sizes_.causal) {
    task.seen = std::clamp<int64_t>(task.past + task.first + task.rows, 0, task.keys);
  }
  float* y = operands.y.at(task.batch, task.head, task.first);
  if (task.seen == 0) {
    for (int64_t r = 0; r < task.rows; ++r) {
      std::fill_n(y + r * operands.y.row, sizes_.value_size, 0.0f);
    }
    return;
  }
  score(operands, task);
  for (int64_t row = 0; row < task.rows; ++row) weigh(operands, task, row);
  const int64_t kv_head = task.head * sizes_.kv_heads / sizes_.heads;
  kernels::SmallGemm product{task.rows, sizes_.value_size, task.seen,      width_,
                             1,         operands.v.row,    operands.y.row, 1};
  gemm_(product, task.scores, operands.v.at(task.batch, kv_head, 0), nullptr, y);
}

void Attend::score(const AttentionOperands& operands, const Task& task) const {
  const int64_t kv_head = task.head * sizes_.kv_heads / sizes_.heads;
  const float* q = operands.q.at(task.batch, task.head, task.first);
  const float* k = operands.k.at(task.batch, kv_head, 0);
  if (sizes_.queries < kFewRows) {
    for (int64_t t = 0; t < task.seen; ++t) {
      for (int64_t r = 0; r < task.rows; ++r) {
        task.scores[r * width_ + t] =
            sizes_.scale * dot(q + r * operands.q.row, k + t * operands.k.row, sizes_.head_size);
      }
    }
    return;
  }
  if (task.fresh) transpose(k, operands.k.row, task.keys, sizes_.head_size, task.turned);
  kernels::SmallGemm product{task.rows, task.seen, sizes_.head_size, operands.q.row,
                             1,         task.keys, width_,           sizes_.scale};
  gemm_(product, q, task.turned, nullptr, task.scores);
}

void Attend::weigh(const AttentionOperands& operands, const Task& task, int64_t row) const {
  float* x = task.scores + row * width_;
  const int64_t query = task.first + row;
  int64_t end = task.seen;
  int64_t begin = 0;
  if (sizes_.causal) {
    end = std::clamp<int64_t>(task.past + query + 1, 0, task.seen);
    if (sizes_.window > 0) begin = std::max<int64_t>(0, end - sizes_.window);
  }
  if (sizes_.softcap > 0) {
    for (int64_t t = begin; t < end; ++t) x[t] = sizes_.softcap * std::tanh(x[t] / sizes_.softcap);
  }
  const int64_t n = end - begin;
  if (operands.bias.data) add(operands.bias.at(task.batch, task.head, query) + begin, x + begin, n);
  if (operands.mask.data) add(operands.mask.at(task.batch, 0, query) + begin, x + begin, n);
  float* out = operands.scores.data ? operands.scores.at(task.batch, task.head, query) : nullptr;
  if (out != nullptr) std::fill_n(out, sizes_.keys, 0.0f);
  if (out != nullptr && sizes_.score_output == 1) std::copy_n(x + begin, n, out + begin);
  if (operands.sinks != nullptr) x[end] = operands.sinks[task.head];
  const int64_t count = n + (operands.sinks != nullptr ? 1 : 0);
  if (count > 0) softmax_->row(x + begin, x + begin, count);
  if (out != nullptr && sizes_.score_output == 2) std::copy_n(x + begin, n, out + begin);
  std::fill(x, x + begin, 0.0f);
  std::fill(x + end, x + task.seen, 0.0f);
}

}  // namespace convoy
