// The decisions of DirectConv where vectors run along output channels.
#include <algorithm>
#include <cstdlib>

#include "ops/kernels/conv/conv_axes.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/direct_conv.h"
#include "ops/kernels/conv/tile_cost.h"
#include "runtime/base/divide_up.h"

namespace convoy::kernels {

namespace {

constexpr int64_t kMostPixels = 96;  // whose sums fit the first-level cache beside the weights
constexpr int64_t kFewPixels = 48;
constexpr int64_t kMostPages = 64;
constexpr int64_t kPageFloats = 1024;
constexpr int64_t kPackedFloats = 32 * 1024;      // of 256 KiB or more of second-level cache
constexpr int64_t kMostPackedFloats = 64 * 1024;  // where that leaves few pixels

}  // namespace

bool DirectConv::allows_channels() const {
  const ConvWindow& width = problem_.spatial[2];
  return width.output_stride == 1 && (!problem_.has_residual || width.residual_stride == 1) &&
         problem_.out_channels > 0;
}

void DirectConv::choose_panels() {
  panels_ = {out_channels_, kernels_->lanes};
  packed_channels_ = panels_.packed_channels();
  block_count_ = panels_.count();
}

bool DirectConv::reads_padding() const {
  for (const ConvWindow& w : problem_.spatial) {
    const int64_t last = (w.output_size - 1) * w.stride - w.pad_begin + (w.kernel - 1) * w.dilation;
    if (w.pad_begin > 0 || last >= w.input_size) return true;
  }
  return false;
}

int64_t DirectConv::packed_floats(int64_t rows, int64_t columns) const {
  const ConvProblem& p = problem_;
  const Packing along_rows = pack_axis(p.spatial[1], rows);
  const Packing along_width = pack_axis(p.spatial[2], columns);
  return p.in_channels * p.spatial[0].kernel * along_rows.copies * along_width.copies *
         (rows + along_rows.extra) * (columns + along_width.extra);
}

void DirectConv::choose_channel_layout() {
  ConvProblem& p = problem_;
  const ConvWindow& width = p.spatial[2];
  const int64_t columns = width.output_size;
  if (is_unit(p.spatial[0]) && is_unit(p.spatial[1]) && p.batch[1].size > 1 &&
      2 * columns <= kMostPixels)
    batch_as_rows(&p);
  const ConvWindow& rows = p.spatial[1];
  find_inner();
  term_chunk_ = divide_up(terms_, std::max<int64_t>(divide_up(terms_, kMostTileTerms), 1));
  // Rows of input channels that lie multiples of a page apart evict each other; many rows far apart
  // lie on more pages than the processor remembers.
  const int64_t pages =
      std::min(p.in_channels, p.in_channels * std::abs(p.in_channel_stride) / kPageFloats);
  const bool scattered =
      pages > kMostPages || (p.in_channels > 8 && p.in_channel_stride % 256 == 0);
  in_place_ = width.input_stride == 1 && width.stride == 1 && !(scattered && block_count_ > 1) &&
              (!reads_padding() ||
               (columns >= 2 * kMostPixels && inner_end_ - inner_begin_ >= columns * 3 / 4));
  auto fits = [&](int64_t row_count, int64_t column_count, int64_t floats) {
    return row_count * column_count <= kMostPixels &&
           packed_floats(row_count, column_count) <= floats;
  };
  chunk_ = columns;
  while (chunk_ > kFewPixels &&
         !fits(1, chunk_, 2 * chunk_ > kMostPixels ? kPackedFloats : kMostPackedFloats))
    chunk_ = divide_up(chunk_, 2);
  const int64_t step = kernels_->max_pixels[2];
  const int64_t even = divide_up(columns, divide_up(columns, chunk_));
  chunk_ = std::min(divide_up(even, step) * step, columns);
  rows_ = 1;
  while (rows_ < rows.output_size &&
         (fits(rows_ + 1, chunk_, kPackedFloats) ||
          ((rows_ + 1) * chunk_ <= kFewPixels && fits(rows_ + 1, chunk_, kMostPackedFloats))))
    ++rows_;
  width_packing_ = pack_axis(width, chunk_);
  row_len_ = chunk_ + width_packing_.extra;
}

// The estimates below are cycles per output position for all output channels of a group, fitted to
// measurements on a core with AVX2, and checked on one with AVX-512. What both forms do alike is
// left out.
bool DirectConv::prefers_channels() const {
  const ConvWindow& width = problem_.spatial[2];
  const bool is_depthwise = problem_.in_channels == 1 && problem_.out_channels == 1;
  return !is_depthwise && terms_ > 0 && width.output_size > 0 && channels_cost() < pixels_cost();
}

double DirectConv::cycles() const {
  if (task_count_ == 0 || out_channels_ == 0) return 0;
  return channels_ ? channels_cost() + weights_cost() : pixels_cost();
}

// From the third-level cache once a block; most of it while the vectors before are in use.
double DirectConv::weights_cost() const {
  constexpr double kWeight = 0.2;
  return kWeight * static_cast<double>(terms_ * packed_channels_) /
         static_cast<double>(rows_ * chunk_);
}

double DirectConv::channels_cost() const {
  const ConvKernels& k = *kernels_;
  const int64_t vectors = divide_up(out_channels_, k.lanes);
  auto panel = [&](int64_t count) {
    const double pixels = k.max_pixels[count];
    const double term = panel_cycles(k, static_cast<double>(count), pixels);
    const double to_store = 28.0 + 6.0 * static_cast<double>(count) * pixels;
    return (static_cast<double>(terms_) * term + to_store) / pixels;
  };
  if (vectors == 1) return panel(1);
  const double pairs = panel(2) * static_cast<double>(vectors / 2);
  return vectors % 2 == 0 ? pairs : pairs - panel(2) + panel(3);
}

// By the kernels of conv_depthwise.h; measured on a core with AVX-512, which also holds for AVX2.
double DirectConv::depthwise_cost() const {
  constexpr double kChannel = 100, kRow = 3, kTap = 0.7, kApartTap = 1.1, kSplit = 8;
  const ConvWindow &width = problem_.spatial[2], &rows = problem_.spatial[1];
  const double vectors = static_cast<double>(divide_up(width.output_size, kernels_->lanes));
  const double taps = static_cast<double>(terms_), tap_rows = static_cast<double>(rows.kernel);
  const double vector =
      width.stride == 1 ? tap_rows + kTap * taps : kSplit + 2 * tap_rows + kApartTap * taps;
  const double row = kRow + vectors * vector + kChannel / static_cast<double>(rows.output_size);
  return row / static_cast<double>(width.output_size);
}

double DirectConv::pixels_cost() const {
  if (depthwise_) return depthwise_cost();
  constexpr double kToStore = 45, kPacked = 1.1, kPackedPlane = 1.25, kMostRowsCost = 1.4;
  const ConvKernels& k = *kernels_;
  const ConvWindow &width = problem_.spatial[2], &rows = problem_.spatial[1];
  const double terms = static_cast<double>(terms_);
  const double outputs = static_cast<double>(width.output_size);
  const int64_t row = divide_up(width.output_size, k.lanes);
  double apart = 0, together = 0;
  for (int64_t block = 0; block < block_count_; ++block) {
    const int64_t channels = block_size(block), most = k.max_vectors[channels];
    const double tiles = static_cast<double>(divide_up(row, most));
    apart += terms * row_cycles(k, channels, row) + tiles * kToStore;
    together += (terms * tile_cycles(k, channels, most) + kToStore) / static_cast<double>(most);
  }
  const bool is_plane = rows.output_size > 1 && rows.kernel > 1;
  const double span = outputs + static_cast<double>(pack_axis(width, width.output_size).extra);
  const double through_scratch =
      static_cast<double>(out_channels_) * (20.0 + 3.0 * static_cast<double>(row));
  together = together * span / k.lanes + through_scratch;
  const bool may_join = width.output_size <= 128 && (rows.output_size > 1 || is_plane);
  const double cycles = may_join ? std::min(apart, together) : apart;
  const bool packed = is_plane || width.stride > 1 || 2 * width.pad_begin > width.output_size;
  const double in_place =
      std::min(1.0 + static_cast<double>(problem_.in_channels) / 800, kMostRowsCost);
  return cycles / outputs * (is_plane ? kPackedPlane : packed ? kPacked : in_place);
}

}  // namespace convoy::kernels
