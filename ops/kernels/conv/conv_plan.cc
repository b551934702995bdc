// The decisions of DirectConv: blocks of output channels, when and how to pack the input, tasks.
#include <algorithm>
#include <numeric>

#include "ops/kernels/conv/conv_axes.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/direct_conv.h"
#include "ops/kernels/conv/task_cut.h"
#include "ops/kernels/conv/tile_cost.h"
#include "runtime/base/divide_up.h"

namespace convoy::kernels {

namespace {

constexpr int64_t kFirstLevelFloats = 6 * 1024;    // of 32 KiB or more of first-level cache
constexpr int64_t kSecondLevelFloats = 32 * 1024;  // of 256 KiB or more of second-level cache
constexpr int64_t kMostPackedRows = 64;
constexpr int64_t kManyStreams = 8;  // more than the processor itself reads ahead in well

}  // namespace

DirectConv::DirectConv(const ConvProblem& problem, Isa isa, int threads, ConvForm form)
    : DirectConv(problem, conv_kernels(isa), threads, form) {}

DirectConv::DirectConv(const ConvProblem& problem, const ConvKernels& kernels, int threads,
                       ConvForm form)
    : problem_(problem), kernels_(&kernels) {
  normalise();
  choose_oc_blocks();
  const ConvProblem& p = problem_;
  channels_ = form != ConvForm::pixels && allows_channels() &&
              (form == ConvForm::channels || prefers_channels());
  if (channels_) choose_panels();
  int64_t outputs = p.out_channels;
  for (const ConvLoop& loop : p.batch) outputs *= loop.size;
  for (const ConvLoop& loop : p.group) outputs *= loop.size;
  for (const ConvWindow& window : p.spatial) outputs *= window.output_size;
  if (outputs == 0) return;
  if (channels_) {
    choose_channel_layout();
  } else {
    choose_flat();
    choose_layout();
  }
  in_place_ = in_place_ && !is_half();
  choose_tasks(std::max(threads, 1));
  size_scratch();
}

void DirectConv::normalise() {
  ConvProblem& p = problem_;
  normalise_axes(&p);
  weight_groups_ = count_weight_groups(p, weight_group_strides_);
  out_channels_ = packed_channels_ = p.out_channels;
  terms_ = p.in_channels;
  for (const ConvWindow& window : p.spatial) terms_ *= window.kernel;
}

void DirectConv::choose_oc_blocks() {
  const ConvKernels& k = *kernels_;
  double best = 0;
  for (int size = k.max_oc_block; size >= 1; --size) {
    if (k.max_vectors[size] == 0) continue;
    const int64_t count = std::max<int64_t>(divide_up(out_channels_, size), 1);
    const int64_t small = out_channels_ / count, large_count = out_channels_ % count;
    double cycles = 0;
    for (int64_t channels : {small, small + 1}) {
      const int64_t times = channels == small ? count - large_count : large_count;
      if (times == 0 || channels == 0) continue;
      const int64_t vectors = k.max_vectors[channels];
      const double overhead = 8.0 + channels * vectors;  // to start and to store the tile
      cycles += times * (tile_cycles(k, channels, vectors) + overhead / terms_) / vectors;
    }
    if (best != 0 && cycles >= best) continue;
    best = cycles;
    block_count_ = count;
    oc_block_ = large_count ? small + 1 : small;
    large_blocks_ = large_count ? large_count : count;
  }
}

int64_t DirectConv::block_size(int64_t block) const {
  if (channels_) return panels_.size_of(block);
  return block < large_blocks_ ? oc_block_ : oc_block_ - 1;
}

int64_t DirectConv::first_channel(int64_t block) const {
  if (channels_) return panels_.first_of(block);
  return block * oc_block_ - std::max<int64_t>(block - large_blocks_, 0);
}

// Copies of the axis must be as many that taps of one copy lie a whole number of outputs apart.
// When the window is wide against the number of outputs a copy per tap is smaller.
DirectConv::Packing DirectConv::pack_axis(const ConvWindow& w, int64_t outputs) {
  const int64_t period = w.stride / std::gcd(w.stride, w.dilation);
  Packing packing;
  packing.copies = std::min(w.kernel, period);
  packing.shift = period * w.dilation / w.stride;
  packing.extra = (w.kernel - 1) / packing.copies * packing.shift;
  if (w.kernel * outputs <= packing.copies * (outputs + packing.extra)) {
    packing.copies = w.kernel;
    packing.shift = packing.extra = 0;
  }
  return packing;
}

bool DirectConv::suits_depthwise() const {
  const ConvProblem& p = problem_;
  const ConvWindow& width = p.spatial[2];
  const bool neighbours = width.input_stride == 1 && width.output_stride == 1 &&
                          (!p.has_residual || width.residual_stride == 1);
  return p.in_channels == 1 && p.out_channels == 1 && width.kernel > 1 && width.stride <= 2 &&
         width.dilation == 1 && neighbours && !is_half() && is_unit(p.spatial[0]);
}

// Rows too short for good tiles are computed together as one long row through scratch.
void DirectConv::choose_flat() {
  ConvProblem& p = problem_;
  const ConvWindow& width = p.spatial[2];
  const bool by_batch = is_unit(p.spatial[1]) && is_unit(p.spatial[0]);
  const int64_t rows = by_batch ? p.batch[1].size : p.spatial[1].output_size;
  const ConvKernels& k = *kernels_;
  depthwise_ = suits_depthwise();
  if (depthwise_ || rows == 1 || width.output_size > 128) return;
  const double apart =
      row_cycles(k, oc_block_, divide_up(width.output_size, k.lanes)) + 12.0 / terms_;
  const int64_t row_len = width.output_size + pack_axis(width, width.output_size).extra;
  const int64_t most = std::min(rows, kMostPackedRows);
  const double through_scratch = oc_block_ * (20.0 + 3.0 * divide_up(width.output_size, k.lanes));
  const double together = tile_cycles(k, oc_block_, k.max_vectors[oc_block_]) /
                              k.max_vectors[oc_block_] *
                              divide_up((most - 1) * row_len + width.output_size, k.lanes) / most +
                          through_scratch / terms_;
  if (together > 0.7 * apart) return;
  flat_ = true;
  if (by_batch) batch_as_rows(&problem_);
}

void DirectConv::find_inner() {
  const ConvWindow& width = problem_.spatial[2];
  inner_begin_ =
      std::min(divide_up(std::max<int64_t>(width.pad_begin, 0), width.stride), width.output_size);
  const int64_t reach = width.input_size - 1 - (width.kernel - 1) * width.dilation;
  const int64_t last = reach + width.pad_begin;
  inner_end_ = last < 0 ? 0 : std::min(last / width.stride + 1, width.output_size);
}

void DirectConv::choose_layout() {
  const ConvProblem& p = problem_;
  const ConvWindow& width = p.spatial[2];
  const ConvWindow& rows = p.spatial[1];
  const int64_t tile = kernels_->max_vectors[oc_block_] * kernels_->lanes;

  find_inner();
  bounce_ = flat_ || is_half() || width.output_stride != 1 ||
            (p.has_residual && width.residual_stride != 1);
  const int64_t inner = inner_end_ - inner_begin_;
  in_place_ = !flat_ && width.input_stride == 1 && width.stride == 1 && inner >= kernels_->lanes &&
              inner * 4 >= width.output_size * 3;

  const int64_t taps = p.spatial[0].kernel * rows.kernel;
  chunk_ = width.output_size;
  if (!flat_) {
    const int64_t span = (width.kernel - 1) * width.dilation / width.stride;
    const int64_t fits = kFirstLevelFloats / std::max<int64_t>(p.in_channels * taps, 1) - span;
    const int64_t most = std::max(fits / tile * tile, 2 * tile);
    const int64_t parts = divide_up(width.output_size, most);
    chunk_ = std::min(round_up(divide_up(width.output_size, parts), tile), width.output_size);
  }
  if (depthwise_) {
    rows_ = rows.output_size;
    return;
  }
  width_packing_ = pack_axis(width, chunk_);
  row_len_ = chunk_ + width_packing_.extra;
  if (!flat_) row_len_ = round_up(row_len_, kernels_->lanes);

  const int64_t row_floats =
      std::max<int64_t>(p.in_channels * p.spatial[0].kernel * width_packing_.copies * row_len_, 1);
  auto rows_within = [&](int64_t floats) {
    const int64_t period = rows.stride / std::gcd(rows.stride, rows.dilation);
    return floats / (row_floats * std::min(rows.kernel, period)) -
           (rows.kernel - 1) * rows.dilation / rows.stride;
  };
  const int64_t few = flat_ ? std::min<int64_t>(8, divide_up(4 * tile, row_len_)) : 4;
  rows_ = rows_within(kFirstLevelFloats);
  if (rows_ < few) rows_ = std::min(rows_within(kSecondLevelFloats), few);
  if (!flat_ && rows.kernel == 1) rows_ = 1;
  rows_ = std::clamp<int64_t>(rows_, 1, std::min(rows.output_size, kMostPackedRows));
}

// By what is apart anyway; then by output channels, of which each thread packs the input for its
// own; by fewer rows at a time, which share less, as a last resort.
void DirectConv::choose_tasks(int threads) {
  const ConvProblem& p = problem_;
  int64_t outer = p.spatial[0].output_size;
  for (const ConvLoop& loop : p.batch) outer *= loop.size;
  for (const ConvLoop& loop : p.group) outer *= loop.size;
  const TaskCut cut(p, threads);
  const ConvWindow& rows = p.spatial[1];
  row_blocks_ = divide_up(rows.output_size, rows_);
  chunks_ = divide_up(p.spatial[2].output_size, chunk_);
  width_parts_ = cut.parts(outer * row_blocks_, chunks_);
  outer *= width_parts_;
  oc_parts_ = cut.parts(outer * row_blocks_, block_count_);
  outer *= oc_parts_;
  row_blocks_ = cut.costly_parts(outer, rows.output_size, row_blocks_);
  rows_ = divide_up(rows.output_size, row_blocks_);
  task_count_ = outer * row_blocks_;
  streams_ = !channels_ && in_place_ && p.in_channels >= kManyStreams && operands_exceed_cache(p);
  row_packing_ = pack_axis(rows, rows_);
}

void DirectConv::size_scratch() {
  const ConvProblem& p = problem_;
  plane_len_ = (rows_ + row_packing_.extra) * row_len_;
  // Channels that lie a multiple of a few cache lines apart would share few sets of the cache.
  if (channels_ && plane_len_ % 64 == 0) plane_len_ += 16;
  packed_input_size_ = p.in_channels * p.spatial[0].kernel * row_packing_.copies *
                       width_packing_.copies * plane_len_;
  packed_input_size_ = depthwise_ ? 0 : round_up(packed_input_size_ + kernels_->lanes, 16);
  bounce_row_ = bounce_ ? round_up(flat_ ? rows_ * row_len_ : chunk_ + kernels_->lanes, 16) : 0;
  const int64_t tables = round_up(2 * terms_ * int64_t{sizeof(int64_t) / sizeof(float)}, 16);
  bounce_size_ = channels_ ? panels_.width_of(0) * rows_ * chunk_ : oc_block_ * bounce_row_;
  if (channels_ && is_half()) bounce_size_ *= 2;  // sums of pixels, then rows of channels
  scratch_size_ = tables + packed_input_size_ + round_up(bounce_size_, 16);
}

}  // namespace convoy::kernels
