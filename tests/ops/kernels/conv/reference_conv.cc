#include "tests/ops/kernels/conv/reference_conv.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace convoy::kernels {

namespace {

double activate(const ConvProblem& p, double x) {
  const double alpha = p.epilogue.alpha, beta = p.epilogue.beta;
  switch (p.epilogue.activation) {
    case Activation::none: return x;
    case Activation::relu: return std::max(x, 0.0);
    case Activation::leaky_relu: return x < 0 ? alpha * x : x;
    case Activation::clip: return std::min(std::max(x, alpha), beta);
    case Activation::sigmoid: return 1 / (1 + std::exp(-x));
    case Activation::tanh: return std::tanh(x);
    case Activation::hard_swish: return x * std::min(std::max(x / 6 + 0.5, 0.0), 1.0);
    case Activation::hard_sigmoid: return std::min(std::max(alpha * x + beta, 0.0), 1.0);
    case Activation::silu: return x / (1 + std::exp(-x));
  }
  return x;
}

// Calls visit(indices) for every index of the given sizes.
template <class Visit>
void for_each_index(const std::vector<int64_t>& sizes, Visit visit) {
  std::vector<int64_t> index(sizes.size(), 0);
  for (int64_t size : sizes)
    if (size == 0) return;
  while (true) {
    visit(index);
    size_t axis = sizes.size();
    while (axis > 0 && ++index[axis - 1] == sizes[axis - 1]) index[--axis] = 0;
    if (axis == 0) return;
  }
}

// The axes of an operand in one order: batch, group, channel, spatial.
std::vector<int64_t> output_sizes(const ConvProblem& p) {
  std::vector<int64_t> sizes = {p.batch[0].size, p.batch[1].size, p.group[0].size, p.group[1].size,
                                p.out_channels};
  for (int i = 0; i < p.rank; ++i) sizes.push_back(p.spatial[i].output_size);
  return sizes;
}

std::vector<int64_t> input_sizes(const ConvProblem& p) {
  std::vector<int64_t> sizes = output_sizes(p);
  sizes[4] = p.in_channels;
  for (int i = 0; i < p.rank; ++i) sizes[size_t(5 + i)] = p.spatial[i].input_size;
  return sizes;
}

std::vector<int64_t> strides_of(const ConvProblem& p, int64_t ConvLoop::* loop, int64_t channel,
                                int64_t ConvWindow::* window) {
  std::vector<int64_t> strides = {p.batch[0].*loop, p.batch[1].*loop, p.group[0].*loop,
                                  p.group[1].*loop, channel};
  for (int i = 0; i < p.rank; ++i) strides.push_back(p.spatial[i].*window);
  return strides;
}

std::vector<int64_t> input_strides(const ConvProblem& p) {
  return strides_of(p, &ConvLoop::input_stride, p.in_channel_stride, &ConvWindow::input_stride);
}
std::vector<int64_t> output_strides(const ConvProblem& p) {
  return strides_of(p, &ConvLoop::output_stride, p.out_channel_stride, &ConvWindow::output_stride);
}
std::vector<int64_t> residual_strides(const ConvProblem& p) {
  return strides_of(p, &ConvLoop::residual_stride, p.residual_channel_stride,
                    &ConvWindow::residual_stride);
}

int64_t dot(const std::vector<int64_t>& a, const std::vector<int64_t>& b) {
  int64_t sum = 0;
  for (size_t i = 0; i < a.size(); ++i) sum += a[i] * b[i];
  return sum;
}

// Elements from the lowest to the highest address, and how many lie before index 0.
int64_t extent(const std::vector<int64_t>& sizes, const std::vector<int64_t>& strides,
               int64_t* before) {
  int64_t low = 0, high = 0;
  for (size_t i = 0; i < sizes.size(); ++i) {
    if (sizes[i] == 0) return 0;
    (strides[i] < 0 ? low : high) += (sizes[i] - 1) * strides[i];
  }
  if (before) *before = -low;
  return high - low + 1;
}

void fill(std::vector<float>* values, int64_t count, std::mt19937_64& random) {
  std::uniform_real_distribution<float> uniform(-1, 1);
  values->resize(static_cast<size_t>(count));
  for (float& value : *values) value = uniform(random);
}

}  // namespace

ConvOperands operands_of(const ConvData& data, const float* packed, float* output) {
  ConvOperands operands;
  operands.input = data.input.data() + data.input_origin;
  operands.packed_weights = packed;
  operands.bias = data.bias.empty() ? nullptr : data.bias.data();
  operands.residual = data.residual.data();
  operands.output = output;
  return operands;
}

void set_contiguous_strides(ConvProblem* problem) {
  ConvProblem& p = *problem;
  int64_t in = 1, out = 1;
  for (int i = p.rank - 1; i >= 0; --i) {
    p.spatial[i].input_stride = in;
    p.spatial[i].output_stride = p.spatial[i].residual_stride = out;
    in *= p.spatial[i].input_size;
    out *= p.spatial[i].output_size;
  }
  p.in_channel_stride = in;
  p.out_channel_stride = p.residual_channel_stride = out;
  in *= p.in_channels;
  out *= p.out_channels;
  for (ConvLoop* loop : {static_cast<ConvLoop*>(&p.group[1]), static_cast<ConvLoop*>(&p.group[0]),
                         &p.batch[1], &p.batch[0]}) {
    loop->input_stride = in;
    loop->output_stride = loop->residual_stride = out;
    in *= loop->size;
    out *= loop->size;
  }
}

int64_t weight_count(const ConvProblem& p) {
  int64_t count = p.out_channels * p.in_channels;
  for (const ConvGroup& group : p.group)
    if (!group.shared_weights) count *= group.size;
  for (int i = 0; i < p.rank; ++i) count *= p.spatial[i].kernel;
  return count;
}

ConvData make_data(const ConvProblem& p, std::mt19937_64& random, bool with_bias) {
  ConvData data;
  fill(&data.input, extent(input_sizes(p), input_strides(p), &data.input_origin), random);
  fill(&data.output, extent(output_sizes(p), output_strides(p), nullptr), random);
  if (p.has_residual)
    fill(&data.residual, extent(output_sizes(p), residual_strides(p), nullptr), random);
  fill(&data.weights, weight_count(p), random);
  int64_t groups = 1;
  for (const ConvGroup& group : p.group)
    if (!group.shared_weights) groups *= group.size;
  if (with_bias) fill(&data.bias, groups * p.out_channels, random);
  return data;
}

void reference_conv(const ConvProblem& p, const ConvData& data, std::vector<double>* expected,
                    std::vector<double>* magnitude) {
  expected->assign(data.output.begin(), data.output.end());
  magnitude->assign(data.output.size(), 0.0);
  std::vector<int64_t> window = {p.in_channels};
  int64_t terms = p.in_channels;
  for (int i = 0; i < p.rank; ++i) {
    window.push_back(p.spatial[i].kernel);
    terms *= p.spatial[i].kernel;
  }
  const auto in_strides = input_strides(p), out_strides = output_strides(p);
  const auto add_strides = residual_strides(p);
  for_each_index(output_sizes(p), [&](const std::vector<int64_t>& at) {
    int64_t group = 0;
    for (size_t i = 0; i < 2; ++i)
      if (!p.group[i].shared_weights) group = group * p.group[i].size + at[2 + i];
    const int64_t channel = group * p.out_channels + at[4];
    double sum = data.bias.empty() ? 0.0 : double(data.bias[size_t(channel)]);
    double size = std::abs(sum);
    int64_t term = channel * terms;
    for_each_index(window, [&](const std::vector<int64_t>& k) {
      std::vector<int64_t> from = at;
      from[4] = k[0];
      bool inside = true;
      for (int i = 0; i < p.rank; ++i) {
        const ConvWindow& w = p.spatial[i];
        const int64_t position =
            at[size_t(5 + i)] * w.stride + k[size_t(1 + i)] * w.dilation - w.pad_begin;
        inside = inside && position >= 0 && position < w.input_size;
        from[size_t(5 + i)] = position;
      }
      const double weight = data.weights[size_t(term++)];
      if (!inside) return;
      const double x = data.input[size_t(data.input_origin + dot(from, in_strides))];
      sum += weight * x;
      size += std::abs(weight * x);
    });
    if (p.has_residual) {
      const double addend = data.residual[size_t(dot(at, add_strides))];
      sum += addend;
      size += std::abs(addend);
    }
    const auto to = size_t(dot(at, out_strides));
    (*expected)[to] = p.epilogue.scale * activate(p, sum) + p.epilogue.shift;
    (*magnitude)[to] = size + std::abs((*expected)[to]) + 1e-3;
  });
}

std::string describe(const ConvProblem& p) {
  std::string text = fmt::format(
      "batch {}x{} group {}{}x{}{} channels {} -> {} activation {}{}\n", p.batch[0].size,
      p.batch[1].size, p.group[0].size, p.group[0].shared_weights ? " shared" : "", p.group[1].size,
      p.group[1].shared_weights ? " shared" : "", p.in_channels, p.out_channels,
      static_cast<int>(p.epilogue.activation), p.has_residual ? " residual" : "");
  for (int i = 0; i < p.rank; ++i) {
    const ConvWindow& w = p.spatial[i];
    text += fmt::format("  {} -> {} kernel {} stride {} dilation {} pad {}, strides {} {} {}\n",
                        w.input_size, w.output_size, w.kernel, w.stride, w.dilation, w.pad_begin,
                        w.input_stride, w.output_stride, w.residual_stride);
  }
  return text;
}

ConvWindow window(int64_t input, int64_t kernel, int64_t stride, int64_t dilation,
                  int64_t pad_begin, int64_t pad_end) {
  ConvWindow w;
  w.input_size = input;
  w.kernel = kernel;
  w.stride = stride;
  w.dilation = dilation;
  w.pad_begin = pad_begin;
  const int64_t room = input + pad_begin + pad_end - dilation * (kernel - 1) - 1;
  w.output_size = room < 0 ? 0 : room / stride + 1;
  return w;
}

ConvProblem conv1d(int64_t batch, int64_t groups, int64_t in_channels, int64_t out_channels,
                   const ConvWindow& width) {
  ConvProblem p;
  p.batch[1].size = batch;
  p.group[1].size = groups;
  p.in_channels = in_channels;
  p.out_channels = out_channels;
  p.spatial[0] = width;
  set_contiguous_strides(&p);
  return p;
}

}  // namespace convoy::kernels
