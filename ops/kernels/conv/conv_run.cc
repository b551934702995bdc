// Tasks and their input: where it is read in place, and how it is packed where it is not.
#include "ops/kernels/conv/conv_run.h"

#include <algorithm>

#include "ops/kernels/conv/task_cut.h"

namespace convoy::kernels {

ConvRun::ConvRun(const DirectConv& conv, const ConvOperands& operands, float* scratch)
    : conv_(conv),
      p_(conv.problem_),
      kernels_(*conv.kernels_),
      operands_(operands),
      task_(p_, conv.oc_parts_, conv.width_parts_, conv.row_blocks_),
      clamp_(clamp_of(p_.epilogue)) {
  packed_ = scratch;
  bounce_ = packed_ + conv.packed_input_size_;
  in_place_.offsets = reinterpret_cast<int64_t*>(bounce_ + (conv.bounce_size_ + 15) / 16 * 16);
  in_packed_.offsets = in_place_.offsets + conv.terms_;
  if (conv.task_count_ > 0 && !conv.depthwise_) find_taps();
  if (conv.is_half()) half_.emplace(p_.element);
  activate_ = is_apart(p_.epilogue);
}

void ConvRun::find_taps() {
  if (p_.in_channels == 0) return;
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const DirectConv::Packing &rp = conv_.row_packing_, &wp = conv_.width_packing_;
  const int64_t plane = conv_.plane_len_;
  in_place_.run = taps_at_once(width.kernel);
  in_place_.step = width.dilation * width.input_stride;
  const bool even = wp.copies == 1 || wp.copies == width.kernel;
  in_packed_.run = even ? in_place_.run : 1;
  in_packed_.step = wp.copies == 1 ? wp.shift : plane;
  int64_t *in_place = in_place_.offsets, *packed = in_packed_.offsets;
  const int64_t row_shift = rp.shift * conv_.row_len_ - rp.copies * wp.copies * plane;
  const int64_t column_shift = wp.shift - wp.copies * plane;
  for (int64_t kd = 0; kd < depth.kernel; ++kd) {
    const int64_t from = kd * depth.dilation * depth.input_stride;
    const int64_t copy = kd * rp.copies * wp.copies * plane;
    for (int64_t kh = 0, row_copy = 0, row_at = copy; kh < rows.kernel; ++kh) {
      for (int64_t kw = 0, width_copy = 0, at = row_at; kw < width.kernel; ++kw) {
        *in_place++ = from + kh * rows.dilation * rows.input_stride +
                      kw * width.dilation * width.input_stride;
        *packed++ = at;
        at += plane;
        if (++width_copy == wp.copies) width_copy = 0, at += column_shift;
      }
      row_at += wp.copies * plane;
      if (++row_copy == rp.copies) row_copy = 0, row_at += row_shift;
    }
  }
  // The other channels' taps lie as those of the first.
  const int64_t taps = depth.kernel * rows.kernel * width.kernel;
  const int64_t channel = depth.kernel * rp.copies * wp.copies * plane;
  auto repeat = [&](int64_t* first, int64_t step) {
    int64_t* to = first + taps;
    for (int64_t ic = 1; ic < p_.in_channels; ++ic)
      for (int64_t i = 0; i < taps; ++i) *to++ = first[i] + ic * step;
  };
  repeat(in_packed_.offsets, channel);
  if (conv_.in_place_) repeat(in_place_.offsets, p_.in_channel_stride);
}

void ConvRun::use(const Taps& taps, ConvTile* tile) const {
  tile->offsets = taps.offsets;
  tile->terms = conv_.terms_;
  tile->taps = taps.run;
  tile->tap_step = taps.step;
}

void ConvRun::run_tasks(int64_t first, int64_t last) {
  task_.visit(first, last, [this] { run(); });
}

ConvRun::Area ConvRun::area(const TaskIndex& task) const {
  Area area;
  area.depth = task[kDepth];
  const int64_t height = p_.spatial[1].output_size;
  area.row = part_begin(height, conv_.row_blocks_, task[kRowBlock]);
  area.rows = part_begin(height, conv_.row_blocks_, task[kRowBlock] + 1) - area.row;
  area.block_begin = part_begin(conv_.block_count_, conv_.oc_parts_, task[kOcPart]);
  area.block_end = part_begin(conv_.block_count_, conv_.oc_parts_, task[kOcPart] + 1);
  auto column = [&](int64_t part) {
    return std::min(part_begin(conv_.chunks_, conv_.width_parts_, part) * conv_.chunk_,
                    p_.spatial[2].output_size);
  };
  area.column_begin = column(task[kWidthPart]);
  area.column_end = column(task[kWidthPart] + 1);
  const TaskOffsets at(p_, task, conv_.weight_group_strides_);
  area.input = half_ ? nullptr : operands_.input + at.input;
  area.output = half_ ? nullptr : operands_.output + at.output;
  area.residual = p_.has_residual && !half_ ? operands_.residual + at.residual : nullptr;
  area.half_input = half_ ? operands_.half_input + at.input : nullptr;
  area.half_output = half_ ? operands_.half_output + at.output : nullptr;
  area.half_residual = p_.has_residual && half_ ? operands_.half_residual + at.residual : nullptr;
  area.weights = operands_.packed_weights + at.weight_group * conv_.packed_channels_ * conv_.terms_;
  area.bias = operands_.bias ? operands_.bias + at.weight_group * p_.out_channels : nullptr;
  return area;
}

void ConvRun::run() {
  const Area area = this->area(task_);
  const int64_t begin = area.column_begin, end = area.column_end;
  const int64_t lanes = kernels_.lanes;
  if (conv_.depthwise_) return run_depthwise(area, begin, end);
  int64_t from = std::max(begin, conv_.inner_begin_), to = std::min(end, conv_.inner_end_);
  if (from > begin) from = std::max(from, begin + lanes);
  if (to < end) to = std::min(to, end - lanes);
  if (!conv_.in_place_ || to - from < lanes || !reads_no_padding(area)) {
    run_packed(area, begin, end);
    return;
  }
  if (begin < from) run_packed(area, begin, from);
  run_in_place(area, from, to);
  if (to < end) run_packed(area, to, end);
}

bool ConvRun::reads_no_padding(const Area& area) const {
  auto inside = [](const ConvWindow& w, int64_t first, int64_t last) {
    return first * w.stride >= w.pad_begin &&
           last * w.stride - w.pad_begin + (w.kernel - 1) * w.dilation < w.input_size;
  };
  return inside(p_.spatial[0], area.depth, area.depth) &&
         inside(p_.spatial[1], area.row, area.row + area.rows - 1);
}

// Rows of a channel on its own, columns begin .. end - 1.
void ConvRun::run_depthwise(const Area& area, int64_t begin, int64_t end) {
  const ConvWindow &rows = p_.spatial[1], &width = p_.spatial[2];
  ConvTile at;
  at.rows = area.rows;
  at.limit = end - begin;
  place(area, 0, begin, &at);
  DepthwiseRows tile;
  tile.x_row = rows.input_stride;
  tile.first_row = area.row * rows.stride - rows.pad_begin;
  tile.row_step = rows.stride;
  tile.row_apart = rows.dilation;
  tile.row_count = rows.input_size;
  tile.begin = width.pad_begin - begin * width.stride;
  tile.end = tile.begin + width.input_size;
  tile.x = area.input + tile.first_row * tile.x_row - tile.begin;
  tile.tap_rows = rows.kernel;
  tile.taps = width.kernel;
  tile.stride = width.stride;
  tile.weights = at.weights;
  tile.bias = at.bias ? *at.bias : 0.0f;
  tile.y = at.y;
  tile.y_row = at.y_row;
  tile.residual = at.residual;
  tile.residual_row = at.residual_row;
  tile.rows = at.rows;
  tile.outputs = at.limit;
  tile.clamp = at.clamp;
  tile.low = at.low;
  tile.high = at.high;
  kernels_.depthwise(tile);
  activate(at, 1);
}

void ConvRun::run_packed(const Area& area, int64_t begin, int64_t end) {
  ConvTile tile;
  tile.x = packed_;
  tile.x_row = conv_.row_len_;
  use(in_packed_, &tile);
  for (int64_t at = begin; at < end; at += conv_.chunk_) {
    const int64_t count = std::min(conv_.chunk_, end - at);
    hold(area, at, count);
    if (at + count < end) prefetch(area, at + count);
    compute(area, &tile, at, count);
  }
}

// Where the window of an output in the first row begins.
const float* ConvRun::first_input(const Area& area, int64_t column) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  return area.input + (area.depth * depth.stride - depth.pad_begin) * depth.input_stride +
         (area.row * rows.stride - rows.pad_begin) * rows.input_stride +
         (column * width.stride - width.pad_begin) * width.input_stride;
}

void ConvRun::run_in_place(const Area& area, int64_t begin, int64_t end) {
  const ConvWindow& rows = p_.spatial[1];
  ConvTile tile;
  tile.x_row = rows.stride * rows.input_stride;
  use(in_place_, &tile);
  for (int64_t at = begin; at < end;) {
    int64_t count = std::min(conv_.chunk_, end - at);
    if (end - at - count < kernels_.lanes && !conv_.channels_) count = end - at;
    tile.x = first_input(area, at);
    if (conv_.streams_) foresee(area, at + count, end, &tile);
    compute(area, &tile, at, count);
    at += count;
  }
}

// Has the inputs of the outputs from `column` on asked for, or of the next task where those end.
void ConvRun::foresee(const Area& area, int64_t column, int64_t end, ConvTile* tile) const {
  constexpr int64_t kLine = 16;
  tile->soon_channels = 0;
  int64_t count = end - column;
  if (count > 0) {
    tile->soon = first_input(area, column);
  } else {
    TaskIndex next = task_;
    next.next();
    if (next.input_part() == task_.input_part()) return;
    const Area after = this->area(next);
    tile->soon = first_input(after, after.column_begin);
    count = after.column_end - after.column_begin;
  }
  tile->soon_lines = (std::min(conv_.chunk_, count) + kLine - 1) / kLine;
  tile->soon_channel = p_.in_channel_stride;
  tile->soon_channels = p_.in_channels;
}

// The tasks of all output channels read the same.
void ConvRun::hold(const Area& area, int64_t begin, int64_t count) {
  const int64_t part = task_.input_part();
  if (held_part_ == part && held_column_ == begin) return;
  pack(area, begin, count);
  held_part_ = part;
  held_column_ = begin;
}

void ConvRun::pack(const Area& area, int64_t begin, int64_t count) {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const DirectConv::Packing &rp = conv_.row_packing_, &wp = conv_.width_packing_;
  const int64_t first_row = area.row * rows.stride - rows.pad_begin;
  const int64_t first_column = begin * width.stride - width.pad_begin;
  ConvPack to;
  to.dst = packed_;
  to.dst_row = conv_.row_len_;
  to.rows = area.rows + rp.extra;
  // Whole vectors may be read where a row is shorter than one.
  to.count = std::min(std::max(count, int64_t{kernels_.lanes}) + wp.extra, conv_.row_len_);
  to.row_step = rows.stride;
  to.row_stride = rows.input_stride;
  to.step = width.stride;
  to.size = width.input_size;
  to.stride = width.input_stride;
  for (int64_t ic = 0; ic < p_.in_channels; ++ic)
    for (int64_t kd = 0; kd < depth.kernel; ++kd) {
      const int64_t d = area.depth * depth.stride - depth.pad_begin + kd * depth.dilation;
      const bool inside = d >= 0 && d < depth.input_size;
      to.row_size = inside ? rows.input_size : 0;
      const int64_t from = ic * p_.in_channel_stride + (inside ? d * depth.input_stride : 0);
      to.src = half_ ? nullptr : area.input + from;
      for (int64_t rc = 0; rc < rp.copies; ++rc)
        for (int64_t wc = 0; wc < wp.copies; ++wc) {
          to.first_row = first_row + rc * rows.dilation;
          to.first = first_column + wc * width.dilation;
          if (half_)
            half_->pack(to, area.half_input + from);
          else
            kernels_.pack(to);
          to.dst += conv_.plane_len_;
        }
    }
}

// Asks for the part of lone rows that the next packing reads.
void ConvRun::prefetch(const Area& area, int64_t begin) const {
  const ConvWindow& width = p_.spatial[2];
  if (area.rows > 1 || p_.spatial[1].kernel > 1 || p_.spatial[0].kernel > 1) return;
  if (width.input_stride != 1 || half_) return;
  const int64_t first = std::max<int64_t>(begin * width.stride - width.pad_begin, 0);
  const int64_t last = std::min(first + conv_.chunk_ * width.stride, width.input_size);
  for (int64_t ic = 0; ic < p_.in_channels; ++ic)
    for (int64_t i = first; i < last; i += 16)
      __builtin_prefetch(area.input + ic * p_.in_channel_stride + i);
}

}  // namespace convoy::kernels
