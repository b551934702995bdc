#include "ops/kernels/cuda/grouped_conv.h"

#include "ops/kernels/cuda/formulas.h"
#include "ops/kernels/cuda/tile_product.h"
#include "runtime/device/cuda/library/grid.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

using kernels::ConvProblem;
using kernels::ConvWindow;

constexpr int kRank = 3;

// Divisions of 32 bits are much faster than those of 64.
__device__ int32_t narrow(int64_t size) { return static_cast<int32_t>(size); }

// An output position of one group, of all batches.
struct Position {
  int64_t x = 0, y = 0, residual = 0;  // offsets; x's without the window
  int32_t start[kRank];                // where the window begins, in the padded input

  __device__ Position(const ConvProblem& conv, int64_t index) {
    for (int i = kRank - 1; i >= 0; --i) {
      const ConvWindow& axis = conv.spatial[i];
      const int32_t at = narrow(index % axis.output_size);
      index /= axis.output_size;
      start[i] = at * narrow(axis.stride) - narrow(axis.pad_begin);
      y += at * axis.output_stride;
      residual += at * axis.residual_stride;
    }
    for (int i = 1; i >= 0; --i) {
      const int64_t at = index % conv.batch[i].size;
      index /= conv.batch[i].size;
      x += at * conv.batch[i].input_stride;
      y += at * conv.batch[i].output_stride;
      residual += at * conv.batch[i].residual_stride;
    }
  }

  // The input under tap `term` of [in][kernel…]; 0 in the padding.
  __device__ float input(const ConvProblem& conv, const float* group, int32_t term) const {
    int64_t offset = x;
    for (int i = kRank - 1; i >= 0; --i) {
      const ConvWindow& axis = conv.spatial[i];
      const int32_t taps = narrow(axis.kernel);
      const int32_t at = start[i] + term % taps * narrow(axis.dilation);
      term /= taps;
      if (at < 0 || at >= narrow(axis.input_size)) return 0;
      offset += at * axis.input_stride;
    }
    return group[offset + term * conv.in_channel_stride];
  }
};

__host__ __device__ int64_t positions(const ConvProblem& conv) {
  int64_t count = conv.batch[0].size * conv.batch[1].size;
  for (const ConvWindow& axis : conv.spatial) count *= axis.output_size;
  return count;
}
__device__ int32_t terms(const ConvProblem& conv) {
  int32_t count = narrow(conv.in_channels);
  for (const ConvWindow& axis : conv.spatial) count *= narrow(axis.kernel);
  return count;
}

// Operands of one group.
struct Group {
  const float* x;
  const float* w;
  const float* bias;
  const float* residual;
  float* y;

  __device__ Group(const GroupedConv& operands, int32_t index) {
    const ConvProblem& conv = operands.problem;
    const int32_t sizes = narrow(conv.group[1].size);
    const int32_t at[2] = {index / sizes, index % sizes};
    int64_t weights = 0, offset[3] = {0, 0, 0};
    for (int i = 0; i < 2; ++i) {
      if (!conv.group[i].shared_weights) weights = weights * conv.group[i].size + at[i];
      offset[0] += at[i] * conv.group[i].input_stride;
      offset[1] += at[i] * conv.group[i].output_stride;
      offset[2] += at[i] * conv.group[i].residual_stride;
    }
    x = operands.x + offset[0];
    y = operands.y + offset[1];
    residual = conv.has_residual ? operands.residual + offset[2] : nullptr;
    w = operands.w + weights * conv.out_channels * terms(conv);
    bias = operands.bias == nullptr ? nullptr : operands.bias + weights * conv.out_channels;
  }

  __device__ void store(const ConvProblem& conv, const Position& at, int32_t channel,
                        float sum) const {
    if (bias != nullptr) sum += bias[channel];
    if (residual != nullptr) sum += residual[at.residual + channel * conv.residual_channel_stride];
    y[at.y + channel * conv.out_channel_stride] = apply(conv.epilogue, sum);
  }
};

// Output channels × positions of one group are a matrix product over input channels and taps.
template <int kChannels, int kPositions>
__global__ void __launch_bounds__(TileProduct<kChannels, kPositions>::kThreads)
    implicit_gemm(const __grid_constant__ GroupedConv operands, int32_t channel_tiles,
                  int32_t position_tiles) {
  using Tile = TileProduct<kChannels, kPositions>;
  const ConvProblem& conv = operands.problem;
  auto block = static_cast<int32_t>(blockIdx.x);
  const int64_t first = int64_t{block % position_tiles} * kPositions;
  block /= position_tiles;
  const int32_t first_channel = block % channel_tiles * kChannels;
  const Group group(operands, block / channel_tiles);
  const int64_t count = positions(conv);
  const int32_t depth = terms(conv);

  const int64_t loaded = first + Tile::loaded_column();
  const Position source(conv, loaded < count ? loaded : count - 1);
  Tile tile;
  tile.add(
      depth,
      [&](int row, int64_t k) {
        const int32_t channel = first_channel + row;
        return channel < conv.out_channels ? group.w[int64_t{channel} * depth + k] : 0;
      },
      [&](int64_t k) { return source.input(conv, group.x, narrow(k)); });

#pragma unroll
  for (int j = 0; j < Tile::kPerThread; ++j) {
    const int64_t index = first + Tile::column(j);
    if (index >= count) continue;
    const Position at(conv, index);
#pragma unroll
    for (int i = 0; i < Tile::kPerThread; ++i) {
      const int32_t channel = first_channel + Tile::row(i);
      if (channel < conv.out_channels) group.store(conv, at, channel, tile.sums[i][j]);
    }
  }
}

// One thread for each output: for groups of few output channels.
__global__ void __launch_bounds__(gpu::kThreadsOfElements)
    by_outputs(const __grid_constant__ GroupedConv operands) {
  const ConvProblem& conv = operands.problem;
  const int64_t spots = positions(conv);
  const int32_t depth = terms(conv);
  const int64_t count = spots * conv.out_channels * conv.group[0].size * conv.group[1].size;
  for (int64_t i = gpu::first_index(); i < count; i += gpu::index_step()) {
    const Position at(conv, i % spots);
    const int32_t channel = narrow(i / spots % conv.out_channels);
    const Group group(operands, narrow(i / spots / conv.out_channels));
    const float* weights = group.w + int64_t{channel} * depth;
    float sum = 0;
    for (int32_t k = 0; k < depth; ++k) {
      sum = fmaf(weights[k], at.input(conv, group.x, k), sum);
    }
    group.store(conv, at, channel, sum);
  }
}

template <int kChannels, int kPositions>
int launch_tiles(const GroupedConv& operands, gpu::Stream stream) {
  using Tile = TileProduct<kChannels, kPositions>;
  const ConvProblem& conv = operands.problem;
  const int64_t position_tiles = (positions(conv) + kPositions - 1) / kPositions;
  const int64_t channel_tiles = (conv.out_channels + kChannels - 1) / kChannels;
  const int64_t blocks = position_tiles * channel_tiles * conv.group[0].size * conv.group[1].size;
  if (blocks > INT32_MAX) return -1;
  const gpu::Grid grid{dim3(static_cast<unsigned>(blocks)), dim3(Tile::kThreads),
                       Tile::kSharedBytes};
  return gpu::launch(implicit_gemm<kChannels, kPositions>, grid, stream, operands,
                     static_cast<int32_t>(channel_tiles), static_cast<int32_t>(position_tiles));
}

CONVOY_CUDA_LAUNCH(grouped_conv_implicit_gemm, GroupedConv) {
  if (problem.problem.out_channels <= 16) return launch_tiles<16, 256>(problem, stream);
  if (problem.problem.out_channels <= 32) return launch_tiles<32, 128>(problem, stream);
  return launch_tiles<64, 64>(problem, stream);
}

CONVOY_CUDA_LAUNCH(grouped_conv_by_outputs, GroupedConv) {
  const ConvProblem& conv = problem.problem;
  const int64_t count =
      positions(conv) * conv.out_channels * conv.group[0].size * conv.group[1].size;
  return gpu::launch(by_outputs, gpu::grid_for(count), stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
