#include "ops/kernels/gemm/packed_gemm.h"

#include <algorithm>

#include "ops/kernels/conv/conv_kernels.h"
#include "runtime/base/divide_up.h"

namespace convoy::kernels {

namespace {

constexpr int64_t kMostRows = 96;  // whose sums fit the first-level cache beside the weights
// Terms whose weights stay there, and fewer beside a tile of A that was turned.
constexpr int64_t kMostTerms = 256;
constexpr int64_t kMostTurnedTerms = 128;
// Rows of A in a tile beyond which not every row's address stays in a register, and panels that
// make it worth turning them first.
constexpr int64_t kMostAddresses = 8;
constexpr int64_t kManyPanels = 8;
constexpr int64_t kMostTurned = 1 << 18;  // floats, which stay in the second-level cache

}  // namespace

PackedGemm::PackedGemm(const PackedGemmProblem& problem, Isa isa)
    : problem_(problem), kernels_(&conv_kernels(isa)) {
  panels_ = {problem.n, kernels_->lanes};
  row_blocks_ = divide_up(problem.m, kMostRows);
  rows_ = row_blocks_ == 0 ? 0 : divide_up(problem.m, row_blocks_);
  turns_ = problem.a_k == 1 && kernels_->max_pixels[2] > kMostAddresses && rows_ > 1 &&
           panels_.count() >= kManyPanels && rows_ * problem.k <= kMostTurned;
  for (int64_t p = 0; p < problem.k; ++p) offsets_.push_back(p * (turns_ ? rows_ : problem.a_k));
}

int64_t PackedGemm::packed_size() const { return panels_.packed_channels() * problem_.k; }

// A few rows of B at a time, for all panels, so that B is read in order.
void PackedGemm::pack(const float* b, int64_t b_k, int64_t b_n, float* packed) const {
  constexpr int64_t kRows = 8;
  for (int64_t begin = 0; begin < problem_.k; begin += kRows)
    for (int64_t panel = 0; panel < panels_.count(); ++panel) {
      const int64_t width = panels_.width_of(panel), first = panels_.first_of(panel);
      const int64_t count = panels_.size_of(panel);
      const int64_t end = std::min(begin + kRows, problem_.k);
      float* to = packed + first * problem_.k + begin * width;
      for (int64_t p = begin; p < end; ++p, to += width) {
        const float* from = b + p * b_k + first * b_n;
        if (b_n == 1)
          std::copy_n(from, count, to);
        else
          for (int64_t j = 0; j < count; ++j) to[j] = from[j * b_n];
        std::fill(to + count, to + width, 0.0f);
      }
    }
}

int64_t PackedGemm::sums_size() const { return rows_ * kMaxChannelVectors * kernels_->lanes; }

int64_t PackedGemm::scratch_size() const { return sums_size() + (turns_ ? rows_ * problem_.k : 0); }

// Rows of A as columns.
void PackedGemm::turn(const float* a, int64_t rows, float* to) const {
  constexpr int64_t kTerms = 16;
  for (int64_t begin = 0; begin < problem_.k; begin += kTerms) {
    const int64_t end = std::min(begin + kTerms, problem_.k);
    for (int64_t i = 0; i < rows; ++i) {
      for (int64_t p = begin; p < end; ++p) to[p * rows_ + i] = a[i * problem_.a_m + p];
    }
  }
}

void PackedGemm::run_tasks(const float* a, const float* packed, const float* bias,
                           const float* residual, float* y, int64_t first, int64_t last,
                           float* scratch) const {
  alignas(64) static constexpr float kZeros[kMaxChannelVectors * 16] = {};
  const ConvClamp clamp = clamp_of(problem_.epilogue);
  const bool activate = is_apart(problem_.epilogue);
  const int64_t most_terms = turns_ ? kMostTurnedTerms : kMostTerms;
  float* const turned = scratch + sums_size();
  int64_t turned_row = -1;
  for (int64_t task = first; task < last; ++task) {
    const int64_t panel = task % panels_.count(), row = task / panels_.count() * rows_;
    const int64_t width = panels_.width_of(panel), column = panels_.first_of(panel);
    ChannelTile tile = {};
    tile.x = a + row * problem_.a_m;
    tile.x_row = problem_.a_m;
    tile.offsets = offsets_.data();
    tile.weights = packed + column * problem_.k;
    tile.bias = kZeros;
    tile.sums = scratch;
    tile.rows = std::min(rows_, problem_.m - row);
    tile.columns = 1;
    if (turns_) {
      if (row != turned_row) turn(tile.x, tile.rows, turned);
      turned_row = row;
      tile.x = turned;
    }
    if (turns_ || problem_.a_m == 1) std::swap(tile.rows, tile.columns);
    for (int64_t left = problem_.k; left > 0 || tile.bias; left -= tile.terms) {
      tile.terms = std::min(left, most_terms);
      kernels_->channels[panels_.vectors_of(panel)](tile);
      tile.offsets += tile.terms;
      tile.weights += tile.terms * width;
      tile.bias = nullptr;
    }
    const int64_t at = row * problem_.y_m + column;
    const PixelStore store = {scratch,
                              width,
                              tile.rows * tile.columns,
                              panels_.size_of(panel),
                              problem_.scale,
                              bias ? bias + column : nullptr,
                              residual ? residual + at : nullptr,
                              problem_.y_m,
                              y + at,
                              problem_.y_m,
                              clamp.use,
                              clamp.low,
                              clamp.high};
    kernels_->store_pixels(store);
    for (int64_t i = 0; activate && i < store.pixels; ++i)
      kernels_->activate(problem_.epilogue, store.y + i * store.y_pixel, store.channels);
  }
}

}  // namespace convoy::kernels
