#include "ops/kernels/conv/direct_conv.h"

#include <algorithm>
#include <optional>

#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/half_storage.h"

namespace convoy::kernels {

void DirectConv::pack_weights(const float* weights, float* packed) const {
  if (channels_) return pack_panels(weights, packed);
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

void DirectConv::pack_panels(const float* weights, float* packed) const {
  for (int64_t group = 0; group < weight_groups_; ++group)
    for (int64_t panel = 0; panel < block_count_; ++panel) {
      const int64_t width = panels_.width_of(panel);
      const int64_t channel = group * out_channels_ + first_channel(panel);
      const int64_t size = block_size(panel);
      for (int64_t o = 0; o < width; ++o) {
        const float* from = weights + (channel + o) * terms_;
        for (int64_t term = 0; term < terms_; ++term)
          packed[term * width + o] = o < size ? from[term] : 0.0f;
      }
      packed += width * terms_;
    }
}

// One call of run_tasks: where the scratch is, and the task at hand.
class ConvRun {
 public:
  ConvRun(const DirectConv& conv, const ConvOperands& operands, float* scratch, HeldInput* held,
          int64_t task);
  void run();   // the task at hand
  void next();  // takes up the task after it

 private:
  // Output channels of blocks block_begin .. block_end - 1 at rows row .. row + rows - 1 of depth.
  struct Area {
    const float* input;
    const float* weights;
    const float* bias;
    const float* residual;
    float* output;
    const uint16_t* half_input;
    const uint16_t* half_residual;
    uint16_t* half_output;
    int64_t block_begin, block_end;
    int64_t depth, row, rows;
  };

  // How a row of so many outputs is cut into tiles: wide ones of a vector more, then narrow ones.
  struct Cut {
    int64_t wide_tiles, narrow_tiles, narrow_vectors;
  };

  void fill_offsets();
  Area area() const;
  bool reads_no_padding(const Area& area) const;
  void run_padded_row(const Area& area, int64_t begin, int64_t end);
  const float* pack_end(const Area& area, int64_t begin, float* to) const;
  void run_packed(const Area& area, int64_t begin, int64_t end);
  void run_in_place(const Area& area, int64_t begin, int64_t end);
  void hold(const Area& area, int64_t begin, int64_t count);
  void pack(const Area& area, int64_t begin, int64_t count);
  void prefetch(const Area& area, int64_t begin) const;
  void compute(const Area& area, ConvTile* tile, int64_t column, int64_t count);
  void compute_channels(const Area& area, const ConvTile& tile, int64_t column);
  void finish_channels(const Area& area, const ChannelStore& store, int64_t channel,
                       int64_t column) const;
  void finish_half(const Area& area, float* values, int64_t channel, int64_t row, int64_t column,
                   int64_t count) const;
  void compute_direct(const Area& area, ConvTile* tile, int64_t block, int64_t column);
  void place(const Area& area, int64_t channel, int64_t column, ConvTile* tile) const;
  void activate(const ConvTile& tile, int64_t channels) const;
  void compute_bounced(const Area& area, ConvTile tile, int64_t block, int64_t column);
  void run_tile(int64_t channels, ConvTile* tile) const;
  void finish(const Area& area, int64_t channel, int64_t channels, int64_t row, int64_t column,
              int64_t count);
  Cut cut_row(int64_t channels, int64_t count) const;

  // Axes along which tasks are counted, innermost first.
  enum Axis { kOcPart, kWidthPart, kRowBlock, kDepth, kGroup1, kGroup0, kBatch1, kBatch0, kAxes };

  const DirectConv& conv_;
  const ConvProblem& p_;
  const ConvKernels& kernels_;
  const ConvOperands& operands_;
  HeldInput* held_;
  int64_t task_;
  int64_t size_[kAxes];
  int64_t index_[kAxes];
  int64_t* in_place_offsets_;
  int64_t* packed_offsets_;
  float* packed_;
  float* bounce_;
  Cut cuts_[2] = {};  // of rows of cut_count_ outputs, in the larger and the smaller block
  int64_t cut_count_ = -1;
  const ConvClamp clamp_;
  bool activate_ = false;  // the activation is a pass of its own
  std::optional<HalfStorage> half_;  // where input, residual and output are 16-bit floats
};

ConvRun::ConvRun(const DirectConv& conv, const ConvOperands& operands, float* scratch,
                 HeldInput* held, int64_t task)
    : conv_(conv),
      p_(conv.problem_),
      kernels_(*conv.kernels_),
      operands_(operands),
      held_(held),
      task_(task),
      size_{conv.oc_parts_,   conv.width_parts_, conv.row_blocks_, p_.spatial[0].output_size,
            p_.group[1].size, p_.group[0].size,  p_.batch[1].size, p_.batch[0].size},
      clamp_(clamp_of(p_.activation, p_.alpha, p_.beta)) {
  for (int i = 0; i < kAxes; ++i) {
    index_[i] = task % size_[i];
    task /= size_[i];
  }
  packed_ = scratch;
  bounce_ = packed_ + conv.packed_input_size_;
  in_place_offsets_ =
      reinterpret_cast<int64_t*>(bounce_ + (conv.bounce_size_ + 15) / 16 * 16);
  packed_offsets_ = in_place_offsets_ + conv.terms_;
  fill_offsets();
  if (conv.is_half()) half_.emplace(p_.element);
  activate_ = !clamp_.use && p_.activation != ConvActivation::none;
}

void ConvRun::fill_offsets() {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const DirectConv::Packing &rp = conv_.row_packing_, &wp = conv_.width_packing_;
  const int64_t plane = conv_.plane_len_;
  const int64_t taps = conv_.depthwise_ ? 1 : width.kernel;
  const int64_t row_shift = rp.shift * conv_.row_len_ - rp.copies * wp.copies * plane;
  const int64_t column_shift = wp.shift - wp.copies * plane;
  int64_t *in_place = in_place_offsets_, *packed = packed_offsets_;
  for (int64_t ic = 0; ic < p_.in_channels; ++ic)
    for (int64_t kd = 0; kd < depth.kernel; ++kd) {
      const int64_t from = ic * p_.in_channel_stride + kd * depth.dilation * depth.input_stride;
      const int64_t copy = (ic * depth.kernel + kd) * rp.copies * wp.copies * plane;
      for (int64_t kh = 0, row_copy = 0, row_at = copy; kh < rows.kernel; ++kh) {
        for (int64_t kw = 0, width_copy = 0, at = row_at; kw < taps; ++kw) {
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
}

void ConvRun::next() {
  ++task_;
  for (int i = 0; i < kAxes; ++i) {
    if (++index_[i] < size_[i]) return;
    index_[i] = 0;
  }
}

ConvRun::Area ConvRun::area() const {
  Area area;
  area.depth = index_[kDepth];
  area.row = index_[kRowBlock] * conv_.rows_;
  area.rows = std::min(conv_.rows_, p_.spatial[1].output_size - area.row);
  area.block_begin = 0;
  area.block_end = conv_.block_count_;
  if (conv_.oc_parts_ > 1) {
    area.block_begin = conv_.block_count_ * index_[kOcPart] / conv_.oc_parts_;
    area.block_end = conv_.block_count_ * (index_[kOcPart] + 1) / conv_.oc_parts_;
  }
  const ConvLoop* const loops[4] = {&p_.batch[0], &p_.batch[1], &p_.group[0], &p_.group[1]};
  const int64_t indices[4] = {index_[kBatch0], index_[kBatch1], index_[kGroup0], index_[kGroup1]};
  int64_t input = 0, output = 0, residual = 0;
  for (int i = 0; i < 4; ++i) {
    input += indices[i] * loops[i]->input_stride;
    output += indices[i] * loops[i]->output_stride;
    residual += indices[i] * loops[i]->residual_stride;
  }
  const int64_t weight_group = index_[kGroup0] * conv_.weight_group_strides_[0] +
                               index_[kGroup1] * conv_.weight_group_strides_[1];
  area.input = half_ ? nullptr : operands_.input + input;
  area.output = half_ ? nullptr : operands_.output + output;
  area.residual = p_.has_residual && !half_ ? operands_.residual + residual : nullptr;
  area.half_input = half_ ? operands_.half_input + input : nullptr;
  area.half_output = half_ ? operands_.half_output + output : nullptr;
  area.half_residual = p_.has_residual && half_ ? operands_.half_residual + residual : nullptr;
  area.weights = operands_.packed_weights + weight_group * conv_.packed_channels_ * conv_.terms_;
  area.bias = operands_.bias ? operands_.bias + weight_group * p_.out_channels : nullptr;
  return area;
}

void ConvRun::run() {
  const Area area = this->area();
  const int64_t begin = index_[kWidthPart] * conv_.width_part_;
  const int64_t end = std::min(begin + conv_.width_part_, p_.spatial[2].output_size);
  const int64_t lanes = kernels_.lanes;
  if (conv_.padded_rows_ && end - begin >= 4 * lanes) return run_padded_row(area, begin, end);
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

// A row of a channel on its own: in place but for its first and last vector.
void ConvRun::run_padded_row(const Area& area, int64_t begin, int64_t end) {
  const ConvWindow& width = p_.spatial[2];
  const int64_t lanes = kernels_.lanes;
  const float *head = nullptr, *foot = nullptr;
  *held_ = {};
  if (begin < conv_.inner_begin_) head = pack_end(area, begin, packed_);
  if (end > conv_.inner_end_)
    foot = pack_end(area, end - lanes, packed_ + lanes + kMaxPaddedTaps);
  const int64_t here = 0;
  ConvTile tile;
  tile.x = area.input + begin - width.pad_begin;
  tile.offsets = &here;
  tile.terms = tile.rows = 1;
  tile.limit = end - begin;
  place(area, 0, begin, &tile);
  kernels_.padded_row[width.kernel](tile, head, foot);
  activate(tile, 1);
}

// The inputs of a vector of outputs.
const float* ConvRun::pack_end(const Area& area, int64_t begin, float* to) const {
  const ConvWindow& width = p_.spatial[2];
  const int64_t first = begin - width.pad_begin;
  for (int64_t i = 0; i < kernels_.lanes + width.kernel - 1; ++i) {
    const bool inside = first + i >= 0 && first + i < width.input_size;
    to[i] = inside ? area.input[first + i] : 0.0f;
  }
  return to;
}

void ConvRun::run_packed(const Area& area, int64_t begin, int64_t end) {
  ConvTile tile;
  tile.x = packed_;
  tile.x_row = conv_.row_len_;
  tile.offsets = packed_offsets_;
  for (int64_t at = begin; at < end; at += conv_.chunk_) {
    const int64_t count = std::min(conv_.chunk_, end - at);
    hold(area, at, count);
    if (at + count < end) prefetch(area, at + count);
    compute(area, &tile, at, count);
  }
}

void ConvRun::run_in_place(const Area& area, int64_t begin, int64_t end) {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  const float* first = area.input +
                       (area.depth * depth.stride - depth.pad_begin) * depth.input_stride +
                       (area.row * rows.stride - rows.pad_begin) * rows.input_stride;
  ConvTile tile;
  tile.x_row = rows.stride * rows.input_stride;
  tile.offsets = in_place_offsets_;
  for (int64_t at = begin; at < end;) {
    int64_t count = std::min(conv_.chunk_, end - at);
    if (end - at - count < kernels_.lanes && !conv_.channels_) count = end - at;
    tile.x = first + (at - width.pad_begin) * width.input_stride;
    compute(area, &tile, at, count);
    at += count;
  }
}

// The tasks of all output channels read the same.
void ConvRun::hold(const Area& area, int64_t begin, int64_t count) {
  const int64_t part = task_ / conv_.oc_parts_;
  if (held_->part == part && held_->column == begin) return;
  pack(area, begin, count);
  *held_ = {part, begin};
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
          if (half_) half_->pack(to, area.half_input + from);
          else kernels_.pack(to);
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

// tile has x, x_row and offsets.
void ConvRun::compute(const Area& area, ConvTile* tile, int64_t column, int64_t count) {
  tile->terms = conv_.depthwise_ ? p_.spatial[0].kernel * p_.spatial[1].kernel : conv_.terms_;
  tile->rows = area.rows;
  tile->limit = count;
  if (conv_.flat_) {
    tile->rows = 1;
    tile->limit = count += (area.rows - 1) * conv_.row_len_;
  }
  if (conv_.channels_) return compute_channels(area, *tile, column);
  if (count != cut_count_ && !conv_.depthwise_) {
    cuts_[0] = cut_row(conv_.oc_block_, count);
    if (conv_.large_blocks_ < conv_.block_count_) cuts_[1] = cut_row(conv_.oc_block_ - 1, count);
    cut_count_ = count;
  }
  for (int64_t block = area.block_begin; block < area.block_end; ++block)
    if (conv_.bounce_)
      compute_bounced(area, *tile, block, column);
    else
      compute_direct(area, tile, block, column);
}

// tile has x, x_row, offsets, terms, rows and limit.
void ConvRun::compute_channels(const Area& area, const ConvTile& tile, int64_t column) {
  alignas(64) float bias[kMaxChannelVectors * 16];
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  ChannelTile sums = {tile.x,  tile.x_row, tile.offsets, tile.terms, nullptr,
                      bias,    bounce_,    tile.rows,    tile.limit};
  ChannelStore store;
  store.sums = bounce_;
  store.rows = tile.rows;
  store.columns = tile.limit;
  store.y_row = rows.output_stride;
  store.y_channel = p_.out_channel_stride;
  store.residual_row = rows.residual_stride;
  store.residual_channel = p_.residual_channel_stride;
  store.clamp = clamp_.use;
  store.low = clamp_.low;
  store.high = clamp_.high;
  if (half_) {
    store.y_row = store.columns;
    store.y_channel = store.rows * store.columns;
    store.clamp = false;
  } else if (store.y_row == store.columns &&
      (!area.residual || store.residual_row == store.columns)) {
    store.columns *= store.rows;
    store.rows = 1;
  }
  for (int64_t panel = area.block_begin; panel < area.block_end; ++panel) {
    const int64_t channel = conv_.first_channel(panel), vectors = conv_.panels_.vectors_of(panel);
    store.channels = conv_.block_size(panel);
    store.sums_pixel = vectors * kernels_.lanes;
    std::fill_n(bias, store.sums_pixel, 0.0f);
    if (area.bias) std::copy_n(area.bias + channel, store.channels, bias);
    store.y = half_ ? bounce_ + conv_.bounce_size_ / 2
                    : area.output + channel * p_.out_channel_stride +
                          area.depth * depth.output_stride + area.row * rows.output_stride + column;
    for (int64_t o = 0; o < store.channels; ++o)
      for (int64_t i = 0; i < store.columns; i += 16)
        __builtin_prefetch(store.y + o * store.y_channel + i, 1);
    sums.weights = area.weights + channel * conv_.terms_;
    sums.offsets = tile.offsets;
    sums.bias = bias;
    for (int64_t left = tile.terms; left > 0 || sums.bias; left -= sums.terms) {
      sums.terms = std::min(left, conv_.term_chunk_);
      kernels_.channels[vectors](sums);
      sums.offsets += sums.terms;
      sums.weights += sums.terms * store.sums_pixel;
      sums.bias = nullptr;
    }
    store.residual = nullptr;
    if (area.residual)
      store.residual = area.residual + channel * p_.residual_channel_stride +
                       area.depth * depth.residual_stride + area.row * rows.residual_stride +
                       column;
    kernels_.store_channels(store);
    if (half_) finish_channels(area, store, channel, column);
    if (!activate_ || half_) continue;
    for (int64_t o = 0; o < store.channels; ++o)
      for (int64_t row = 0; row < store.rows; ++row)
        kernels_.activate(p_.activation, p_.alpha, p_.beta,
                          store.y + o * store.y_channel + row * store.y_row, store.columns);
  }
}

void ConvRun::compute_direct(const Area& area, ConvTile* tile, int64_t block, int64_t column) {
  const int64_t channels = conv_.block_size(block);
  place(area, conv_.first_channel(block), column, tile);
  run_tile(channels, tile);
  activate(*tile, channels);
}

// Weights, bias and what is read and written in memory, for a block that starts with `channel`.
void ConvRun::place(const Area& area, int64_t channel, int64_t column, ConvTile* tile) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  tile->weights = area.weights + channel * conv_.terms_;
  tile->bias = area.bias ? area.bias + channel : nullptr;
  tile->y = area.output + channel * p_.out_channel_stride + area.depth * depth.output_stride +
            area.row * rows.output_stride + column;
  tile->y_row = rows.output_stride;
  tile->y_channel = p_.out_channel_stride;
  tile->residual = nullptr;
  if (area.residual)
    tile->residual = area.residual + channel * p_.residual_channel_stride +
                     area.depth * depth.residual_stride + area.row * rows.residual_stride + column;
  tile->residual_row = rows.residual_stride;
  tile->residual_channel = p_.residual_channel_stride;
  tile->clamp = clamp_.use;
  tile->low = clamp_.low;
  tile->high = clamp_.high;
}

void ConvRun::activate(const ConvTile& tile, int64_t channels) const {
  if (!activate_) return;
  for (int64_t o = 0; o < channels; ++o)
    for (int64_t row = 0; row < tile.rows; ++row)
      kernels_.activate(p_.activation, p_.alpha, p_.beta,
                        tile.y + o * tile.y_channel + row * tile.y_row, tile.limit);
}

void ConvRun::compute_bounced(const Area& area, ConvTile tile, int64_t block, int64_t column) {
  const int64_t channel = conv_.first_channel(block), channels = conv_.block_size(block);
  const int64_t rows = tile.rows;
  tile.weights = area.weights + channel * conv_.terms_;
  tile.bias = area.bias ? area.bias + channel : nullptr;
  tile.y = bounce_;
  tile.y_channel = conv_.bounce_row_;
  tile.residual = nullptr;
  tile.clamp = false;
  tile.rows = 1;
  for (int64_t row = 0; row < rows; ++row) {
    run_tile(channels, &tile);
    finish(area, channel, channels, area.row + row, column, tile.limit);
    tile.x += tile.x_row;
  }
}

void ConvRun::run_tile(int64_t channels, ConvTile* tile) const {
  if (conv_.depthwise_) {
    kernels_.depthwise(*tile, p_.spatial[2].kernel);
    return;
  }
  const Cut& cut = cuts_[channels != conv_.oc_block_];
  tile->begin = 0;
  tile->tiles = cut.wide_tiles;
  if (tile->tiles > 0) kernels_.tile[channels][cut.narrow_vectors + 1](*tile);
  tile->begin = cut.wide_tiles * (cut.narrow_vectors + 1) * kernels_.lanes;
  tile->tiles = cut.narrow_tiles;
  kernels_.tile[channels][cut.narrow_vectors](*tile);
}

ConvRun::Cut ConvRun::cut_row(int64_t channels, int64_t count) const {
  const int64_t most = kernels_.max_vectors[channels];
  const int64_t vectors = (count + kernels_.lanes - 1) / kernels_.lanes;
  const int64_t tiles = (vectors + most - 1) / most;
  return {vectors % tiles, tiles - vectors % tiles, vectors / tiles};
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
      if (half_) {
        finish_half(area, values, channel + o, row + r, column, length);
        continue;
      }
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

void ConvRun::finish_channels(const Area& area, const ChannelStore& store, int64_t channel,
                              int64_t column) const {
  for (int64_t o = 0; o < store.channels; ++o)
    for (int64_t row = 0; row < store.rows; ++row)
      finish_half(area, store.y + o * store.y_channel + row * store.y_row, channel + o,
                  area.row + row, column, store.columns);
}

// Sums of one channel and row to memory as 16-bit floats: residual, activation, strides.
void ConvRun::finish_half(const Area& area, float* values, int64_t channel, int64_t row,
                          int64_t column, int64_t count) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1], &width = p_.spatial[2];
  if (area.half_residual)
    half_->add(values,
               area.half_residual + channel * p_.residual_channel_stride +
                   area.depth * depth.residual_stride + row * rows.residual_stride +
                   column * width.residual_stride,
               width.residual_stride, count);
  kernels_.activate(p_.activation, p_.alpha, p_.beta, values, count);
  half_->store(values,
               area.half_output + channel * p_.out_channel_stride +
                   area.depth * depth.output_stride + row * rows.output_stride +
                   column * width.output_stride,
               width.output_stride, count);
}

void DirectConv::run_tasks(const ConvOperands& operands, int64_t first, int64_t last,
                           float* scratch, HeldInput* held) const {
  if (first >= last) return;
  ConvRun run(*this, operands, scratch, held, first);
  for (int64_t task = first; task < last; ++task, run.next()) run.run();
}

}  // namespace convoy::kernels
