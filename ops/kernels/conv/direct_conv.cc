#include "ops/kernels/conv/direct_conv.h"

#include <algorithm>
#include <limits>

#include "ops/kernels/conv/conv_kernels.h"

namespace convoy::kernels {

void DirectConv::pack_weights(const float* weights, float* packed) const {
  for (int64_t group = 0; group < weight_groups_; ++group) {
    const float* channel = weights + group * out_channels_ * terms_;
    for (int64_t block = 0; block < block_count_; ++block) {
      const int64_t size = block_size(block);
      for (int64_t term = 0; term < terms_; ++term)
        for (int64_t o = 0; o < size; ++o) *packed++ = channel[o * terms_ + term];
      channel += size * terms_;
    }
  }
}

// One call of run_tasks: where the scratch is, and the task at hand.
class ConvRun {
 public:
  ConvRun(const DirectConv& conv, const ConvOperands& operands, float* scratch);
  void run(int64_t task);

 private:
  // Output channels from block_begin to block_end at rows row .. row + rows - 1 of depth.
  struct Area {
    const float* input;
    const float* weights;
    const float* bias;
    const float* residual;
    float* output;
    int64_t block_begin, block_end;
    int64_t depth, row, rows;
  };

  Area area_of(int64_t task, int64_t* width_part) const;
  bool reads_no_padding(const Area& area) const;
  void run_packed(const Area& area, int64_t begin, int64_t end);
  void run_in_place(const Area& area, int64_t begin, int64_t end);
  void pack(const Area& area, int64_t begin, int64_t count);
  void compute(const Area& area, const float* x, const int64_t* offsets, int64_t row,
               int64_t column, int64_t count);
  void finish(const Area& area, int64_t channel, int64_t channels, int64_t row, int64_t column,
              int64_t count);
  static void run_width(const ConvKernels& kernels, int64_t channels, int64_t count,
                        ConvTile* tile);

  const DirectConv& conv_;
  const ConvProblem& p_;
  const ConvKernels& kernels_;
  const ConvOperands& operands_;
  int64_t* in_place_offsets_;
  int64_t* packed_offsets_;
  float* packed_;
  float* bounce_;
  bool clamp_ = false;
  bool activate_ = false;  // the activation is a pass of its own
  float low_ = -std::numeric_limits<float>::infinity();
  float high_ = std::numeric_limits<float>::infinity();
};

ConvRun::ConvRun(const DirectConv& conv, const ConvOperands& operands, float* scratch)
    : conv_(conv), p_(conv.problem_), kernels_(*conv.kernels_), operands_(operands) {
  packed_ = scratch;
  bounce_ = packed_ + conv.packed_input_size_;
  in_place_offsets_ = reinterpret_cast<int64_t*>(bounce_ + conv.oc_block_ * conv.bounce_row_);
  packed_offsets_ = in_place_offsets_ + conv.terms_;

  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const DirectConv::Packing &rp = conv.row_packing_, &wp = conv.width_packing_;
  const int64_t plane = (conv.rows_ + rp.extra) * conv.row_len_;
  int64_t term = 0;
  for (int64_t ic = 0; ic < p_.in_channels; ++ic)
    for (int64_t kd = 0; kd < depth.kernel; ++kd)
      for (int64_t kh = 0; kh < rows.kernel; ++kh)
        for (int64_t kw = 0; kw < width.kernel; ++kw, ++term) {
          in_place_offsets_[term] =
              ic * p_.in_channel_stride + kd * depth.dilation * depth.input_stride +
              kh * rows.dilation * rows.input_stride + kw * width.dilation * width.input_stride;
          const int64_t copy =
              ((ic * depth.kernel + kd) * rp.copies + kh % rp.copies) * wp.copies + kw % wp.copies;
          packed_offsets_[term] =
              copy * plane + kh / rp.copies * rp.shift * conv.row_len_ + kw / wp.copies * wp.shift;
        }

  switch (p_.activation) {
    case ConvActivation::none:
      break;
    case ConvActivation::relu:
      clamp_ = true;
      low_ = 0;
      break;
    case ConvActivation::clip:
      clamp_ = true;
      low_ = p_.alpha;
      high_ = p_.beta;
      break;
    default:
      activate_ = true;
  }
}

ConvRun::Area ConvRun::area_of(int64_t task, int64_t* width_part) const {
  auto take = [&task](int64_t size) {
    const int64_t index = task % size;
    task /= size;
    return index;
  };
  const int64_t oc_part = take(conv_.oc_parts_);
  *width_part = take(conv_.width_parts_);
  const int64_t row_block = take(conv_.row_blocks_);
  Area area;
  area.depth = take(p_.spatial[0].output_size);
  area.row = row_block * conv_.rows_;
  area.rows = std::min(conv_.rows_, p_.spatial[1].output_size - area.row);
  area.block_begin = conv_.block_count_ * oc_part / conv_.oc_parts_;
  area.block_end = conv_.block_count_ * (oc_part + 1) / conv_.oc_parts_;

  int64_t input = 0, output = 0, residual = 0, weight_group = 0;
  auto advance = [&](const ConvLoop& loop, int64_t index) {
    input += index * loop.input_stride;
    output += index * loop.output_stride;
    residual += index * loop.residual_stride;
  };
  for (int i = 1; i >= 0; --i) {
    const int64_t index = take(p_.group[i].size);
    advance(p_.group[i], index);
    weight_group += index * conv_.weight_group_strides_[i];
  }
  for (int i = 1; i >= 0; --i) advance(p_.batch[i], take(p_.batch[i].size));
  area.input = operands_.input + input;
  area.output = operands_.output + output;
  area.residual = p_.has_residual ? operands_.residual + residual : nullptr;
  area.weights = operands_.packed_weights + weight_group * p_.out_channels * conv_.terms_;
  area.bias = operands_.bias ? operands_.bias + weight_group * p_.out_channels : nullptr;
  return area;
}

void ConvRun::run(int64_t task) {
  int64_t part;
  const Area area = area_of(task, &part);
  const int64_t begin = part * conv_.width_part_;
  const int64_t end = std::min(begin + conv_.width_part_, p_.spatial[2].output_size);
  const int64_t lanes = kernels_.lanes;
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

void ConvRun::run_packed(const Area& area, int64_t begin, int64_t end) {
  for (int64_t at = begin; at < end; at += conv_.chunk_) {
    const int64_t count = std::min(conv_.chunk_, end - at);
    pack(area, at, count);
    if (conv_.flat_) {
      compute(area, packed_, packed_offsets_, area.row, at,
              (area.rows - 1) * conv_.row_len_ + count);
      continue;
    }
    for (int64_t row = 0; row < area.rows; ++row)
      compute(area, packed_ + row * conv_.row_len_, packed_offsets_, area.row + row, at, count);
  }
}

void ConvRun::run_in_place(const Area& area, int64_t begin, int64_t end) {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const float* plane =
      area.input + (area.depth * depth.stride - depth.pad_begin) * depth.input_stride;
  for (int64_t at = begin; at < end;) {
    int64_t count = std::min(conv_.chunk_, end - at);
    if (end - at - count < kernels_.lanes) count = end - at;
    for (int64_t row = area.row; row < area.row + area.rows; ++row) {
      const float* x = plane + (row * rows.stride - rows.pad_begin) * rows.input_stride +
                       (at - width.pad_begin) * width.input_stride;
      compute(area, x, in_place_offsets_, row, at, count);
    }
    at += count;
  }
}

void ConvRun::pack(const Area& area, int64_t begin, int64_t count) {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const DirectConv::Packing &rp = conv_.row_packing_, &wp = conv_.width_packing_;
  const int64_t row_count = area.rows + rp.extra;
  const int64_t first_column = begin * width.stride - width.pad_begin;
  // Whole vectors may be read where a row is shorter than one.
  const int64_t length =
      std::min(std::max(count, int64_t{kernels_.lanes}) + wp.extra, conv_.row_len_);
  float* copy = packed_;
  for (int64_t ic = 0; ic < p_.in_channels; ++ic)
    for (int64_t kd = 0; kd < depth.kernel; ++kd) {
      const int64_t d = area.depth * depth.stride - depth.pad_begin + kd * depth.dilation;
      const bool depth_inside = d >= 0 && d < depth.input_size;
      const float* plane =
          area.input + ic * p_.in_channel_stride + (depth_inside ? d * depth.input_stride : 0);
      for (int64_t rc = 0; rc < rp.copies; ++rc)
        for (int64_t wc = 0; wc < wp.copies; ++wc) {
          for (int64_t i = 0; i < row_count; ++i) {
            const int64_t r = (area.row + i) * rows.stride - rows.pad_begin + rc * rows.dilation;
            const bool inside = depth_inside && r >= 0 && r < rows.input_size;
            kernels_.pack_row(copy + i * conv_.row_len_, length,
                              inside ? plane + r * rows.input_stride : nullptr,
                              inside ? width.input_size : 0, width.input_stride,
                              first_column + wc * width.dilation, width.stride);
          }
          copy += (conv_.rows_ + rp.extra) * conv_.row_len_;
        }
    }
}

void ConvRun::compute(const Area& area, const float* x, const int64_t* offsets, int64_t row,
                      int64_t column, int64_t count) {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  const int64_t at = area.depth * depth.output_stride + row * rows.output_stride + column;
  const int64_t residual_at =
      area.depth * depth.residual_stride + row * rows.residual_stride + column;
  for (int64_t block = area.block_begin; block < area.block_end; ++block) {
    const int64_t channels = conv_.block_size(block);
    const int64_t channel =
        block * conv_.oc_block_ - std::max<int64_t>(block - conv_.large_blocks_, 0);
    ConvTile tile;
    tile.x = x;
    tile.offsets = offsets;
    tile.terms = conv_.terms_;
    tile.weights = area.weights + channel * conv_.terms_;
    tile.bias = area.bias ? area.bias + channel : nullptr;
    tile.residual = nullptr;
    tile.residual_stride = p_.residual_channel_stride;
    tile.low = low_;
    tile.high = high_;
    if (conv_.bounce_) {
      tile.y = bounce_;
      tile.y_stride = conv_.bounce_row_;
      tile.clamp = false;
      run_width(kernels_, channels, count, &tile);
      finish(area, channel, channels, row, column, count);
      continue;
    }
    tile.y = area.output + channel * p_.out_channel_stride + at;
    tile.y_stride = p_.out_channel_stride;
    tile.clamp = clamp_;
    if (area.residual)
      tile.residual = area.residual + channel * p_.residual_channel_stride + residual_at;
    run_width(kernels_, channels, count, &tile);
    if (!activate_) continue;
    for (int64_t o = 0; o < channels; ++o)
      kernels_.activate(p_.activation, p_.alpha, p_.beta, tile.y + o * tile.y_stride, count);
  }
}

// Tiles of two widths that differ by one vector, so that none is much narrower than the others.
void ConvRun::run_width(const ConvKernels& kernels, int64_t channels, int64_t count,
                        ConvTile* tile) {
  const int64_t lanes = kernels.lanes;
  const int64_t vectors = (count + lanes - 1) / lanes;
  int64_t tiles = (vectors + kernels.max_vectors[channels] - 1) / kernels.max_vectors[channels];
  // A lone tile cannot be moved back, so its last vector becomes a tile of its own.
  if (tiles == 1 && vectors > 1 && count < vectors * lanes) tiles = 2;
  const int64_t narrow = vectors / tiles;
  tile->begin = 0;
  tile->limit = count;
  tile->tiles = vectors % tiles;
  if (tile->tiles > 0) {
    kernels.tile[channels][narrow + 1](*tile);
    tile->begin = tile->tiles * (narrow + 1) * lanes;
  }
  tile->tiles = tiles - tile->tiles;
  kernels.tile[channels][narrow](*tile);
}

// From the bounce rows to the output: residual, activation, strides. Of a flat block, the rows.
void ConvRun::finish(const Area& area, int64_t channel, int64_t channels, int64_t row,
                     int64_t column, int64_t count) {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const int64_t row_count = conv_.flat_ ? area.rows : 1;
  const int64_t length = conv_.flat_ ? count - (row_count - 1) * conv_.row_len_ : count;
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t r = 0; r < row_count; ++r) {
      float* values = bounce_ + o * conv_.bounce_row_ + r * conv_.row_len_;
      if (area.residual) {
        const float* residual = area.residual + (channel + o) * p_.residual_channel_stride +
                                area.depth * depth.residual_stride +
                                (row + r) * rows.residual_stride + column * width.residual_stride;
        for (int64_t i = 0; i < length; ++i) values[i] += residual[i * width.residual_stride];
      }
      kernels_.activate(p_.activation, p_.alpha, p_.beta, values, length);
      float* y = area.output + (channel + o) * p_.out_channel_stride +
                 area.depth * depth.output_stride + (row + r) * rows.output_stride +
                 column * width.output_stride;
      if (width.output_stride == 1)
        std::copy(values, values + length, y);
      else
        for (int64_t i = 0; i < length; ++i) y[i * width.output_stride] = values[i];
    }
}

void DirectConv::run_tasks(const ConvOperands& operands, int64_t first, int64_t last,
                           float* scratch) const {
  if (first >= last) return;
  ConvRun run(*this, operands, scratch);
  for (int64_t task = first; task < last; ++task) run.run(task);
}

}  // namespace convoy::kernels
