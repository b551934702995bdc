// Tasks, and the transform of their input.
#include "ops/kernels/conv/winograd_run.h"

#include <algorithm>
#include <bit>

#include "ops/kernels/conv/task_cut.h"
#include "runtime/base/divide_up.h"

namespace convoy::kernels {

namespace {

// Blocks of `size` floats, alternately to even and odd: `blocks` of each.
void take_apart(const float* x, int64_t blocks, int64_t size, float* even, float* odd) {
  for (int64_t block = 0; block < blocks; ++block) {
    even = std::copy_n(x, size, even);
    odd = std::copy_n(x + size, size, odd);
    x += 2 * size;
  }
}

}  // namespace

WinogradRun::WinogradRun(const WinogradConv& conv, const ConvOperands& operands, float* scratch)
    : conv_(conv),
      p_(conv.problem_),
      kernels_(*conv.kernels_),
      operands_(operands),
      task_(p_, conv.oc_parts_, conv.width_blocks_, conv.row_blocks_) {
  plane_ = conv.plane_size(conv.rows_);
  offsets_ = reinterpret_cast<int64_t*>(scratch);
  planes_ = scratch + round_up(conv.products_ * int64_t{sizeof(int64_t) / sizeof(float)}, 16);
  const int64_t planes = p_.in_channels * p_.spatial[0].kernel;
  raw_ = planes_ + round_up(planes * plane_ + kernels_.lanes, 16);
  halves_ = raw_ + conv.raw_size();
  sums_ = halves_ + 2 * conv.half_size();
  const int64_t sums = conv.rows_ * conv.tiles_ * conv.panels_.width_of(0);
  outputs_ = sums_ + kSums * sums;
  pixels_ = reinterpret_cast<WinogradPixel*>(outputs_ + 2 * sums);
  fill_offsets();
}

void WinogradRun::run_tasks(int64_t first, int64_t last) {
  task_.visit(first, last, [this] { run(block_at_task()); });
}

void WinogradRun::fill_offsets() {
  const ConvWindow& rows = p_.spatial[1];
  const WinogradTaps& taps = conv_.taps_;
  int64_t* offset = offsets_;
  for (int sum = 0; sum < kSums; ++sum)
    for (int64_t plane = 0; plane < p_.in_channels * p_.spatial[0].kernel; ++plane)
      for (int64_t kh = 0; kh < rows.kernel; ++kh)
        for (int64_t window = 0; window < taps.windows(); ++window)
          if (taps.adds_to(window, sum))
            *offset++ = plane * plane_ + (kh * rows.dilation * kSums + sum) * conv_.columns_ +
                        window * conv_.run_;
}

// The last axis, by the index of a block of it.
void WinogradRun::place(int64_t index, Block* block) const {
  const int64_t dilation = conv_.dilation(), outputs = p_.spatial[2].output_size;
  const int64_t segment = index / conv_.runs_ * conv_.block_segments_;
  const int64_t from = index % conv_.runs_ * conv_.run_;
  block->first = segment * 2 * dilation + from;
  block->segments = std::min(conv_.block_segments_, conv_.segments_ - segment);
  block->run = std::min(conv_.run_, dilation - from);
  block->tiles = block->segments * block->run;
  const int64_t left = outputs - block->first;
  if (conv_.runs_ == 1) {
    block->first_count = std::min(left, 2 * block->tiles);
    block->second_count = 0;
  } else {
    block->first_count = std::clamp<int64_t>(left, 0, block->run);
    block->second_count = std::clamp<int64_t>(left - dilation, 0, block->run);
  }
}

WinogradRun::Block WinogradRun::block_at_task() const {
  Block block;
  block.input_part = task_.input_part();
  const int64_t panels = conv_.panels_.count(), height = p_.spatial[1].output_size;
  block.panel_begin = part_begin(panels, conv_.oc_parts_, task_[kOcPart]);
  block.panel_end = part_begin(panels, conv_.oc_parts_, task_[kOcPart] + 1);
  place(task_[kWidthPart], &block);
  block.row = part_begin(height, conv_.row_blocks_, task_[kRowBlock]);
  block.rows = part_begin(height, conv_.row_blocks_, task_[kRowBlock] + 1) - block.row;
  block.depth = task_[kDepth];
  const TaskOffsets at(p_, task_, conv_.weight_group_strides_);
  block.input = operands_.input + at.input;
  block.output = operands_.output + at.output;
  block.residual = p_.has_residual ? operands_.residual + at.residual : nullptr;
  block.weights =
      operands_.packed_weights + at.weight_group * conv_.products_ * conv_.packed_channels();
  block.bias = operands_.bias ? operands_.bias + at.weight_group * p_.out_channels : nullptr;
  return block;
}

void WinogradRun::run(const Block& block) {
  if (block.first_count == 0) return;
  if (held_part_ != block.input_part) {
    transform_input(block);
    held_part_ = block.input_part;
  }
  for (int64_t panel = block.panel_begin; panel < block.panel_end; ++panel) {
    compute(block, panel);
    if (!store_pairs(block, panel)) store_repaired(block, panel);
  }
}

void WinogradRun::transform_input(const Block& block) {
  if (transform_channels(block)) return;
  const ConvWindow& depth = p_.spatial[0];
  for (int64_t ic = 0; ic < p_.in_channels; ++ic)
    for (int64_t kd = 0; kd < depth.kernel; ++kd) {
      const int64_t d = block.depth * depth.stride - depth.pad_begin + kd * depth.dilation;
      const bool inside = d >= 0 && d < depth.input_size;
      const float* slice =
          block.input + ic * p_.in_channel_stride + (inside ? d * depth.input_stride : 0);
      float* v = planes_ + (ic * depth.kernel + kd) * plane_;
      if (conv_.runs_ > 1)
        transform_runs(block, slice, inside, v);
      else
        transform_segments(block, slice, inside, v);
    }
}

// Lone rows of all channels at once, where they can be read in place.
bool WinogradRun::transform_channels(const Block& block) {
  const ConvWindow &depth = p_.spatial[0], &height = p_.spatial[1], &width = p_.spatial[2];
  const int64_t d = block.depth * depth.stride - depth.pad_begin;
  const int64_t row = block.row * height.stride - height.pad_begin;
  const int64_t first = block.first - width.pad_begin, dilation = conv_.dilation();
  const bool lone = conv_.input_rows(block.rows) == 1 && depth.kernel == 1;
  const bool inside = d >= 0 && d < depth.input_size && row >= 0 && row < height.input_size;
  if (!lone || !inside || !conv_.reads_rows() || width.input_stride != 1) return false;
  WinogradInput input;
  input.x[0] = block.input + d * depth.input_stride + row * height.input_stride + first;
  input.x_row = p_.in_channel_stride;
  input.rows = p_.in_channels;
  input.v = planes_;
  input.v_row = plane_;
  const int64_t windows = conv_.taps_.windows();
  const int64_t reach = conv_.runs_ > 1 ? (2 * windows + 1) * dilation + block.run
                                        : 2 * dilation * (block.segments + windows);
  if (!conv_.is_near() && (first < 0 || first + reach > width.input_size)) return false;
  if (conv_.runs_ == 1) {
    input.begin = -first;
    input.end = width.input_size - first;
    transform_rows(block, &input);
    return true;
  }
  for (int64_t window = 0; window < windows; ++window) {
    for (int64_t k = 1; k < 4; ++k) input.x[k] = input.x[k - 1] + dilation;
    transform_pairs(1, block.run, &input);
    input.x[0] = input.x[2];
    input.v += conv_.run_;
  }
  return true;
}

// Runs of pairs, of which all first outputs lie before the second ones.
void WinogradRun::transform_pairs(int64_t runs, int64_t run, WinogradInput* input) const {
  input->x_run = 2 * run;
  input->runs = runs;
  input->run = run;
  input->whole = !conv_.reads_rows();
  input->v_copy = conv_.columns_;
  kernels_.winograd_input(*input);
}

// Whole segments from x[0] on, where pairs that lie near each other may read beyond a row.
void WinogradRun::transform_rows(const Block& block, WinogradInput* input) const {
  const int64_t dilation = conv_.dilation();
  const int64_t segments = block.segments + conv_.taps_.windows() - 1;
  if (conv_.is_near()) {
    input->v_copy = conv_.columns_;
    input->run = segments * dilation;
    kernels_.winograd_near_input[std::countr_zero(static_cast<uint64_t>(dilation))](*input);
    return;
  }
  for (int64_t k = 1; k < 4; ++k) input->x[k] = input->x[0] + k * dilation;
  transform_pairs(segments, dilation, input);
}

// Inputs of `rows` rows from position `first` on, `count` of each, zero where there are none. In
// place where that is possible for all, else copied to `to`.
WinogradRun::Rows WinogradRun::read(const Block& block, const float* slice, bool inside,
                                    int64_t row, int64_t rows, int64_t first, int64_t count,
                                    float* to) const {
  const ConvWindow &height = p_.spatial[1], &width = p_.spatial[2];
  row += block.row * height.stride - height.pad_begin;
  first -= width.pad_begin;
  if (rows == 1 && inside && row >= 0 && row < height.input_size && width.input_stride == 1 &&
      first >= 0 && first + count <= width.input_size) {
    return {slice + row * height.input_stride + first, count};
  }
  kernels_.pack({to, count, rows, count, slice, row, 1, inside ? height.input_size : 0,
                 height.input_stride, first, 1, width.input_size, width.input_stride});
  return {to, count};
}

// Reads of each row as far apart as the taps, of which a window takes four.
void WinogradRun::transform_runs(const Block& block, const float* slice, bool inside, float* v) {
  const int64_t windows = conv_.taps_.windows();
  WinogradInput input = {};
  input.rows = 1;
  auto read_tap = [&](int64_t row, int64_t tap) {
    return read(block, slice, inside, row, 1, block.first + tap * conv_.dilation(), block.run,
                raw_ + tap * (conv_.run_ + kernels_.lanes))
        .data;
  };
  for (int64_t row = 0; row < conv_.input_rows(block.rows); ++row) {
    for (int k = 2; k < 4; ++k) input.x[k] = read_tap(row, k - 2);
    for (int64_t window = 0; window < windows; ++window) {
      for (int k = 0; k < 2; ++k) input.x[k] = input.x[k + 2];
      for (int k = 2; k < 4; ++k) input.x[k] = read_tap(row, 2 * window + k);
      input.v = v + row * kSums * conv_.columns_ + window * conv_.run_;
      transform_pairs(1, block.run, &input);
    }
  }
}

void WinogradRun::transform_segments(const Block& block, const float* slice, bool inside,
                                     float* v) {
  const bool near = conv_.is_near() && p_.spatial[2].input_stride == 1;
  if (near) return transform_near(block, slice, inside, v);
  const int64_t dilation = conv_.dilation(), rows = conv_.input_rows(block.rows);
  const int64_t segments = block.segments + conv_.taps_.windows() - 1, blocks = segments + 1;
  const int64_t count = 2 * dilation * blocks;
  const Rows x = read(block, slice, inside, 0, rows, block.first, count, raw_);
  WinogradInput input;
  input.rows = rows;
  input.v = v;
  input.v_row = kSums * conv_.columns_;
  if (conv_.reads_rows()) {
    input.x[0] = x.data;
    input.x_row = x.row;
    input.begin = 0;
    input.end = count;
    return transform_rows(block, &input);
  }
  float *even = halves_, *odd = halves_ + conv_.half_size();
  take_apart(x.data, rows * blocks, dilation, even, odd);
  for (int64_t k = 0; k < 4; ++k) input.x[k] = (k % 2 == 0 ? even : odd) + k / 2 * dilation;
  input.x_row = dilation * blocks;
  transform_pairs(1, segments * dilation, &input);
}

// In place: what lies outside of a row, and whole rows outside, is zero.
void WinogradRun::transform_near(const Block& block, const float* slice, bool inside, float* v) {
  const ConvWindow &height = p_.spatial[1], &width = p_.spatial[2];
  const int64_t rows = conv_.input_rows(block.rows), v_row = kSums * conv_.columns_;
  const int64_t row = block.row * height.stride - height.pad_begin;
  const int64_t begin = inside ? std::clamp<int64_t>(-row, 0, rows) : rows;
  const int64_t end = std::clamp(height.input_size - row, begin, rows);
  const int64_t first = block.first - width.pad_begin;
  std::fill_n(v, begin * v_row, 0.0f);
  WinogradInput input;
  input.x[0] = slice + (row + begin) * height.input_stride + first;
  input.x_row = height.input_stride;
  input.rows = end - begin;
  input.begin = -first;
  input.end = width.input_size - first;
  input.v = v + begin * v_row;
  input.v_row = v_row;
  transform_rows(block, &input);
  std::fill_n(v + end * v_row, (rows - end) * v_row, 0.0f);
}

}  // namespace convoy::kernels
