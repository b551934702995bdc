// Tasks, their panels, and the transform of their input.
#include "ops/kernels/conv/winograd_pixels_run.h"

#include <algorithm>

#include "ops/kernels/conv/task_cut.h"

namespace convoy::kernels {

WinogradPixelsRun::WinogradPixelsRun(const WinogradPixelsConv& conv, const ConvOperands& operands,
                                     float* scratch)
    : conv_(conv),
      p_(conv.problem_),
      kernels_(*conv.kernels_),
      operands_(operands),
      task_(p_, conv.oc_parts_, conv.width_parts_, conv.row_blocks_),
      clamp_(clamp_of(p_.epilogue)),
      apart_(is_apart(p_.epilogue)),
      inputs_(scratch),
      sums_(inputs_ + conv.panel_size()),
      outputs_(sums_ + conv.sums_size()) {
  tile_.v = inputs_;
  tile_.terms = conv.terms_;
  for (tile_.at_once = 5; p_.in_channels % tile_.at_once != 0;) --tile_.at_once;
  tile_.sums = sums_;
  tile_.log = conv.log_;
  tile_.step = conv.step_;
  tile_.y_channel = p_.out_channel_stride;
  tile_.clamp = clamp_.use;
  tile_.low = clamp_.low;
  tile_.high = clamp_.high;
}

void WinogradPixelsRun::run_tasks(int64_t first, int64_t last) {
  task_.visit(first, last, [this] { run(block_at_task()); });
}

WinogradPixelsRun::Block WinogradPixelsRun::block_at_task() const {
  Block block;
  const int64_t height = p_.spatial[1].output_size, part = task_[kWidthPart];
  block.depth = task_[kDepth];
  block.row = part_begin(height, conv_.row_blocks_, task_[kRowBlock]);
  block.rows = part_begin(height, conv_.row_blocks_, task_[kRowBlock] + 1) - block.row;
  auto vector = [&](int64_t of_part) {
    const int64_t unit = part_begin(conv_.width_units_, conv_.width_parts_, of_part);
    return std::min(unit * kMaxPairVectors, conv_.vectors_);
  };
  block.vector_begin = vector(part);
  block.vector_end = vector(part + 1);
  block.oc_begin = part_begin(conv_.block_count_, conv_.oc_parts_, task_[kOcPart]);
  block.oc_end = part_begin(conv_.block_count_, conv_.oc_parts_, task_[kOcPart] + 1);
  block.gathered = part + 1 == conv_.width_parts_ ? conv_.gathered_ : 0;
  const TaskOffsets at(p_, task_, conv_.weight_group_strides_);
  block.input = operands_.input + at.input;
  block.output = operands_.output + at.output;
  block.residual = p_.has_residual ? operands_.residual + at.residual : nullptr;
  block.weights = operands_.packed_weights + at.weight_group * conv_.products_ * p_.out_channels;
  block.bias = operands_.bias ? operands_.bias + at.weight_group * p_.out_channels : nullptr;
  return block;
}

void WinogradPixelsRun::run(const Block& block) {
  Cursor at = begin(block);
  Panel panels[2];
  fill(block, &at, &panels[0]);
  for (int64_t i = 0; i < at.panels; ++i) {
    fill(block, &at, &panels[(i + 1) % 2]);
    run_panel(block, panels[i % 2], panels[(i + 1) % 2]);
  }
}

// Panels are nearly equal: one of a single vector would wait for its own sums.
WinogradPixelsRun::Cursor WinogradPixelsRun::begin(const Block& block) const {
  const int64_t lanes = kernels_.lanes, in_run = conv_.step_ / lanes;
  const int64_t of_run = block.vector_begin % in_run;
  Cursor at;
  at.placed = block.rows * (block.vector_end - block.vector_begin);
  at.vectors = at.placed + (block.rows * block.gathered + lanes - 1) / lanes;
  at.panels = (at.vectors + kMaxPairVectors - 1) / kMaxPairVectors;
  at.first_column = block.vector_begin / in_run * 2 * conv_.step_ + of_run * lanes;
  at.first_left = in_run - of_run;
  at.row = block.row;
  begin_row(block, &at);
  return at;
}

void WinogradPixelsRun::begin_row(const Block& block, Cursor* at) const {
  at->of_row = block.vector_begin;
  at->column = at->first_column;
  at->run_left = at->first_left;
  at->output = output(block, at->row, 0);
  at->input = input_row(block, at->row, {0, 0, 0});
}

void WinogradPixelsRun::fill(const Block& block, Cursor* at, Panel* panel) const {
  const int64_t lanes = kernels_.lanes, pairs = block.rows * block.gathered;
  panel->vectors = panel->placed = panel->pair_count = 0;
  panel->whole = true;
  if (at->panel == at->panels) return;
  const int64_t end = part_begin(at->vectors, at->panels, ++at->panel);
  for (; at->vector < end && at->vector < at->placed; ++at->vector) {
    add_vector(*at, panel);
    at->column += lanes;
    if (--at->run_left == 0) {
      at->column += conv_.step_;
      at->run_left = conv_.step_ / lanes;
    }
    if (++at->of_row < block.vector_end) continue;
    ++at->row;
    begin_row(block, at);
  }
  for (; at->vector < end; ++at->vector) {
    const int64_t pair = (at->vector - at->placed) * lanes;
    add_pairs(block, pair, std::min(lanes, pairs - pair), panel);
  }
}

void WinogradPixelsRun::add_vector(const Cursor& at, Panel* panel) const {
  const int64_t left = p_.spatial[2].output_size - at.column, lanes = kernels_.lanes;
  const int64_t i = panel->placed++;
  ++panel->vectors;
  panel->rows[i] = at.row;
  panel->columns[i] = at.column;
  panel->inputs[i] = at.input;
  PairPlace& place = panel->places[i];
  place.y = at.output.y + at.column;
  place.residual = at.output.residual ? at.output.residual + at.column : nullptr;
  place.low_count = std::min(left, lanes);
  place.high_count = std::clamp<int64_t>(left - conv_.step_, 0, lanes);
  if (place.high_count < lanes) panel->whole = false;
}

void WinogradPixelsRun::add_pairs(const Block& block, int64_t first, int64_t count,
                                  Panel* panel) const {
  const int64_t dilation = conv_.dilation();
  ++panel->vectors;
  panel->whole = false;
  for (int64_t pair = first; pair < first + count; ++pair) {
    const int64_t of_row = pair % block.gathered;
    const int64_t column =
        conv_.gathered_from_ + of_row / dilation * 2 * dilation + of_row % dilation;
    const int64_t row = block.row + pair / block.gathered;
    const int64_t to_second = column + dilation < p_.spatial[2].output_size ? dilation : 0;
    panel->pairs[panel->pair_count++] = {row, column, to_second, output(block, row, column)};
  }
}

// Of the first input channel; null where it is padding.
const float* WinogradPixelsRun::input_row(const Block& block, int64_t row, const Taps& taps) const {
  const ConvWindow &depth = p_.spatial[0], &rows = p_.spatial[1];
  const int64_t d = block.depth * depth.stride - depth.pad_begin + taps.kd * depth.dilation;
  const int64_t h = row * rows.stride - rows.pad_begin + taps.kh * rows.dilation;
  if (d < 0 || d >= depth.input_size || h < 0 || h >= rows.input_size) return nullptr;
  return block.input + d * depth.input_stride + h * rows.input_stride;
}

// What a panel reads first of input channels begin .. end - 1.
void WinogradPixelsRun::prefetch(const Panel& panel, int64_t begin, int64_t end) const {
  const int64_t channel = p_.in_channel_stride;
  for (int64_t i = 0; i < panel.placed; ++i) {
    if (panel.inputs[i] == nullptr) continue;
    const float* x = panel.inputs[i] + panel.columns[i] + kernels_.lanes + begin * channel;
    for (int64_t ic = begin; ic < end; ++ic, x += channel) __builtin_prefetch(x);
  }
}

void WinogradPixelsRun::transform(const Block& block, const Panel& panel) {
  const TapTriples& triples = conv_.taps_;
  const int64_t term = panel.vectors * kernels_.lanes, window_size = p_.in_channels * term;
  PairInput input;
  input.x_row = p_.in_channel_stride;
  input.rows = p_.in_channels;
  input.step = conv_.step_;
  input.further = 2 * conv_.dilation();
  input.v = inputs_;
  input.v_row = term;
  for (int64_t i = 0, from = 0; i < kSums; from += conv_.terms_[i++] * term)
    input.place[WinogradPixelsConv::kOrder[i]] = from;
  Taps taps;
  for (taps.kd = 0; taps.kd < p_.spatial[0].kernel; ++taps.kd)
    for (taps.kh = 0; taps.kh < p_.spatial[1].kernel; ++taps.kh)
      for (taps.window = 0; taps.window < triples.windows(); ++taps.window) {
        for (int sum = 0; sum < kSums; ++sum) input.wanted[sum] = taps.window < conv_.windows_[sum];
        transform_vectors(block, panel, taps, input);
        if (panel.placed < panel.vectors) transform_gathered(block, panel, taps, input);
        for (int sum = 0; sum < kSums; ++sum)
          if (input.wanted[sum]) input.place[sum] += window_size;
      }
}

// All vectors at once, or one by one where some read padding.
void WinogradPixelsRun::transform_vectors(const Block& block, const Panel& panel, const Taps& taps,
                                          PairInput& input) const {
  const ConvWindow& width = p_.spatial[2];
  const int64_t from = conv_.taps_.first_tap(taps.window) * width.dilation - width.pad_begin;
  const int64_t reach = input.step + input.further + kernels_.lanes;
  const float* rows[kMaxPairVectors];
  auto is_whole = [&](int64_t i) {
    const int64_t first = panel.columns[i] + from;
    return rows[i] && first >= 0 && first + reach <= width.input_size;
  };
  const bool alone = conv_.planes() == 1;
  input.vectors = panel.placed;
  input.whole = true;
  for (int64_t i = 0; i < panel.placed; ++i) {
    rows[i] = alone ? panel.inputs[i] : input_row(block, panel.rows[i], taps);
    input.whole = input.whole && is_whole(i);
    if (rows[i]) input.x[i] = rows[i] + panel.columns[i] + from;
  }
  auto* const transform = kernels_.pair_input[conv_.log_];
  if (input.whole) return transform(input);
  input.vectors = 1;
  for (int64_t i = 0; i < panel.placed; ++i) {
    const int64_t first = panel.columns[i] + from;
    input.v = inputs_ + i * kernels_.lanes;
    input.whole = is_whole(i);
    input.x[0] = rows[i] ? rows[i] + first : block.input;
    input.begin = rows[i] ? -first : 0;
    input.end = rows[i] ? width.input_size - first : 0;
    transform(input);
  }
  input.v = inputs_;
}

// Lanes without a pair get zeros.
void WinogradPixelsRun::transform_gathered(const Block& block, const Panel& panel, const Taps& taps,
                                           const PairInput& input) const {
  const ConvWindow& width = p_.spatial[2];
  const int64_t dilation = width.dilation, channel = p_.in_channel_stride;
  const int64_t from = conv_.taps_.first_tap(taps.window) * dilation - width.pad_begin;
  const bool has_first = input.wanted[0], has_last = input.wanted[3];
  const int64_t lanes = (panel.vectors - panel.placed) * kernels_.lanes;
  float* to = input.v + panel.placed * kernels_.lanes;
  for (int64_t lane = 0; lane < lanes; ++lane, ++to) {
    const float* row = nullptr;
    int64_t first = 0;
    if (lane < panel.pair_count) {
      row = input_row(block, panel.pairs[lane].row, taps);
      first = panel.pairs[lane].column + from;
    }
    auto put = [&](int64_t ic, float x0, float x1, float x2, float x3) {
      float* const v = to + ic * input.v_row;
      if (has_first) v[input.place[0]] = x0 - x2;
      v[input.place[1]] = x1 + x2;
      v[input.place[2]] = x2 - x1;
      if (has_last) v[input.place[3]] = x1 - x3;
    };
    if (row && first >= 0 && first + 3 * dilation < width.input_size) {
      const float* x = row + first;
      for (int64_t ic = 0; ic < p_.in_channels; ++ic, x += channel)
        put(ic, x[0], x[dilation], x[2 * dilation], x[3 * dilation]);
      continue;
    }
    for (int64_t ic = 0; ic < p_.in_channels; ++ic) {
      auto load = [&](int64_t at) {
        const bool inside = row && at >= 0 && at < width.input_size;
        return inside ? row[ic * channel + at] : 0.0f;
      };
      put(ic, load(first), load(first + dilation), load(first + 2 * dilation),
          load(first + 3 * dilation));
    }
  }
}

}  // namespace convoy::kernels
