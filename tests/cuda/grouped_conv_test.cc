// Grouped convolutions on a GPU against sums in double.
#include "ops/kernels/cuda/grouped_conv.h"

#include <cmath>

#include "tests/cuda/kernel_test.h"

namespace convoy::testing {
namespace {

using kernels::ConvProblem;
using kernels::ConvWindow;
using GroupedConv = KernelTest;

struct ConvCase {
  ConvProblem conv;
  int64_t x_span, y_span, weight_groups;

  // The sum of one output, and of the magnitudes of its terms.
  std::pair<double, double> sum(const std::vector<float>& x, const std::vector<float>& w,
                                const int64_t (&o)[3], int64_t x_at, int64_t channel) const {
    double total = 0, magnitude = 0;
    int64_t weight = channel * conv.in_channels * conv.spatial[0].kernel * conv.spatial[1].kernel *
                     conv.spatial[2].kernel;
    for (int64_t ic = 0; ic < conv.in_channels; ++ic) {
      for (int64_t a = 0; a < conv.spatial[0].kernel; ++a) {
        for (int64_t b = 0; b < conv.spatial[1].kernel; ++b) {
          for (int64_t c = 0; c < conv.spatial[2].kernel; ++c, ++weight) {
            const int64_t tap[] = {a, b, c};
            int64_t at = x_at + ic * conv.in_channel_stride;
            bool inside = true;
            for (int i = 0; i < 3; ++i) {
              const ConvWindow& axis = conv.spatial[i];
              const int64_t position = o[i] * axis.stride + tap[i] * axis.dilation - axis.pad_begin;
              inside = inside && position >= 0 && position < axis.input_size;
              at += position * axis.input_stride;
            }
            if (!inside) continue;
            const double term = static_cast<double>(x[static_cast<size_t>(at)]) *
                                static_cast<double>(w[static_cast<size_t>(weight)]);
            total += term;
            magnitude += std::abs(term);
          }
        }
      }
    }
    return {total, magnitude};
  }
};

ConvCase draw_conv(std::mt19937_64& random) {
  auto draw = [&](int64_t low, int64_t high) {
    return std::uniform_int_distribution<int64_t>(low, high)(random);
  };
  ConvCase made;
  ConvProblem& conv = made.conv;
  conv.rank = 3;
  conv.in_channels = draw(1, 20);
  conv.out_channels = draw(1, 40);
  made.weight_groups = 1;
  std::vector<std::pair<int64_t, int64_t*>> x{{conv.in_channels, &conv.in_channel_stride}};
  std::vector<std::pair<int64_t, int64_t*>> y{{conv.out_channels, &conv.out_channel_stride}};
  for (int i = 0; i < 2; ++i) {
    conv.batch[i].size = draw(1, 2);
    conv.group[i].size = draw(1, 3);
    conv.group[i].shared_weights = draw(0, 3) == 0;
    if (!conv.group[i].shared_weights) made.weight_groups *= conv.group[i].size;
    for (kernels::ConvLoop* loop :
         {&conv.batch[i], static_cast<kernels::ConvLoop*>(&conv.group[i])}) {
      x.emplace_back(loop->size, &loop->input_stride);
      y.emplace_back(loop->size, &loop->output_stride);
    }
  }
  for (ConvWindow& axis : conv.spatial) {
    axis.kernel = draw(1, 3);
    axis.stride = draw(1, 2);
    axis.dilation = draw(1, 2);
    axis.pad_begin = draw(0, 2);
    axis.pad_end = draw(0, 2);
    axis.input_size = draw(axis.extent(), 9);
    axis.output_size =
        (axis.input_size + axis.pad_begin + axis.pad_end - axis.extent()) / axis.stride + 1;
    x.emplace_back(axis.input_size, &axis.input_stride);
    y.emplace_back(axis.output_size, &axis.output_stride);
  }
  made.x_span = lay_out(x, random);
  made.y_span = lay_out(y, random);
  return made;
}

// Calls visit(o, x_at, y_at, channel of all weights) for every output.
template <typename Visit>
void for_each_output(const ConvProblem& conv, const Visit& visit) {
  auto loops = [&](int64_t b0, int64_t b1, int64_t g0, int64_t g1) {
    const int64_t at[] = {b0, b1, g0, g1};
    int64_t x = 0, y = 0, weights = 0;
    for (int i = 0; i < 2; ++i) {
      x += at[i] * conv.batch[i].input_stride + at[i + 2] * conv.group[i].input_stride;
      y += at[i] * conv.batch[i].output_stride + at[i + 2] * conv.group[i].output_stride;
      if (!conv.group[i].shared_weights) weights = weights * conv.group[i].size + at[i + 2];
    }
    for (int64_t channel = 0; channel < conv.out_channels; ++channel) {
      for (int64_t a = 0; a < conv.spatial[0].output_size; ++a) {
        for (int64_t b = 0; b < conv.spatial[1].output_size; ++b) {
          for (int64_t c = 0; c < conv.spatial[2].output_size; ++c) {
            const int64_t o[3] = {a, b, c};
            int64_t to = y + channel * conv.out_channel_stride;
            for (int i = 0; i < 3; ++i) to += o[i] * conv.spatial[i].output_stride;
            visit(o, x, to, weights * conv.out_channels + channel);
          }
        }
      }
    }
  };
  for (int64_t b0 = 0; b0 < conv.batch[0].size; ++b0) {
    for (int64_t b1 = 0; b1 < conv.batch[1].size; ++b1) {
      for (int64_t g0 = 0; g0 < conv.group[0].size; ++g0) {
        for (int64_t g1 = 0; g1 < conv.group[1].size; ++g1) loops(b0, b1, g0, g1);
      }
    }
  }
}

TEST_F(GroupedConv, SumsInputsUnderTaps) {
  for (int round = 0; round < kRounds; ++round) {
    const ConvCase made = draw_conv(random_);
    const ConvProblem& conv = made.conv;
    int64_t terms = conv.in_channels;
    for (const ConvWindow& axis : conv.spatial) terms *= axis.kernel;
    Floats x(numbers(made.x_span)), y(std::vector<float>(static_cast<size_t>(made.y_span), 7.0F));
    Floats w(numbers(made.weight_groups * conv.out_channels * terms));
    Floats bias(numbers(made.weight_groups * conv.out_channels));
    cuda::GroupedConv problem;
    problem.x = x.device();
    problem.w = w.device();
    problem.bias = bias.device();
    problem.y = y.device();
    problem.problem = conv;
    const bool by_outputs = round % 4 == 0;
    Library::get()->run(by_outputs ? "grouped_conv_by_outputs" : "grouped_conv_implicit_gemm",
                        problem);
    y.fetch();
    std::vector<bool> written(y.values.size(), false);
    for_each_output(conv, [&](const int64_t (&o)[3], int64_t from, int64_t to, int64_t channel) {
      auto [total, magnitude] = made.sum(x.values, w.values, o, from, channel);
      total += static_cast<double>(bias.values[static_cast<size_t>(channel)]);
      written[static_cast<size_t>(to)] = true;
      expect_near(y.values[static_cast<size_t>(to)], total, magnitude);
    });
    for (size_t i = 0; i < written.size(); ++i) {
      if (written[i]) continue;
      ASSERT_EQ(y.values[i], 7.0F) << "what is no output was written";
    }
  }
}

}  // namespace
}  // namespace convoy::testing
