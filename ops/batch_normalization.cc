// BatchNormalization, opset 1 to 28: y = scale · (x - mean) / √(var + epsilon) + bias along axis 1.
// Training: opset 14 and newer with training_mode, and before that where five outputs are wanted.

#include <cmath>

#include "ops/batching/rules.h"
#include "ops/elementwise/cuda_program.h"
#include "ops/kernels/row/row.h"
#include "ops/row_offsets.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct BatchNormalization {
  double epsilon = 1e-5;
  double momentum = 0.9;
  bool training = false;
  // Parameters for every element of [C, D1 …] instead of every channel (opset ≤ 8).
  bool per_element = false;
};

BatchNormalization read_attributes(const KernelRequest& request) {
  const int version = request.node().version;
  AttributeReader attributes = request.attributes();
  BatchNormalization result;
  result.epsilon = attributes.number("epsilon", 1e-5f);
  result.momentum = attributes.number("momentum", 0.9f);
  if (version >= 14) {
    result.training = attributes.integer("training_mode", 0) != 0;
  } else {
    const bool tests = version < 7 && attributes.integer("is_test", 0) != 0;
    result.training = request.has_output(1) && !tests;
    if (version < 9) result.per_element = attributes.integer("spatial", 1) == 0;
    if (version < 7) {
      attributes.ignore("consumed_inputs");
    }
  }
  attributes.finish();
  check_supported(!(result.training && result.per_element),
                  "training with spatial = 0 is not supported");
  return result;
}

void check_outputs(const KernelRequest& request) {
  const Shape& x = request.input(0).shape;
  request.check_output(0, x);
  for (int j = 1; j < request.output_count(); ++j) {
    request.check_output(j, {x.rank() > 1 ? x[1] : 1});
  }
}

// [batch, channels, inner]
struct Extent {
  int64_t batch = 1;
  int64_t channels = 1;
  int64_t inner = 1;
};

Extent extent_of(const Shape& shape, bool per_element) {
  Extent extent;
  if (element_count(shape) == 0) return {0, shape.rank() > 1 ? shape[1] : 1, 0};
  for (int i = 0; i < shape.rank(); ++i) {
    if (i == 0) {
      extent.batch = shape[i];
    } else if (i == 1 || per_element) {
      extent.channels *= shape[i];
    } else {
      extent.inner *= shape[i];
    }
  }
  return extent;
}

// A parameter of any floating type as doubles; throws kInvalidInput unless it has `count` elements.
std::vector<double> read_parameter(const TensorView& view, int64_t count, const char* name) {
  check_input(view.count() == count, "{} has {} elements, expected {}", name, view.count(), count);
  std::vector<double> values(static_cast<size_t>(count));
  visit_floating(view.dtype, [&](auto tag) {
    const auto* from = view.as<typename decltype(tag)::type>();
    for (size_t i = 0; i < values.size(); ++i) values[i] = static_cast<double>(from[i]);
  });
  return values;
}

// y = (x - center) · factor + addend for each channel.
struct Affine {
  std::vector<float> center;
  std::vector<float> factor;
  std::vector<float> addend;
};

Affine fold(const std::vector<double>& scale, const std::vector<double>& bias,
            const std::vector<double>& mean, const std::vector<double>& variance, double epsilon) {
  Affine affine;
  affine.center.resize(scale.size());
  affine.factor.resize(scale.size());
  affine.addend.resize(scale.size());
  for (size_t c = 0; c < scale.size(); ++c) {
    double factor = scale[c] / std::sqrt(variance[c] + epsilon);
    affine.center[c] = static_cast<float>(mean[c]);
    affine.factor[c] = static_cast<float>(factor);
    const double rest = mean[c] - static_cast<double>(affine.center[c]);
    affine.addend[c] = static_cast<float>(bias[c] - rest * factor);
  }
  return affine;
}

Affine fold_inputs(const TensorView* inputs[4], int64_t channels, double epsilon) {
  return fold(read_parameter(*inputs[0], channels, "scale"),
              read_parameter(*inputs[1], channels, "B"),
              read_parameter(*inputs[2], channels, "mean"),
              read_parameter(*inputs[3], channels, "var"), epsilon);
}

int64_t grain_of(int64_t inner) {
  return std::max<int64_t>(1, 16384 / std::max<int64_t>(1, inner));
}

// Rows are (batch, channel) pairs, `inner` neighbouring elements each.
void apply_rows(const float* x, float* y, const RowOffsets& rows, const Extent& extent,
                const Affine& affine, const RowKernels& kernels, ThreadPool& threads) {
  const int64_t inner = extent.inner;
  auto piece = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const auto c = static_cast<size_t>(i % extent.channels);
      kernels.affine(x + rows[i], y + i * inner, inner, static_cast<double>(affine.center[c]),
                     affine.factor[c], affine.addend[c]);
    }
  };
  threads.parallel_for(extent.batch * extent.channels, grain_of(inner), piece);
}

// inner = 1: whole rows of channels.
void apply_channels(const float* x, float* y, const Extent& extent, const Affine& affine,
                    const RowKernels& kernels, ThreadPool& threads) {
  const int64_t channels = extent.channels;
  auto piece = [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      kernels.affine_each(x + i * channels, y + i * channels, channels, affine.center.data(),
                          affine.factor.data(), affine.addend.data());
    }
  };
  threads.parallel_for(extent.batch, grain_of(channels), piece);
}

std::unique_ptr<Kernel> make_float(KernelRequest& request) {
  const BatchNormalization attributes = read_attributes(request);
  if (attributes.training) return request.refuse("only for inference");
  const TensorDesc& x = request.input(0);
  if (x.dtype != DType::kFloat32) return request.refuse("only for float32");
  check_outputs(request);
  const Extent extent = extent_of(x.shape, attributes.per_element);
  std::shared_ptr<const Affine> constant;
  const Tensor* parameters[4];
  bool known = true;
  for (int i = 0; i < 4; ++i) {
    parameters[i] = request.constant(i + 1);
    known = known && parameters[i] != nullptr;
  }
  if (known) {
    Tensor plain[4];
    TensorView views[4];
    const TensorView* pointers[4];
    for (int i = 0; i < 4; ++i) {
      plain[i] = parameters[i]->contiguous();
      views[i] = plain[i].view();
      pointers[i] = &views[i];
    }
    constant = std::make_shared<Affine>(fold_inputs(pointers, extent.channels, attributes.epsilon));
  }
  RowOffsets rows = RowOffsets::evenly(extent.inner);
  TensorDesc tail = x;
  while (tail.rank() > 0 && tail.rank() > x.rank() - 2) {
    tail.shape.erase(0);
    tail.strides.erase(0);
  }
  if (extent.inner > 1 && !attributes.per_element && tail.is_contiguous()) {
    request.accept_strides(0);
    rows = RowOffsets(x, 2);
  }
  request.allow_in_place(0, 0);
  const RowKernels& kernels = row_kernels(request.isa);
  return make_kernel([attributes, extent, constant, rows, &kernels](KernelContext& context) {
    if (context.output(0).count() == 0) return;
    Affine fresh;
    if (!constant) {
      const TensorView* inputs[4] = {&context.input(1), &context.input(2), &context.input(3),
                                     &context.input(4)};
      fresh = fold_inputs(inputs, extent.channels, attributes.epsilon);
    }
    const Affine& affine = constant ? *constant : fresh;
    const float* from = context.input(0).as<float>();
    float* to = context.output(0).as<float>();
    if (extent.inner == 1) {
      apply_channels(from, to, extent, affine, kernels, context.threads());
    } else {
      apply_rows(from, to, rows, extent, affine, kernels, context.threads());
    }
  });
}

// y = (x - mean) · scale / √(var + epsilon) + B as an elementwise program, whose parameters lie
// along axis 1.
std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  using elementwise::Formula;
  using elementwise::Operand;
  const BatchNormalization attributes = read_attributes(request);
  if (attributes.training) return request.refuse("only for inference");
  check_outputs(request);
  const Shape& x = request.input(0).shape;
  Shape parameters = attributes.per_element ? x : Shape{x.rank() > 1 ? x[1] : 1};
  if (attributes.per_element && x.rank() > 0) parameters.erase(0);
  for (int i = 1; i <= 4; ++i) {
    if (!(request.input(i).shape == parameters))
      return request.refuse("parameters in other shapes");
  }
  elementwise::Program program;
  program.inputs = 5;
  const auto variance = Operand::step(program.add(
      Formula::kAdd, {Operand::input(4), Operand::number(static_cast<float>(attributes.epsilon))}));
  const auto deviation = Operand::step(program.add(Formula::kSqrt, {variance}));
  const auto factor = Operand::step(program.add(Formula::kDivide, {Operand::input(1), deviation}));
  const auto centered =
      Operand::step(program.add(Formula::kSubtract, {Operand::input(0), Operand::input(3)}));
  program.outputs = {program.add(Formula::kMultiplyAdd, {centered, factor, Operand::input(2)})};
  const int inner = attributes.per_element ? 0 : std::max(0, x.rank() - 2);
  return elementwise::make_cuda_kernel(request, program, {0, inner, inner, inner, inner});
}

// Mean and population variance of each channel over batch and inner.
template <typename T>
void batch_statistics(const T* x, const Extent& extent, std::vector<double>& mean,
                      std::vector<double>& variance) {
  const double count = static_cast<double>(extent.batch * extent.inner);
  for (int64_t c = 0; c < extent.channels; ++c) {
    auto over_channel = [&](auto&& visit) {
      for (int64_t b = 0; b < extent.batch; ++b) {
        const T* row = x + (b * extent.channels + c) * extent.inner;
        for (int64_t k = 0; k < extent.inner; ++k) visit(static_cast<double>(row[k]));
      }
    };
    double total = 0;
    over_channel([&](double value) { total += value; });
    const double center = total / count;
    double squares = 0;
    over_channel([&](double value) { squares += (value - center) * (value - center); });
    mean[static_cast<size_t>(c)] = center;
    variance[static_cast<size_t>(c)] = squares / count;
  }
}

void write_vector(const TensorView& to, const std::vector<double>& values) {
  visit_floating(to.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    for (size_t i = 0; i < values.size(); ++i) {
      if constexpr (std::is_same_v<T, double>) {
        to.as<T>()[i] = values[i];
      } else {
        to.as<T>()[i] = static_cast<T>(static_cast<float>(values[i]));
      }
    }
  });
}

// Outputs 1 and 2 are the running statistics; before opset 14, outputs 3 and 4 the batch's own.
void train(const BatchNormalization& attributes, int version, KernelContext& context,
           std::vector<double>& mean, std::vector<double>& variance, const Extent& extent) {
  std::vector<double> running_mean = mean;
  std::vector<double> running_variance = variance;
  visit_floating(context.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    batch_statistics(context.input(0).as<T>(), extent, mean, variance);
  });
  for (size_t c = 0; c < mean.size(); ++c) {
    const double m = attributes.momentum;
    running_mean[c] = running_mean[c] * m + mean[c] * (1 - m);
    running_variance[c] = running_variance[c] * m + variance[c] * (1 - m);
  }
  if (context.has_output(1)) write_vector(context.output(1), running_mean);
  if (context.has_output(2)) write_vector(context.output(2), running_variance);
  if (version < 14) {
    if (context.has_output(3)) write_vector(context.output(3), mean);
    if (context.has_output(4)) write_vector(context.output(4), variance);
  }
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const BatchNormalization attributes = read_attributes(request);
  const int version = request.node().version;
  check_outputs(request);
  const Extent extent = extent_of(request.input(0).shape, attributes.per_element);
  return make_kernel([attributes, version, extent](KernelContext& context) {
    auto scale = read_parameter(context.input(1), extent.channels, "scale");
    auto bias = read_parameter(context.input(2), extent.channels, "B");
    auto mean = read_parameter(context.input(3), extent.channels, "mean");
    auto variance = read_parameter(context.input(4), extent.channels, "var");
    if (attributes.training) train(attributes, version, context, mean, variance, extent);
    if (context.output(0).count() == 0) return;
    visit_floating(context.input(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
      const T* x = context.input(0).as<T>();
      T* y = context.output(0).as<T>();
      for (int64_t i = 0; i < extent.batch * extent.channels; ++i) {
        const size_t c = static_cast<size_t>(i % extent.channels);
        const double factor = scale[c] / std::sqrt(variance[c] + attributes.epsilon);
        for (int64_t k = i * extent.inner; k < (i + 1) * extent.inner; ++k) {
          double value = (static_cast<double>(x[k]) - mean[c]) * factor + bias[c];
          y[k] = static_cast<T>(static_cast<Work>(value));
        }
      }
    });
  });
}

}  // namespace

void register_batch_normalization(Registry& registry) {
  registry.add("BatchNormalization")
      .summing()
      .kernel("affine", make_float)
      .kernel("reference", make_reference)
      .kernel("program", make_on_gpu, DeviceKind::kCuda)
      .batching = {batch_batch_normalization};
}

}  // namespace convoy
