// Quantized matrix products and convolutions on integers: constant weights less their zero points,
// packed once in 16 bits, and rows that are packed as they are needed, of a matrix or, for a
// convolution, what lies under the taps at each output position.
#include <algorithm>
#include <cstring>

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "ops/conv/conv.h"
#include "ops/kernels/gemm/integer_gemm.h"
#include "ops/matmul/matmul.h"
#include "ops/quantized/quantized.h"
#include "runtime/base/task_queue.h"

namespace convoy {
namespace {

using kernels::IntegerGemm;

// A block of packed rows is to stay in the second-level cache.
constexpr int64_t kBlockNumbers = 96 * 1024;
constexpr int64_t kMostRows = 96;
// Fewer multiplications than this are not worth waking other threads.
constexpr int64_t kSerialWork = 400'000;
// Groups of fewer output channels leave most of a tile empty.
constexpr int64_t kFewChannels = 8;

// Rows of a block: enough blocks for the threads to share, and no more than the cache holds.
int64_t rows_of_block(int64_t m, int64_t k, int threads) {
  const int64_t shared = (m + 4 * threads - 1) / (4 * threads);
  const int64_t most =
      std::min(kMostRows, std::max<int64_t>(1, kBlockNumbers / std::max<int64_t>(k, 1)));
  return std::max<int64_t>(1, std::min(threads == 1 ? most : shared, most));
}

// 8-bit integers of either sign.
class Bytes {
 public:
  Bytes(const void* data, DType dtype) : data_(data), is_signed_(dtype == DType::kInt8) {}

  // visit(const T*), T the type.
  template <typename Visit>
  void visit(const Visit& visit) const {
    if (is_signed_) return visit(static_cast<const int8_t*>(data_));
    visit(static_cast<const uint8_t*>(data_));
  }

 private:
  const void* data_;
  bool is_signed_;
};

int32_t entry(const std::vector<int32_t>& list, int64_t i) {
  return list[list.size() == 1 ? 0 : static_cast<size_t>(i)];
}

std::string format_of(const char* kind, const KernelRequest& request, const IntegerGemm& gemm,
                      const std::vector<int32_t>& zeros) {
  return fmt::format("{} pairs,{},{},{}", kind, to_string(request.isa), gemm.packed_size(),
                     fmt::join(zeros, ","));
}

// Row i of A[m, k], less its zero point, to its place in a block; rows behind the last are 0.
template <typename T>
void pack_rows(const IntegerGemm& gemm, const T* a, int64_t k, int64_t rows, int32_t zero,
               int16_t* block) {
  std::memset(block, 0, static_cast<size_t>(gemm.block_size()) * sizeof(int16_t));
  for (int64_t i = 0; i < rows; ++i) {
    int16_t* to = block + gemm.place(i, 0);
    const T* from = a + i * k;
    for (int64_t p = 0; p + 1 < k; p += 2, to += gemm.step_of_pair()) {
      to[0] = static_cast<int16_t>(from[p] - zero);
      to[1] = static_cast<int16_t>(from[p + 1] - zero);
    }
    if (k % 2 == 1) to[0] = static_cast<int16_t>(from[k - 1] - zero);
  }
}

class IntegerMatMul : public Kernel {
 public:
  IntegerMatMul(KernelRequest& request, const QuantizedSlots& slots, const MatMulShape& shape)
      : slots_(slots),
        n_(shape.n),
        k_(shape.k),
        gemm_(shape.m, shape.n, shape.k,
              rows_of_block(shape.m, shape.k, threads_for(request, shape)), request.isa),
        pieces_(std::min<int64_t>(gemm_.block_count(), threads_for(request, shape))) {
    const Tensor b = request.constant(slots.w)->contiguous();
    const std::vector<int32_t> zeros = weight_zeros(request, slots, n_);
    const size_t bytes = static_cast<size_t>(gemm_.packed_size()) * sizeof(int16_t);
    packed_ = request.weights->get(
        *request.constant(slots.w), format_of("matrix", request, gemm_, zeros), bytes,
        [&](void* to) {
          Bytes(b.raw(), b.dtype()).visit([&](const auto* from) {
            gemm_.pack([&](int64_t p, int64_t j) { return from[p * n_ + j] - entry(zeros, j); },
                       static_cast<int16_t*>(to));
          });
        });
    request.use_scratch(static_cast<size_t>(pieces_ * gemm_.block_size()) * sizeof(int16_t));
  }

  void run(KernelContext& context) const override {
    const TensorView& a = context.input(slots_.x);
    const int32_t zero = zero_points(context, slots_.x_zero, 1)[0];
    const Rescale rescale(context, slots_, n_, true);
    const auto* packed = reinterpret_cast<const int16_t*>(packed_->data());
    TaskQueue queue(gemm_.block_count(), pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        int16_t* block = reinterpret_cast<int16_t*>(context.scratch()) + piece * gemm_.block_size();
        while (auto tasks = queue.take(piece)) {
          for (int64_t task = tasks.begin; task < tasks.end; ++task) {
            const int64_t first = gemm_.first_row(task), rows = gemm_.row_count(task);
            Bytes(a.data, a.dtype).visit([&](const auto* from) {
              pack_rows(gemm_, from + first * k_, k_, rows, zero, block);
            });
            gemm_.multiply(block, rows, packed, [&](const kernels::IntegerSums& sums) {
              for (int64_t i = 0; i < sums.rows; ++i) {
                rescale.store_row(context.output(0), (first + sums.row + i) * n_ + sums.column,
                                  sums.column, sums.at(i), sums.columns);
              }
            });
          }
        }
      }
    });
  }

 private:
  static int threads_for(const KernelRequest& request, const MatMulShape& shape) {
    return shape.m * shape.n * shape.k < kSerialWork ? 1 : request.threads;
  }

  QuantizedSlots slots_;
  int64_t n_, k_;
  IntegerGemm gemm_;
  int64_t pieces_;
  std::shared_ptr<const Buffer> packed_;
};

// Rows are output positions of one image and group, columns output channels of the group.
class IntegerConv : public Kernel {
 public:
  IntegerConv(KernelRequest& request, const QuantizedSlots& slots, const ConvShape& shape)
      : slots_(slots),
        shape_(shape),
        plane_(element_count(shape.window.output())),
        terms_(shape.group_in() * shape.window.kernel_volume()),
        gemm_(plane_, shape.group_out(), terms_,
              rows_of_block(plane_, terms_, threads_for(request, shape, plane_, terms_)),
              request.isa),
        pieces_(std::min<int64_t>(shape.batch * shape.groups * gemm_.block_count(),
                                  threads_for(request, shape, plane_, terms_))) {
    const Tensor w = request.constant(slots.w)->contiguous();
    const std::vector<int32_t> zeros = weight_zeros(request, slots, shape.out_channels);
    const size_t bytes = static_cast<size_t>(shape.groups * gemm_.packed_size()) * sizeof(int16_t);
    packed_ = request.weights->get(
        *request.constant(slots.w), format_of("kernels", request, gemm_, zeros), bytes,
        [&](void* to) {
          Bytes(w.raw(), w.dtype()).visit([&](const auto* from) {
            for (int64_t g = 0; g < shape_.groups; ++g) {
              const int64_t first = g * shape_.group_out();
              gemm_.pack(
                  [&](int64_t p, int64_t j) {
                    return from[(first + j) * terms_ + p] - entry(zeros, first + j);
                  },
                  static_cast<int16_t*>(to) + g * gemm_.packed_size());
            }
          });
        });
    request.use_scratch(static_cast<size_t>(pieces_ * gemm_.block_size()) * sizeof(int16_t));
  }

  void run(KernelContext& context) const override {
    const int64_t blocks = gemm_.block_count();
    const Rescale rescale(context, slots_, shape_.out_channels, false);
    const int32_t* bias = nullptr;
    if (slots_.bias >= 0 && context.has_input(slots_.bias)) {
      bias = context.input(slots_.bias).as<const int32_t>();
    }
    TaskQueue queue(shape_.batch * shape_.groups * blocks, pieces_);
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        int16_t* block = reinterpret_cast<int16_t*>(context.scratch()) + piece * gemm_.block_size();
        while (auto tasks = queue.take(piece)) {
          for (int64_t task = tasks.begin; task < tasks.end; ++task) {
            run_block(context, rescale, bias, task / blocks, task % blocks, block);
          }
        }
      }
    });
  }

 private:
  static int threads_for(const KernelRequest& request, const ConvShape& shape, int64_t plane,
                         int64_t terms) {
    const int64_t work = shape.batch * shape.out_channels * plane * terms;
    return work < kSerialWork ? 1 : request.threads;
  }

  // Block `number` of the positions of an image and group.
  void run_block(KernelContext& context, const Rescale& rescale, const int32_t* bias,
                 int64_t image_and_group, int64_t number, int16_t* block) const {
    const TensorView& x = context.input(slots_.x);
    const int32_t zero = zero_points(context, slots_.x_zero, 1)[0];
    const int64_t first = gemm_.first_row(number), rows = gemm_.row_count(number);
    const int64_t input_plane = element_count(shape_.window.input());
    Bytes(x.data, x.dtype).visit([&](const auto* from) {
      pack_positions(from + image_and_group * shape_.group_in() * input_plane, first, rows, zero,
                     block);
    });
    const int64_t group = image_and_group % shape_.groups;
    const int64_t first_channel = group * shape_.group_out();
    const auto* packed =
        reinterpret_cast<const int16_t*>(packed_->data()) + group * gemm_.packed_size();
    const int64_t y = image_and_group * shape_.group_out() * plane_ + first;
    gemm_.multiply(block, rows, packed, [&](const kernels::IntegerSums& sums) {
      for (int64_t c = 0; c < sums.columns; ++c) {
        const int64_t channel = first_channel + sums.column + c;
        const float factor = rescale.factor(channel);
        const auto base = static_cast<uint32_t>(bias ? bias[channel] : 0);
        const int64_t to = y + (sums.column + c) * plane_ + sums.row;
        for (int64_t i = 0; i < sums.rows; ++i) {
          const auto sum = static_cast<uint32_t>(sums.at(i)[c]) + base;
          rescale.store(context.output(0), to + i, static_cast<int32_t>(sum), factor);
        }
      }
    });
  }

  // What lies under each tap at output positions [first, first + rows); padding is the zero point.
  template <typename T>
  void pack_positions(const T* x, int64_t first, int64_t rows, int32_t zero, int16_t* block) const {
    std::memset(block, 0, static_cast<size_t>(gemm_.block_size()) * sizeof(int16_t));
    const Window& window = shape_.window;
    const int last = window.rank() - 1;
    const Dims input = window.input(), output = window.output(), kernel = window.kernel();
    const int64_t taps = element_count(kernel), input_plane = element_count(input);
    // Runs of positions in one row of the output.
    for (int64_t begin = 0; begin < rows;) {
      Dims at = position(first + begin, output);
      const int64_t count = std::min(rows - begin, output[last] - at[last]);
      for (int64_t tap = 0; tap < taps; ++tap) {
        const Dims offset = position(tap, kernel);
        int64_t row = 0;
        bool inside = true;
        for (int axis = 0; axis < last; ++axis) {
          const int64_t i = input_position(window[axis], at[axis], offset[axis]);
          inside = inside && i >= 0 && i < input[axis];
          row = row * input[axis] + i;
        }
        if (!inside) continue;
        const SizedWindow& axis = window[last];
        const int64_t start = input_position(axis, at[last], offset[last]);
        // Of these positions, those where the tap lies inside the row.
        const int64_t before = (-start + axis.stride - 1) / axis.stride;
        const int64_t low = start >= 0 ? 0 : std::min(count, before);
        const int64_t room = input[last] - start;
        const int64_t high =
            room <= 0 ? 0 : std::min(count, (room + axis.stride - 1) / axis.stride);
        for (int64_t channel = 0; channel < shape_.group_in(); ++channel) {
          const T* from = x + channel * input_plane + row * input[last];
          const int64_t term = channel * taps + tap;
          IntegerGemm::Places places(gemm_, begin + low, term);
          for (int64_t j = low; j < high; ++j) {
            block[places.next()] = static_cast<int16_t>(from[start + j * axis.stride] - zero);
          }
        }
      }
      begin += count;
    }
  }

  static int64_t input_position(const SizedWindow& axis, int64_t output, int64_t tap) {
    return output * axis.stride + tap * axis.dilation - axis.pad_begin;
  }

  // Of row-major position `index`.
  static Dims position(int64_t index, const Dims& sizes) {
    Dims at = sizes;
    for (int axis = sizes.rank() - 1; axis >= 0; --axis) {
      at[axis] = index % sizes[axis];
      index /= sizes[axis];
    }
    return at;
  }

  QuantizedSlots slots_;
  ConvShape shape_;
  int64_t plane_, terms_;
  IntegerGemm gemm_;
  int64_t pieces_;
  std::shared_ptr<const Buffer> packed_;
};

}  // namespace

std::unique_ptr<Kernel> make_integer_matmul(KernelRequest& request, const QuantizedSlots& slots) {
  if (const char* why = objection(request, slots)) return request.refuse(why);
  request.attributes().finish();
  if (request.input(slots.w).rank() != 2) return request.refuse("B is no single matrix");
  const MatMulShape shape =
      describe_matmul(contiguous_input(request, slots.x), contiguous_input(request, slots.w),
                      contiguous_output(request, 0));
  const bool plain = shape.batch.rank() == 0 && (shape.m == 1 || shape.y_m == shape.n);
  if (!plain) return request.refuse("several products");
  return std::make_unique<IntegerMatMul>(request, slots, shape);
}

std::unique_ptr<Kernel> make_integer_conv(KernelRequest& request, const QuantizedSlots& slots) {
  if (const char* why = objection(request, slots)) return request.refuse(why);
  AttributeReader attributes(request.node());
  const ConvAttributes conv = read_conv_attributes(attributes);
  attributes.finish();
  const ConvShape shape =
      resolve_conv(conv, request.input(slots.x).shape, request.input(slots.w).shape);
  request.check_output(0, shape.output_shape());
  if (shape.window.rank() == 0) return request.refuse("no spatial axes");
  if (shape.group_out() < kFewChannels) return request.refuse("few channels in a group");
  if (slots.bias >= 0 && request.has_input(slots.bias) &&
      request.input(slots.bias).count() != shape.out_channels) {
    return request.refuse("the bias does not fit");
  }
  return std::make_unique<IntegerConv>(request, slots, shape);
}

}  // namespace convoy
