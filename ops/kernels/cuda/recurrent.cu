#include "ops/kernels/cuda/recurrent.h"

#include "ops/kernels/cuda/formulas.h"
#include "runtime/device/cuda/library/launches.h"

namespace convoy::cuda {
namespace {

constexpr int kThreads = 256;

// Inlined at each of its calls it would leave the sums too few registers.
__device__ __attribute__((noinline)) float activate(const Recurrent::Activation& activation,
                                                    float x) {
  const float operand = activation.inner * x;
  const float result = apply(activation.formula, operand, 0, 0, activation.parameters);
  return activation.scale * result + activation.shift;
}

// One batch entry of one direction, all its steps: a block.
struct Sequence {
  const Recurrent& node;
  int64_t direction, entry, length;
  int gates;
  const Recurrent::Activation* activation;
  const float* w;
  const float* r;
  float* state;        // [hidden]
  float* cell;         // [hidden]
  float* gate;         // [gates][hidden], before activation
  float* reset_state;  // [hidden], of a GRU

  __device__ int thread() const { return static_cast<int>(threadIdx.x); }
  __device__ bool reversed() const { return node.first_is_reverse || direction == 1; }
  __device__ float clipped(float x) const {
    return node.clip > 0 ? fminf(node.clip, fmaxf(-node.clip, x)) : x;
  }
  __device__ float bias(int64_t row) const {
    return node.bias == nullptr ? 0 : node.bias[direction * 2 * gates * node.hidden + row];
  }
  __device__ float peephole(int64_t number, int64_t k) const {
    return node.peephole == nullptr ? 0 : node.peephole[(direction * 3 + number) * node.hidden + k];
  }
  __device__ int64_t state_at() const {
    return (node.batch_first ? entry * node.directions + direction
                             : direction * node.batch + entry) *
           node.hidden;
  }
  __device__ int64_t y_at(int64_t t) const {
    const int64_t row = node.batch_first ? (entry * node.steps + t) * node.directions + direction
                                         : (t * node.directions + direction) * node.batch + entry;
    return row * node.hidden;
  }

  // to[row] = (add ? to[row] : 0) + matrix[row] · vector + bias(first_bias + row), a warp for each
  // row; for rows [first, last).
  __device__ void add_products(const float* matrix, const float* vector, int64_t columns,
                               int64_t first, int64_t last, int64_t first_bias, bool add,
                               float* to) const {
    const int lane = thread() % warpSize;
    for (int64_t row = first + thread() / warpSize; row < last; row += kThreads / warpSize) {
      float sum = 0;
      for (int64_t k = lane; k < columns; k += warpSize) {
        sum = fmaf(matrix[row * columns + k], vector[k], sum);
      }
      for (int step = warpSize / 2; step > 0; step /= 2) sum += __shfl_xor_sync(~0U, sum, step);
      if (lane == 0) to[row - first] = (add ? to[row - first] : 0) + sum + bias(first_bias + row);
    }
  }

  __device__ void lstm_cell(int64_t k) const {
    const int64_t h = node.hidden;
    const float before = cell[k];
    const float input = activate(activation[0], clipped(gate[k] + peephole(0, k) * before));
    const float forget =
        node.input_forget
            ? 1 - input
            : activate(activation[0], clipped(gate[2 * h + k] + peephole(2, k) * before));
    const float after = forget * before + input * activate(activation[1], clipped(gate[3 * h + k]));
    const float output = activate(activation[0], clipped(gate[h + k] + peephole(1, k) * after));
    cell[k] = after;
    state[k] = output * activate(activation[2], after);
  }

  // The products with R of the candidate gate, from the state or from the reset state.
  __device__ void gru_candidate() const {
    const int64_t h = node.hidden;
    for (int64_t k = thread(); k < h; k += kThreads) {
      const float reset = activate(activation[0], clipped(gate[h + k]));
      gate[h + k] = reset;
      reset_state[k] = reset * state[k];
    }
    __syncthreads();
    // Row 2h of R and its bias.
    float* recurrent = gate + 3 * h;
    add_products(r, node.linear_before_reset ? state : reset_state, h, 2 * h, 3 * h, 3 * h, false,
                 recurrent);
    __syncthreads();
    for (int64_t k = thread(); k < h; k += kThreads) {
      const float from_state = node.linear_before_reset ? gate[h + k] * recurrent[k] : recurrent[k];
      const float candidate = activate(activation[1], clipped(gate[2 * h + k] + from_state));
      const float update = activate(activation[0], clipped(gate[k]));
      state[k] = (1 - update) * candidate + update * state[k];
    }
  }

  __device__ void step(const float* x) const {
    const int64_t h = node.hidden, rows = gates * h;
    const bool gru = node.cell == RecurrentCell::gru;
    add_products(w, x, node.inputs, 0, rows, 0, false, gate);
    __syncwarp();  // a row is finished by the warp that began it
    add_products(r, state, h, 0, gru ? 2 * h : rows, rows, true, gate);
    __syncthreads();
    if (gru) {
      gru_candidate();
    } else {
      for (int64_t k = thread(); k < h; k += kThreads) {
        if (node.cell == RecurrentCell::lstm) {
          lstm_cell(k);
        } else {
          state[k] = activate(activation[0], clipped(gate[k]));
        }
      }
    }
    __syncthreads();
  }

  __device__ void run() const {
    const int64_t h = node.hidden;
    for (int64_t k = thread(); k < h; k += kThreads) {
      state[k] = node.initial_h == nullptr ? 0 : node.initial_h[state_at() + k];
      cell[k] = node.initial_c == nullptr ? 0 : node.initial_c[state_at() + k];
    }
    __syncthreads();
    for (int64_t s = 0; s < node.steps; ++s) {
      const bool past = s >= length;
      const int64_t t = past ? s : reversed() ? length - 1 - s : s;
      if (!past) {
        const int64_t row = node.batch_first ? entry * node.steps + t : t * node.batch + entry;
        step(node.x + row * node.inputs);
      }
      if (node.y == nullptr) continue;
      for (int64_t k = thread(); k < h; k += kThreads) node.y[y_at(t) + k] = past ? 0 : state[k];
    }
    for (int64_t k = thread(); k < h; k += kThreads) {
      if (node.y_h != nullptr) node.y_h[state_at() + k] = state[k];
      if (node.y_c != nullptr) node.y_c[state_at() + k] = cell[k];
    }
  }
};

__global__ void __launch_bounds__(kThreads) sequences(const __grid_constant__ Recurrent node) {
  const auto hidden = static_cast<int>(node.hidden);
  const int padded = (hidden + 3) / 4 * 4;
  gpu::SharedMemory memory;
  float* state = memory.take<float>(padded);
  float* cell = memory.take<float>(padded);
  float* gate = memory.take<float>(4 * padded);
  float* reset_state = memory.take<float>(padded);
  const int64_t direction = blockIdx.x / node.batch, entry = blockIdx.x % node.batch;
  const int gates = node.cell == RecurrentCell::lstm ? 4 : node.cell == RecurrentCell::gru ? 3 : 1;
  const Sequence sequence{node,
                          direction,
                          entry,
                          node.lengths == nullptr ? node.steps : node.lengths[entry],
                          gates,
                          node.activation[direction],
                          node.w + direction * gates * node.hidden * node.inputs,
                          node.r + direction * gates * node.hidden * node.hidden,
                          state,
                          cell,
                          gate,
                          reset_state};
  sequence.run();
}

CONVOY_CUDA_LAUNCH(recurrent, Recurrent) {
  const gpu::Grid grid{dim3(static_cast<unsigned>(problem.directions * problem.batch)),
                       dim3(kThreads), recurrent_shared_bytes(problem.hidden)};
  return gpu::launch(sequences, grid, stream, problem);
}

}  // namespace
}  // namespace convoy::cuda
