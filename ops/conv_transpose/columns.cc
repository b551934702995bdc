// ConvTranspose as a matrix product, W transposed times X, whose rows are then added to the output
// where they belong.
#include <algorithm>

#include "ops/conv_transpose/conv_transpose.h"
#include "ops/kernels/gemm/small_gemm.h"

namespace convoy {
namespace {

// Multiplications from which on oneDNN's blocking pays for itself: it was 1.5 times slower at 0.1
// million and as fast at 5 million. Its first product of a process also takes 15 ms.
constexpr int64_t kMostMultiplications = 2'000'000;
constexpr int64_t kRows = 24;           // of a product, about: several output channels at once
constexpr int64_t kProducts = 1 << 14;  // floats of one product, which stays in the cache

class ColumnsConvTranspose : public Kernel {
 public:
  ColumnsConvTranspose(const ConvTransposeShape& shape, bool has_bias, Isa isa)
      : shape_(shape),
        has_bias_(has_bias),
        gemm_(kernels::small_gemm(isa)),
        taps_(shape.kernel_volume()),
        in_plane_(element_count(shape.input())),
        out_plane_(element_count(shape.output())),
        channels_(std::clamp<int64_t>(kRows / taps_, 1, shape.group_out())),
        positions_(std::min(std::max<int64_t>(kProducts / (channels_ * taps_), 16), in_plane_)) {
    blocks_ = (shape.group_out() + channels_ - 1) / channels_;
  }

  size_t scratch_bytes(int threads) const {
    return static_cast<size_t>(threads * floats_of_piece()) * sizeof(float);
  }

  void run(KernelContext& context) const override {
    int64_t tasks = shape_.batch * shape_.groups * blocks_;
    int64_t pieces = std::min<int64_t>(tasks, context.threads().thread_count());
    context.threads().parallel_for(pieces, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        auto* products = reinterpret_cast<float*>(context.scratch()) + piece * floats_of_piece();
        for (int64_t t = tasks * piece / pieces; t < tasks * (piece + 1) / pieces; ++t) {
          run_task(context, t, products);
        }
      }
    });
  }

 private:
  int64_t floats_of_piece() const { return (channels_ * taps_ * positions_ + 15) / 16 * 16; }

  // Some output channels of one group of one batch entry.
  void run_task(const KernelContext& context, int64_t task, float* products) const {
    int64_t group = task / blocks_ % shape_.groups;
    int64_t n = task / blocks_ / shape_.groups;
    int64_t first = task % blocks_ * channels_;
    int64_t count = std::min(channels_, shape_.group_out() - first);
    int64_t channel = group * shape_.group_out() + first;
    float* y = context.output(0).as<float>() + (n * shape_.out_channels + channel) * out_plane_;
    const float* bias = has_bias_ ? context.input(2).as<const float>() + channel : nullptr;
    for (int64_t c = 0; c < count; ++c) {
      std::fill_n(y + c * out_plane_, out_plane_, bias ? bias[c] : 0.0f);
    }
    int64_t in_channel = group * shape_.group_in();
    const float* x =
        context.input(0).as<const float>() + (n * shape_.in_channels + in_channel) * in_plane_;
    const float* w =
        context.input(1).as<const float>() + (in_channel * shape_.group_out() + first) * taps_;
    kernels::SmallGemm product;
    product.m = count * taps_;
    product.k = shape_.group_in();
    product.a_m = 1;
    product.a_k = shape_.group_out() * taps_;
    product.b_k = in_plane_;
    for (int64_t from = 0; from < in_plane_; from += positions_) {
      product.n = std::min(positions_, in_plane_ - from);
      product.y_m = product.n;
      gemm_(product, w, x + from, nullptr, products);
      for (int64_t c = 0; c < count; ++c) {
        add_positions(products + c * taps_ * product.n, from, product.n, y + c * out_plane_);
      }
    }
  }

  // products[tap][position - from], for one output channel.
  void add_positions(const float* products, int64_t from, int64_t count, float* y) const {
    int64_t width = shape_.input().back();
    for (int64_t at = 0; at < count;) {
      int64_t column = (from + at) % width;
      int64_t length = std::min(count - at, width - column);
      for (int64_t tap = 0; tap < taps_; ++tap) {
        add_row(products + tap * count + at, (from + at) / width, column, length, tap, y);
      }
      at += length;
    }
  }

  // Neighbours along the last axis, from `column` of input row `row`.
  void add_row(const float* products, int64_t row, int64_t column, int64_t length, int64_t tap,
               float* y) const {
    int last = shape_.input().rank() - 1;
    int64_t taps_left = tap / shape_[last].kernel;
    int64_t step = 1;
    int64_t out_row = 0;
    for (int axis = last - 1; axis >= 0; --axis) {
      int64_t o = place(axis, row % shape_[axis].input_size, taps_left % shape_[axis].kernel);
      if (o < 0 || o >= shape_[axis].output_size) return;
      out_row += o * step;
      step *= shape_[axis].output_size;
      row /= shape_[axis].input_size;
      taps_left /= shape_[axis].kernel;
    }
    int64_t stride = shape_[last].stride;
    int64_t size = shape_[last].output_size;
    int64_t first = place(last, column, tap % shape_[last].kernel);
    int64_t begin = first >= 0 ? 0 : (-first + stride - 1) / stride;
    int64_t end = first >= size ? 0 : std::min(length, (size - first + stride - 1) / stride);
    float* to = y + out_row * size + first;
    if (stride == 1) {
      for (int64_t i = begin; i < end; ++i) to[i] += products[i];
    } else {
      for (int64_t i = begin; i < end; ++i) to[i * stride] += products[i];
    }
  }

  int64_t place(int axis, int64_t input, int64_t tap) const {
    return input * shape_[axis].stride + tap * shape_[axis].dilation - shape_[axis].pad_begin;
  }

  ConvTransposeShape shape_;
  bool has_bias_;
  kernels::SmallGemmKernel* gemm_;
  int64_t taps_;
  int64_t in_plane_;
  int64_t out_plane_;
  int64_t channels_;   // of a block
  int64_t positions_;  // of a product
  int64_t blocks_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_columns_conv_transpose(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  if (request.input(0).count() == 0 || request.output(0).count() == 0) {
    return request.refuse("nothing to compute");
  }
  ConvTransposeShape shape = read_conv_transpose(request);
  int64_t multiplications =
      element_count(request.input(0).shape) * shape.group_out() * shape.kernel_volume();
  if (multiplications > kMostMultiplications) return request.refuse("oneDNN is faster when large");
  auto kernel = std::make_unique<ColumnsConvTranspose>(shape, request.has_input(2), request.isa);
  request.use_scratch(kernel->scratch_bytes(request.threads));
  return kernel;
}

}  // namespace convoy
