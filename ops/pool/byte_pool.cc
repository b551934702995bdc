// MaxPool on 8-bit integers, without indices: the input rows under an output row are combined, then
// the windows along it.
#include <cstring>
#include <limits>

#include "ops/kernels/quantized/quantized_rows.h"
#include "ops/pool/pool_problem.h"

namespace convoy {
namespace {

template <typename T>
class BytePool : public Kernel {
 public:
  BytePool(KernelRequest& request, const PoolProblem& problem)
      : window_(problem.window),
        planes_(problem.batch * problem.channels),
        last_(window_[window_.rank() - 1]),
        input_strides_(contiguous_strides(window_.input())),
        max_(max_of(quantized_rows(request.isa))),
        pieces_(request.threads),
        size_((last_.output_size - 1) * last_.stride + last_.extent()) {
    request.use_scratch(static_cast<size_t>(pieces_ * 2 * size_) * sizeof(T));
  }

  void run(KernelContext& context) const override {
    const T* x = context.input(0).as<const T>();
    T* y = context.output(0).as<T>();
    const int64_t plane = element_count(window_.input());
    const int64_t plane_rows = element_count(window_.output()) / last_.output_size;
    const int64_t rows = planes_ * plane_rows;
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        T* combined = reinterpret_cast<T*>(context.scratch()) + piece * 2 * size_;
        for (int64_t row = rows * piece / pieces_; row < rows * (piece + 1) / pieces_; ++row) {
          combine_rows(x + row / plane_rows * plane, row % plane_rows, combined);
          slide(combined, combined + size_, y + row * last_.output_size);
        }
      }
    });
  }

 private:
  using Max = void (*)(const T* a, const T* b, int64_t n, T* to);
  static Max max_of(const QuantizedRows& rows) {
    if constexpr (std::is_signed_v<T>) {
      return rows.max_int8;
    } else {
      return rows.max_uint8;
    }
  }

  // What the windows of an output row read, padding included.
  void combine_rows(const T* plane, int64_t row, T* to) const {
    Dims at = Dims::filled(window_.rank(), 0);
    for (int axis = window_.rank() - 2; axis >= 0; --axis) {
      at[axis] = row % window_[axis].output_size;
      row /= window_[axis].output_size;
    }
    std::fill_n(to, size_, std::numeric_limits<T>::lowest());
    const int64_t begin = std::min(last_.pad_begin, size_);
    const int64_t count = std::min(last_.input_size, size_ - begin);
    combine_axis(plane, at, 0, count, to + begin);
  }

  void combine_axis(const T* from, const Dims& at, int axis, int64_t count, T* to) const {
    if (axis == window_.rank() - 1) return max_(to, from, count, to);
    const SizedWindow& window = window_[axis];
    const int64_t start = at[axis] * window.stride - window.pad_begin;
    for (int64_t k = window.first_tap(at[axis]); k < window.last_tap(at[axis]); ++k) {
      const int64_t position = start + k * window.dilation;
      combine_axis(from + position * input_strides_[axis], at, axis + 1, count, to);
    }
  }

  void slide(const T* row, T* scratch, T* y) const {
    const int64_t count = size_ - last_.extent() + 1;
    T* most = last_.stride == 1 ? y : scratch;
    std::copy_n(row, count, most);
    for (int64_t k = 1; k < last_.kernel; ++k) max_(most, row + k * last_.dilation, count, most);
    if (last_.stride == 1) return;
    for (int64_t o = 0; o < last_.output_size; ++o) y[o] = most[o * last_.stride];
  }

  Window window_;
  int64_t planes_;
  SizedWindow last_;
  Strides input_strides_;
  Max max_;
  int64_t pieces_;
  int64_t size_;  // what the windows of a row read
};

}  // namespace

std::unique_ptr<Kernel> make_byte_pool(KernelRequest& request, const PoolProblem& problem) {
  const DType dtype = request.input(0).dtype;
  if (dtype != DType::kUInt8 && dtype != DType::kInt8) return request.refuse("only 8-bit integers");
  if (problem.kind != PoolKind::kMax) return request.refuse("only maxima");
  if (request.has_output(1)) return request.refuse("no indices");
  const SizedWindow& last = problem.window[problem.window.rank() - 1];
  if (last.pad_begin < 0) return request.refuse("negative padding");
  constexpr int64_t kMostSkipped = 16;  // positions between two windows
  if (last.stride > last.extent() + kMostSkipped) return request.refuse("windows are far apart");
  return visit_dtype_among<uint8_t, int8_t>(dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    return std::make_unique<BytePool<typename decltype(tag)::type>>(request, problem);
  });
}

}  // namespace convoy
