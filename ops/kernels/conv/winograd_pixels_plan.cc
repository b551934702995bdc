// The decisions of WinogradPixelsConv: vectors, blocks and tasks; what they cost; the weights.
#include <algorithm>
#include <bit>
#include <cmath>

#include "ops/kernels/conv/conv_axes.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/task_cut.h"
#include "ops/kernels/conv/winograd_conv.h"
#include "ops/kernels/conv/winograd_pixels.h"
#include "runtime/base/divide_up.h"

namespace convoy::kernels {

namespace {

constexpr int64_t kMostRows = 32;  // of a task: fills vectors of what is left of rows
constexpr int64_t kMostLanes = 16;

}  // namespace

const char* WinogradPixelsConv::refusal(const ConvProblem& problem) {
  if (const char* reason = WinogradConv::refusal(problem)) return reason;
  ConvProblem p = problem;
  normalise_axes(&p);
  const ConvWindow& width = p.spatial[2];
  if (width.input_stride != 1) return "inputs are apart";
  const bool even = std::has_single_bit(static_cast<uint64_t>(width.dilation)) ||
                    width.dilation % kMostLanes == 0;
  return even ? nullptr : "the dilation is neither a power of two nor a multiple of 16";
}

WinogradPixelsConv::WinogradPixelsConv(const ConvProblem& problem, Isa isa, int threads)
    : WinogradPixelsConv(problem, conv_kernels(isa), threads) {}

WinogradPixelsConv::WinogradPixelsConv(const ConvProblem& problem, const ConvKernels& kernels,
                                       int threads)
    : problem_(problem), kernels_(&kernels) {
  ConvProblem& p = problem_;
  normalise_axes(&p);
  if (is_unit(p.spatial[0]) && is_unit(p.spatial[1])) batch_as_rows(&p);
  weight_groups_ = count_weight_groups(p, weight_group_strides_);
  taps_.count = p.spatial[2].kernel;
  for (int sum = 0; sum < kSums; ++sum) windows_[sum] = taps_.windows_of(sum);
  for (int i = 0; i < kSums; ++i) {
    terms_[i] = p.in_channels * planes() * taps_.windows_of(kOrder[i]);
    products_ += terms_[i];
  }
  block_count_ = divide_up(p.out_channels, kernels.max_pair_channels);
  oc_block_ = divide_up(p.out_channels, block_count_);
  large_blocks_ = block_count_ - (oc_block_ * block_count_ - p.out_channels);
  choose_vectors();
  choose_tasks(std::max(threads, 1));
}

int64_t WinogradPixelsConv::first_channel(int64_t block) const {
  return block * oc_block_ - std::max<int64_t>(block - large_blocks_, 0);
}

void WinogradPixelsConv::choose_vectors() {
  const int64_t lanes = kernels_->lanes, outputs = problem_.spatial[2].output_size;
  step_ = std::max(dilation(), lanes);
  log_ = std::countr_zero(static_cast<uint64_t>(std::min(dilation(), lanes)));
  const int64_t segments = outputs / (2 * step_), left = outputs % (2 * step_);
  vectors_ = segments * (step_ / lanes);
  gathered_from_ = outputs - left;
  const int64_t pairs =
      left / (2 * dilation()) * dilation() + std::min(left % (2 * dilation()), dilation());
  const double share = static_cast<double>(pairs) / static_cast<double>(lanes);
  const double vector = vector_cycles(kMaxPairVectors);
  const double gather = static_cast<double>(pairs) * gather_cycles() + share * vector;
  if (dilation() < lanes && problem_.spatial[1].output_size > 1 && gather < vector)
    gathered_ = pairs;
  else
    vectors_ += divide_up(std::min(left, step_), lanes);
}

// By rows and along them as long as panels stay full; then by output channels, for each part of
// which the input is transformed again.
void WinogradPixelsConv::choose_tasks(int threads) {
  const ConvProblem& p = problem_;
  int64_t outer = p.spatial[0].output_size;
  for (const ConvLoop& loop : p.batch) outer *= loop.size;
  for (const ConvLoop& loop : p.group) outer *= loop.size;
  const TaskCut cut(p, threads);
  const int64_t rows = p.spatial[1].output_size;
  const int64_t row_panels =
      rows * (vectors_ * kernels_->lanes + gathered_) / (kMaxPairVectors * kernels_->lanes);
  const int64_t most = std::clamp<int64_t>(row_panels, 1, rows);
  row_blocks_ = std::max(divide_up(rows, kMostRows), std::min(cut.parts(outer, rows), most));
  rows_ = divide_up(rows, row_blocks_);
  outer *= row_blocks_;
  width_units_ = std::max<int64_t>(divide_up(vectors_, kMaxPairVectors), 1);
  width_parts_ = cut.parts(outer, width_units_);
  outer *= width_parts_;
  oc_parts_ = cut.parts(outer, block_count_);
  task_count_ = outer * oc_parts_;
  streams_ = operands_exceed_cache(p);
}

// Transformed inputs of a panel.
int64_t WinogradPixelsConv::panel_size() const {
  return round_up(products_ * kMaxPairVectors * kernels_->lanes, 16);
}

int64_t WinogradPixelsConv::sums_size() const {
  return round_up(2 * oc_block_ * kMaxPairVectors * kernels_->lanes, 16);
}

int64_t WinogradPixelsConv::scratch_size() const { return panel_size() + 2 * sums_size(); }

// The estimates are fitted to measurements on a core with AVX2, in the terms of DirectConv's. This
// one is of a vector of pairs, among so many of a panel, for all output channels.
double WinogradPixelsConv::vector_cycles(double side_by_side) const {
  constexpr double kTransform = 5, kTerm = 1.11, kToStore = 12, kLeast = 5;
  double cycles = kTransform * transforms();
  for (int64_t block = 0; block < block_count_; ++block) {
    const double channels = static_cast<double>(block_size(block));
    const double term = std::max(channels * side_by_side / 2, kLeast) / side_by_side;
    cycles += kTerm * static_cast<double>(products_) * term + kToStore * channels;
  }
  return cycles;
}

// Of one gathered pair, beside its share of a vector.
double WinogradPixelsConv::gather_cycles() const {
  constexpr double kTransform = 12, kToStore = 4;
  return kTransform * transforms() + kToStore * static_cast<double>(problem_.out_channels);
}

// Of the vectors of a row that read padding or are not full, more than of others.
double WinogradPixelsConv::ragged_cycles() const {
  constexpr double kTransform = 16, kToStore = 12;
  const ConvWindow& width = problem_.spatial[2];
  const int64_t reach = width.output_size - width.pad_begin + (width.kernel - 1) * width.dilation;
  const bool ends =
      reach > width.input_size || (gathered_ == 0 && width.output_size % (2 * step_) != 0);
  const int64_t ragged = std::min<int64_t>(vectors_, int64_t{width.pad_begin > 0} + int64_t{ends});
  return static_cast<double>(ragged) *
         (kTransform * transforms() + kToStore * static_cast<double>(problem_.out_channels));
}

double WinogradPixelsConv::cycles() const {
  constexpr double kLine = 4;     // of a cache, from memory
  constexpr double kTask = 1000;  // to start one: what it reads is in no cache yet
  const int64_t filled = divide_up(rows_ * gathered_, kernels_->lanes);
  const double vectors =
      static_cast<double>(vectors_) + static_cast<double>(filled) / static_cast<double>(rows_);
  const double lines =
      static_cast<double>(problem_.in_channels + problem_.out_channels) * kernels_->lanes / 8;
  const double of_task = vectors * static_cast<double>(rows_) / static_cast<double>(width_parts_);
  const double side_by_side = of_task / std::ceil(of_task / kMaxPairVectors);
  const double vector = vector_cycles(side_by_side) + (streams_ ? kLine * lines : 0);
  const double gather = static_cast<double>(gathered_) * gather_cycles();
  const double start = kTask * static_cast<double>(width_parts_) / static_cast<double>(rows_);
  return (vectors * vector + gather + ragged_cycles() + start) /
         static_cast<double>(problem_.spatial[2].output_size);
}

void WinogradPixelsConv::pack_weights(const float* weights, float* packed) const {
  const int64_t channel_weights = problem_.in_channels * planes() * taps_.count;
  for (int64_t group = 0; group < weight_groups_; ++group)
    for (int64_t block = 0; block < block_count_; ++block) {
      const int64_t channel = group * problem_.out_channels + first_channel(block);
      pack_block(weights + channel * channel_weights, block, packed + channel * products_);
    }
}

void WinogradPixelsConv::pack_block(const float* weights, int64_t block, float* packed) const {
  const int64_t in_channels = problem_.in_channels, channels = block_size(block);
  for (const int sum : kOrder)
    for (int64_t plane = 0; plane < planes(); ++plane)
      for (int64_t window = 0; window < taps_.windows_of(sum); ++window)
        for (int64_t ic = 0; ic < in_channels; ++ic)
          for (int64_t o = 0; o < channels; ++o) {
            const float* from = weights + ((o * in_channels + ic) * planes() + plane) * taps_.count;
            double g[3] = {};
            for (int i = 0; i < 3; ++i) {
              const int64_t tap = taps_.first_tap(window) + i;
              const bool here = tap >= 3 * window && tap < taps_.count;
              if (here) g[i] = from[tap];
            }
            const double factors[kSums] = {g[0], (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2,
                                           -g[2]};
            *packed++ = static_cast<float>(factors[sum]);
          }
}

}  // namespace convoy::kernels
