#include "ops/kernels/cuda/matmul.h"

#include "ops/kernels/cuda/formulas.h"
#include "ops/kernels/cuda/tile_product.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

// Offsets of one of the products.
struct Offsets {
  int64_t a = 0, b = 0, y = 0;

  __device__ Offsets(const MatMul& product, int64_t index) {
    for (int i = product.batch_axes - 1; i >= 0; --i) {
      const int64_t at = index % product.batch[i];
      index /= product.batch[i];
      a += at * product.a_batch[i];
      b += at * product.b_batch[i];
      y += at * product.y_batch[i];
    }
  }
};

template <int kRows, int kColumns>
__global__ void __launch_bounds__(TileProduct<kRows, kColumns>::kThreads)
    tiles(const __grid_constant__ MatMul product, int64_t row_tiles, int64_t column_tiles) {
  using Tile = TileProduct<kRows, kColumns>;
  int64_t block = blockIdx.x;
  const int64_t first_column = block % column_tiles * kColumns;
  block /= column_tiles;
  const int64_t first_row = block % row_tiles * kRows;
  const Offsets at(product, block / row_tiles);

  const int64_t loaded = first_column + Tile::loaded_column();
  const float* a = product.a + at.a + first_row * product.a_m;
  const float* b = product.b + at.b + loaded * product.b_n;
  Tile tile;
  tile.add(
      product.k,
      [&](int row, int64_t k) {
        return first_row + row < product.m ? a[row * product.a_m + k * product.a_k] : 0;
      },
      [&](int64_t k) { return loaded < product.n ? b[k * product.b_k] : 0; });

#pragma unroll
  for (int i = 0; i < Tile::kPerThread; ++i) {
    const int64_t row = first_row + Tile::row(i);
#pragma unroll
    for (int j = 0; j < Tile::kPerThread; ++j) {
      const int64_t column = first_column + Tile::column(j);
      if (row >= product.m || column >= product.n) continue;
      const int64_t to = at.y + row * product.y_m + column * product.y_n;
      float sum = product.scale * tile.sums[i][j];
      if (product.c != nullptr) {
        sum += product.beta * product.c[row * product.c_m + column * product.c_n];
      }
      if (product.residual != nullptr) sum += product.residual[to];
      product.y[to] = apply(product.epilogue, sum);
    }
  }
}

template <int kRows, int kColumns>
int launch_tiles(const MatMul& product, gpu::Stream stream) {
  using Tile = TileProduct<kRows, kColumns>;
  const int64_t row_tiles = (product.m + kRows - 1) / kRows;
  const int64_t column_tiles = (product.n + kColumns - 1) / kColumns;
  int64_t blocks = row_tiles * column_tiles;
  for (int i = 0; i < product.batch_axes; ++i) blocks *= product.batch[i];
  if (blocks > INT32_MAX) return -1;
  const gpu::Grid grid{dim3(static_cast<unsigned>(blocks)), dim3(Tile::kThreads),
                       Tile::kSharedBytes};
  return gpu::launch(tiles<kRows, kColumns>, grid, stream, product, row_tiles, column_tiles);
}

CONVOY_CUDA_LAUNCH(matmul, MatMul) {
  if (problem.m <= 16) return launch_tiles<16, 256>(problem, stream);
  if (problem.m <= 32) return launch_tiles<32, 128>(problem, stream);
  return launch_tiles<64, 64>(problem, stream);
}

}  // namespace
}  // namespace convoy::cuda
