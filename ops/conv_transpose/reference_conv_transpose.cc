#include <algorithm>
#include <type_traits>

#include "ops/conv_transpose/conv_transpose.h"

namespace convoy {
namespace {

// Gathers each output from the inputs that reach it, a chunk of a row at a time.
template <typename T>
class ReferenceConvTranspose {
 public:
  using Acc = std::conditional_t<std::is_same_v<T, double>, double, float>;
  static constexpr int64_t kChunk = 128;

  explicit ReferenceConvTranspose(const ConvTransposeShape& shape)
      : shape_(shape),
        input_strides_(contiguous_strides(shape.input())),
        kernel_strides_(contiguous_strides(shape.kernel())),
        input_plane_(element_count(shape.input())),
        kernel_volume_(shape.kernel_volume()),
        row_(shape.output().back()),
        rows_(row_ == 0 ? 0 : element_count(shape.output()) / row_) {}

  void run(const T* x, const T* w, const T* bias, T* y, ThreadPool& threads) const {
    int64_t cost = std::max<int64_t>(1, row_ * shape_.group_in() * kernel_volume_);
    int64_t tasks = shape_.batch * shape_.out_channels * rows_;
    threads.parallel_for(tasks, std::max<int64_t>(1, 16384 / cost),
                         [&](int64_t begin, int64_t end) {
                           for (int64_t task = begin; task < end; ++task)
                             run_row(x, w, bias, task, y + task * row_);
                         });
  }

 private:
  struct Row {
    const T* x;
    const T* w;
    Dims at;
    Acc* sums;
    int64_t count;
  };

  void run_row(const T* x, const T* w, const T* bias, int64_t task, T* y) const {
    int64_t channel = task / rows_ % shape_.out_channels;
    int64_t n = task / rows_ / shape_.out_channels;
    int64_t group = channel / shape_.group_out();
    int last = shape_.output().rank() - 1;
    Dims at = Dims::filled(last + 1, 0);
    int64_t rest = task % rows_;
    for (int axis = last - 1; axis >= 0; --axis) {
      at[axis] = rest % shape_[axis].output_size;
      rest /= shape_[axis].output_size;
    }
    Acc sums[kChunk];
    for (int64_t begin = 0; begin < row_; begin += kChunk) {
      int64_t count = std::min(kChunk, row_ - begin);
      std::fill_n(sums, count, bias ? static_cast<Acc>(bias[channel]) : Acc(0));
      at[last] = begin;
      Row row{nullptr, nullptr, at, sums, count};
      for (int64_t ic = 0; ic < shape_.group_in(); ++ic) {
        int64_t in = group * shape_.group_in() + ic;
        row.x = x + (n * shape_.in_channels + in) * input_plane_;
        row.w = w + (in * shape_.group_out() + channel % shape_.group_out()) * kernel_volume_;
        add_taps(row, 0, 0, 0);
      }
      for (int64_t i = 0; i < count; ++i) y[begin + i] = static_cast<T>(sums[i]);
    }
  }

  void add_taps(const Row& row, int axis, int64_t x_offset, int64_t w_offset) const {
    if (axis == shape_.output().rank() - 1) return add_last_taps(row, x_offset, w_offset);
    for (int64_t k = 0; k < shape_[axis].kernel; ++k) {
      int64_t reach = row.at[axis] + shape_[axis].pad_begin - k * shape_[axis].dilation;
      if (reach < 0 || reach % shape_[axis].stride != 0) continue;
      int64_t i = reach / shape_[axis].stride;
      if (i >= shape_[axis].input_size) continue;
      add_taps(row, axis + 1, x_offset + i * input_strides_[axis],
               w_offset + k * kernel_strides_[axis]);
    }
  }

  void add_last_taps(const Row& row, int64_t x_offset, int64_t w_offset) const {
    int axis = shape_.output().rank() - 1;
    int64_t stride = shape_[axis].stride;
    for (int64_t k = 0; k < shape_[axis].kernel; ++k) {
      // Input i reaches output i * stride + shift of this chunk.
      int64_t shift = k * shape_[axis].dilation - shape_[axis].pad_begin - row.at[axis];
      int64_t first = shift >= 0 ? 0 : (-shift + stride - 1) / stride;
      int64_t room = row.count - shift;
      int64_t last =
          room <= 0 ? 0 : std::min(shape_[axis].input_size, (room + stride - 1) / stride);
      auto weight = static_cast<Acc>(row.w[w_offset + k]);
      const T* x = row.x + x_offset;
      for (int64_t i = first; i < last; ++i) {
        row.sums[i * stride + shift] += weight * static_cast<Acc>(x[i]);
      }
    }
  }

  ConvTransposeShape shape_;
  Strides input_strides_;
  Strides kernel_strides_;
  int64_t input_plane_;
  int64_t kernel_volume_;
  int64_t row_;
  int64_t rows_;
};

}  // namespace

std::unique_ptr<Kernel> make_reference_conv_transpose(KernelRequest& request) {
  ConvTransposeShape shape = read_conv_transpose(request);
  bool has_bias = request.has_input(2);
  return visit_floating(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    ReferenceConvTranspose<T> reference(shape);
    return make_kernel([reference, has_bias](KernelContext& context) {
      reference.run(context.input(0).as<const T>(), context.input(1).as<const T>(),
                    has_bias ? context.input(2).as<const T>() : nullptr, context.output(0).as<T>(),
                    context.threads());
    });
  });
}

}  // namespace convoy
