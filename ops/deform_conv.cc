// DeformConv: a convolution whose taps are moved by offsets and weighted by a mask, values between
// pixels interpolated bilinearly. Two spatial axes. Opsets 19 to 28.
#include <cmath>

#include "ops/conv/conv.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct DeformShape {
  ConvShape conv;
  int64_t offset_groups = 1;
};

// Zero outside of the image.
template <typename T, typename Acc>
Acc pixel(const T* plane, int64_t height, int64_t width, int64_t row, int64_t column) {
  bool inside = row >= 0 && row < height && column >= 0 && column < width;
  return inside ? static_cast<Acc>(plane[row * width + column]) : Acc(0);
}

template <typename T, typename Acc>
Acc sample(const T* plane, int64_t height, int64_t width, Acc y, Acc x) {
  if (!(y > -1 && y < static_cast<Acc>(height) && x > -1 && x < static_cast<Acc>(width))) return 0;
  auto row = static_cast<int64_t>(std::floor(y));
  auto column = static_cast<int64_t>(std::floor(x));
  Acc down = y - static_cast<Acc>(row);
  Acc right = x - static_cast<Acc>(column);
  auto at = [&](int64_t dy, int64_t dx) {
    return pixel<T, Acc>(plane, height, width, row + dy, column + dx);
  };
  return (1 - down) * ((1 - right) * at(0, 0) + right * at(0, 1)) +
         down * ((1 - right) * at(1, 0) + right * at(1, 1));
}

template <typename T>
class DeformConv : public Kernel {
 public:
  using Acc = std::conditional_t<std::is_same_v<T, double>, double, float>;

  explicit DeformConv(const DeformShape& shape) : shape_(shape) {}

  void run(KernelContext& context) const override {
    const ConvShape& conv = shape_.conv;
    const Window& window = conv.window;
    int64_t plane = window[0].output_size * window[1].output_size;
    int64_t cost = std::max<int64_t>(1, conv.group_in() * window.kernel_volume() * 8);
    context.threads().parallel_for(conv.batch * plane, std::max<int64_t>(1, 16384 / cost),
                                   [&](int64_t begin, int64_t end) {
                                     for (int64_t i = begin; i < end; ++i)
                                       compute(context, i / plane, i % plane);
                                   });
  }

 private:
  // All output channels at one position.
  void compute(KernelContext& context, int64_t n, int64_t position) const {
    const ConvShape& conv = shape_.conv;
    int64_t plane = conv.window[0].output_size * conv.window[1].output_size;
    const T* bias = context.has_input(3) ? context.input(3).as<const T>() : nullptr;
    T* y = context.output(0).as<T>();
    for (int64_t channel = 0; channel < conv.out_channels; ++channel) {
      Acc sum = bias ? static_cast<Acc>(bias[channel]) : Acc(0);
      int64_t first = channel / conv.group_out() * conv.group_in();
      for (int64_t ic = 0; ic < conv.group_in(); ++ic) {
        sum += taps(context, n, position, channel, first, ic);
      }
      y[(n * conv.out_channels + channel) * plane + position] = static_cast<T>(sum);
    }
  }

  Acc taps(KernelContext& context, int64_t n, int64_t position, int64_t channel, int64_t first,
           int64_t ic) const {
    const ConvShape& conv = shape_.conv;
    const Window& window = conv.window;
    int64_t height = window[0].input_size;
    int64_t width = window[1].input_size;
    int64_t plane = window[0].output_size * window[1].output_size;
    int64_t volume = window.kernel_volume();
    int64_t in = first + ic;
    int64_t group = in / (conv.in_channels / shape_.offset_groups);
    const T* x = context.input(0).as<const T>() + (n * conv.in_channels + in) * height * width;
    const T* w = context.input(1).as<const T>() + (channel * conv.group_in() + ic) * volume;
    int64_t block = (n * shape_.offset_groups + group) * volume;
    const T* offsets = context.input(2).as<const T>() + block * 2 * plane + position;
    const T* mask = nullptr;
    if (context.has_input(4)) mask = context.input(4).as<const T>() + block * plane + position;
    int64_t row = position / window[1].output_size * window[0].stride - window[0].pad_begin;
    int64_t column = position % window[1].output_size * window[1].stride - window[1].pad_begin;
    Acc sum = 0;
    for (int64_t k = 0; k < volume; ++k) {
      int64_t kr = k / window[1].kernel;
      int64_t kc = k % window[1].kernel;
      Acc at_y = static_cast<Acc>(row + kr * window[0].dilation) +
                 static_cast<Acc>(offsets[2 * k * plane]);
      Acc at_x = static_cast<Acc>(column + kc * window[1].dilation) +
                 static_cast<Acc>(offsets[(2 * k + 1) * plane]);
      Acc value = sample<T, Acc>(x, height, width, at_y, at_x);
      if (mask) value *= static_cast<Acc>(mask[k * plane]);
      sum += static_cast<Acc>(w[k]) * value;
    }
    return sum;
  }

  DeformShape shape_;
};

std::unique_ptr<Kernel> make_deform_conv(KernelRequest& request) {
  AttributeReader attributes(request.node());
  ConvAttributes conv = read_conv_attributes(attributes);
  DeformShape shape;
  shape.offset_groups = attributes.integer("offset_group", 1);
  attributes.finish();
  shape.conv = resolve_conv(conv, request.input(0).shape, request.input(1).shape);
  const Window& window = shape.conv.window;
  check_supported(window.rank() == 2, "{} spatial axes; 2 are supported", window.rank());
  check_model(shape.offset_groups >= 1 && shape.conv.in_channels % shape.offset_groups == 0,
              "{} channels in {} offset groups", shape.conv.in_channels, shape.offset_groups);
  request.check_output(0, shape.conv.output_shape());
  for (int i = 1; i < request.input_count(); ++i) {
    check_input(!request.has_input(i) || request.input(i).dtype == request.input(0).dtype,
                "X is of type {}, input {} of {}", to_string(request.input(0).dtype), i,
                to_string(request.input(i).dtype));
  }
  Shape wanted{shape.conv.batch,
               checked_multiply(checked_multiply(2, shape.offset_groups), window.kernel_volume()),
               window[0].output_size, window[1].output_size};
  check_input(request.input(2).shape == wanted, "offset has shape {}, expected {}",
              to_string(request.input(2).shape), to_string(wanted));
  wanted[1] /= 2;
  check_input(!request.has_input(4) || request.input(4).shape == wanted,
              "mask does not have the shape {}", to_string(wanted));
  check_input(!request.has_input(3) || request.input(3).shape == Shape{shape.conv.out_channels},
              "the bias does not fit {} output channels", shape.conv.out_channels);
  return visit_floating(request.input(0).dtype, [&](auto tag) -> std::unique_ptr<Kernel> {
    return std::make_unique<DeformConv<typename decltype(tag)::type>>(shape);
  });
}

}  // namespace

void register_deform_conv(Registry& registry) {
  registry.add("DeformConv").summing().kernel("reference", make_deform_conv).infer =
      [](InferRequest& request) { infer_conv(request, {}); };
}

}  // namespace convoy
