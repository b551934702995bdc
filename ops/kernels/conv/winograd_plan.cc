// The decisions of WinogradConv: pairs, blocks and tasks; what they cost; the form of the weights.
#include <algorithm>
#include <bit>
#include <cmath>

#include "ops/kernels/conv/conv_axes.h"
#include "ops/kernels/conv/conv_kernels.h"
#include "ops/kernels/conv/task_cut.h"
#include "ops/kernels/conv/tile_cost.h"
#include "ops/kernels/conv/winograd_conv.h"
#include "runtime/base/divide_up.h"

namespace convoy::kernels {

namespace {

constexpr int64_t kMostTiles = 96;  // whose sums fit the first-level cache beside the weights
constexpr int64_t kFewTiles = 32;   // leaves several rows to a block
constexpr int64_t kMostFloats = 64 * 1024;  // transformed input, in half of the second-level cache

}  // namespace

int64_t WinogradTaps::tap(int64_t window, int position) const {
  const int64_t tap = 2 * window + position;
  const bool last_alone = count % 4 == 1 && tap == count - 1;
  if (tap >= count) return -1;
  if (window % 2 == 0) return last_alone ? -1 : tap;
  return position == 1 || (position == 2 && last_alone) ? tap : -1;
}

bool WinogradTaps::adds_to(int64_t window, int sum) const {
  return sum == 1 || sum == 2 || tap(window, sum == 0 ? 0 : 2) >= 0;
}

int64_t WinogradTaps::windows_of(int sum) const {
  int64_t found = 0;
  for (int64_t window = 0; window < windows(); ++window) found += adds_to(window, sum);
  return found;
}

const char* WinogradConv::refusal(const ConvProblem& problem) {
  ConvProblem p = problem;
  normalise_axes(&p);
  const ConvWindow& width = p.spatial[2];
  if (width.kernel < 3 || width.stride != 1) return "not three taps at stride 1 on the last axis";
  if (width.output_stride != 1 || (p.has_residual && width.residual_stride != 1)) {
    return "outputs are apart";
  }
  bool empty = p.out_channels == 0;
  for (const ConvWindow& window : p.spatial) empty = empty || window.output_size == 0;
  for (int i = 0; i < 2; ++i) empty = empty || p.batch[i].size == 0 || p.group[i].size == 0;
  return empty || p.in_channels == 0 ? "nothing to compute" : nullptr;
}

WinogradConv::WinogradConv(const ConvProblem& problem, Isa isa, int threads)
    : WinogradConv(problem, conv_kernels(isa), threads) {}

WinogradConv::WinogradConv(const ConvProblem& problem, const ConvKernels& kernels, int threads)
    : problem_(problem), kernels_(&kernels) {
  normalise_axes(&problem_);
  weight_groups_ = count_weight_groups(problem_, weight_group_strides_);
  panels_ = {problem_.out_channels, kernels.lanes};
  taps_.count = problem_.spatial[2].kernel;
  terms_ = problem_.in_channels * problem_.spatial[0].kernel * problem_.spatial[1].kernel;
  for (int sum = 0; sum < kSums; ++sum) {
    sum_terms_[sum] = terms_ * taps_.windows_of(sum);
    products_ += sum_terms_[sum];
  }
  choose_tiles();
  choose_tasks(std::max(threads, 1));
}

// Whether pairs lie in vectors as winograd_near_input takes them.
bool WinogradConv::is_near() const {
  return dilation() <= kernels_->lanes && std::has_single_bit(static_cast<uint64_t>(dilation()));
}

// Whether rows are transformed as they lie, and not gathered before.
bool WinogradConv::reads_rows() const { return is_near() || dilation() >= kShortRun; }

int64_t WinogradConv::input_rows(int64_t rows) const {
  const ConvWindow& window = problem_.spatial[1];
  return (rows - 1) * window.stride + (window.kernel - 1) * window.dilation + 1;
}

// Channels that lie a multiple of a few cache lines apart would share few sets of the cache.
int64_t WinogradConv::plane_size(int64_t rows) const {
  const int64_t size = input_rows(rows) * kSums * columns_;
  return size % 64 == 0 ? size + 16 : size;
}

void WinogradConv::choose_tiles() {
  const ConvWindow &rows = problem_.spatial[1], &width = problem_.spatial[2];
  const int64_t planes = problem_.in_channels * problem_.spatial[0].kernel;
  const int64_t fits = kMostFloats / (planes * input_rows(1) * kSums);
  const int64_t further = taps_.windows() - 1;
  const int64_t fitting = std::max(fits - further * dilation(), fits / (further + 1));
  const int64_t most = std::clamp<int64_t>(fitting, 8, rows.kernel > 1 ? kFewTiles : kMostTiles);
  segments_ = divide_up(width.output_size, 2 * dilation());
  block_segments_ = std::clamp<int64_t>(most / dilation(), 1, segments_);
  width_blocks_ = divide_up(segments_, block_segments_);
  block_segments_ = divide_up(segments_, width_blocks_);
  run_ = dilation();
  if (run_ > most) {
    run_ = round_up(divide_up(run_, divide_up(run_, most)), kernels_->lanes);
    runs_ = divide_up(dilation(), run_);
    run_ = std::min(run_, dilation());
  }
  width_blocks_ *= runs_;
  tiles_ = run_ * block_segments_;
  columns_ = tiles_ + further * run_;
  while (rows_ < rows.output_size && (rows_ + 1) * tiles_ <= kMostTiles &&
         planes * plane_size(rows_ + 1) <= kMostFloats)
    ++rows_;
}

// As DirectConv::choose_tasks.
void WinogradConv::choose_tasks(int threads) {
  int64_t outer = problem_.spatial[0].output_size * width_blocks_;
  for (const ConvLoop& loop : problem_.batch) outer *= loop.size;
  for (const ConvLoop& loop : problem_.group) outer *= loop.size;
  const TaskCut cut(problem_, threads);
  const int64_t height = problem_.spatial[1].output_size;
  row_blocks_ = divide_up(height, rows_);
  oc_parts_ = cut.parts(outer * row_blocks_, panels_.count());
  outer *= oc_parts_;
  row_blocks_ = cut.costly_parts(outer, height, row_blocks_);
  rows_ = divide_up(height, row_blocks_);
  task_count_ = outer * row_blocks_;
}

// Of a row of whole segments, before its transform.
int64_t WinogradConv::row_size() const {
  return 2 * dilation() * (block_segments_ + taps_.windows());
}

int64_t WinogradConv::raw_size() const {
  const int64_t lanes = kernels_->lanes;
  if (runs_ > 1) return round_up(2 * (taps_.windows() + 1) * (run_ + lanes), 16);
  return round_up(input_rows(rows_) * row_size() + lanes, 16);
}

int64_t WinogradConv::half_size() const {
  if (reads_rows()) return 0;
  return round_up(input_rows(rows_) * row_size() / 2 + kernels_->lanes, 16);
}

int64_t WinogradConv::scratch_size() const {
  const int64_t planes = problem_.in_channels * problem_.spatial[0].kernel;
  const int64_t pixels = rows_ * tiles_ * panels_.width_of(0);
  const int64_t numbers = 2 * rows_ * tiles_ * int64_t{sizeof(WinogradPixel) / sizeof(float)};
  const int64_t offsets = round_up(products_ * int64_t{sizeof(int64_t) / sizeof(float)}, 16);
  const int64_t transformed = round_up(planes * plane_size(rows_) + kernels_->lanes, 16);
  return offsets + transformed + raw_size() + 2 * half_size() + round_up((kSums + 2) * pixels, 16) +
         round_up(numbers, 16);
}

// Blocks that use the weights of a group before the second-level cache forgets them.
int64_t WinogradConv::weight_uses() const {
  if (products_ * panels_.packed_channels() > kMostFloats / 2) return 1;
  const int64_t blocks = width_blocks_ * row_blocks_ * problem_.spatial[0].output_size;
  return weight_groups_ > 1 ? blocks : blocks * problem_.batch[0].size * problem_.batch[1].size;
}

// Of a pair of one input channel.
double WinogradConv::transform_cycles() const {
  return (is_near() ? 1.2 : reads_rows() ? 1.6 : 9.0) * 8 / kernels_->lanes;
}

// Fitted to measurements on a core with AVX2, in the terms of DirectConv's estimates.
double WinogradConv::cycles() const {
  constexpr double kToCombine = 9.0, kToStore = 28.0, kPixel = 6.0;
  constexpr double kWeight = 0.6, kNearWeight = 0.2;  // from the third- and second-level cache
  const ConvKernels& k = *kernels_;
  const double outputs = static_cast<double>(problem_.spatial[2].output_size);
  const double tiles = static_cast<double>(segments_ * runs_ * run_) / outputs;
  const double block = static_cast<double>(rows_ * tiles_);
  double pairs = 0, store = 0;
  for (int64_t panel = 0; panel < panels_.count(); ++panel) {
    const int64_t vectors = panels_.vectors_of(panel);
    const double count = static_cast<double>(vectors);
    const double most = k.max_pixels[vectors];
    const double pixels = block / std::ceil(block / most);
    const double term = panel_cycles(k, count, pixels);
    pairs += static_cast<double>(products_) * term / pixels + kToCombine * count;
    store += (kToStore + kPixel * count * pixels) / pixels;
  }
  const double planes = static_cast<double>(problem_.in_channels * problem_.spatial[0].kernel);
  const double overlap = static_cast<double>(input_rows(rows_)) / static_cast<double>(rows_);
  const double further = static_cast<double>(columns_) / static_cast<double>(tiles_);
  pairs += planes * overlap * further * transform_cycles();
  const double weights = static_cast<double>(products_ * panels_.packed_channels());
  const double loads = weights * (kNearWeight + kWeight / static_cast<double>(weight_uses()));
  return tiles * pairs + store + loads * tiles / block;
}

void WinogradConv::pack_weights(const float* weights, float* packed) const {
  for (int64_t group = 0; group < weight_groups_; ++group)
    for (int64_t panel = 0; panel < panels_.count(); ++panel) {
      const int64_t channel = group * panels_.channels + panels_.first_of(panel);
      for (int sum = 0; sum < kSums; ++sum) {
        pack_sum(weights + channel * terms_ * taps_.count, panel, sum, packed);
        packed += sum_terms_[sum] * panels_.width_of(panel);
      }
    }
}

// The factors of one sum, [terms][windows that add to it][channels of the panel].
void WinogradConv::pack_sum(const float* weights, int64_t panel, int sum, float* packed) const {
  const int64_t width = panels_.width_of(panel), size = panels_.size_of(panel);
  std::fill_n(packed, sum_terms_[sum] * width, 0.0f);
  for (int64_t term = 0; term < terms_; ++term)
    for (int64_t window = 0; window < taps_.windows(); ++window) {
      if (!taps_.adds_to(window, sum)) continue;
      for (int64_t o = 0; o < size; ++o) {
        double g[3] = {};
        for (int i = 0; i < 3; ++i)
          if (const int64_t tap = taps_.tap(window, i); tap >= 0)
            g[i] = weights[(o * terms_ + term) * taps_.count + tap];
        const double factors[kSums] = {g[0], (g[0] + g[1] + g[2]) / 2, (g[0] - g[1] + g[2]) / 2,
                                       g[2]};
        packed[o] = static_cast<float>(factors[sum]);
      }
      packed += width;
    }
}

}  // namespace convoy::kernels
