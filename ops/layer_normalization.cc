// LayerNormalization (opset 17 to 28), RMSNormalization (23 to 28) and ONNX Runtime's
// SimplifiedLayerNormalization, which exporters write into ONNX's own domain: rows over the
// dimensions from `axis` on are divided by their root mean square, with the mean subtracted first
// or not.

#include <cmath>

#include "ops/batching/rules.h"
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/normalize_rows.h"
#include "ops/row_offsets.h"
#include "ops/row_statistics.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct LayerNormalization {
  bool centered = true;
  int factor_output = 2;  // the output that gets 1 / √(variance + epsilon)
  double epsilon = 1e-5;
  int axis = 0;
  int64_t rows = 1;
  int64_t n = 1;
};

LayerNormalization read_attributes(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  LayerNormalization layer;
  layer.centered = request.node().is("LayerNormalization");
  if (!layer.centered) layer.factor_output = 1;
  layer.epsilon = attributes.number("epsilon", 1e-5f);
  const Shape& shape = request.input(0).shape;
  layer.axis = normalize_axis(attributes.integer("axis", -1), shape.rank());
  attributes.ignore("stash_type");  // the statistics are made in at least float32
  attributes.finish();
  Shape statistics = shape;
  for (int i = 0; i < shape.rank(); ++i) {
    int64_t& part = i < layer.axis ? layer.rows : layer.n;
    part = checked_multiply(part, shape[i]);
    if (i >= layer.axis) statistics[i] = 1;
  }
  request.check_output(0, shape);
  for (int j = 1; j < request.output_count(); ++j) request.check_output(j, statistics);
  return layer;
}

// A contiguous parameter read as if it had the shape of x.
struct Broadcast {
  RowOffsets at;

  Broadcast(const TensorDesc& parameter, const Shape& target) {
    TensorDesc desc;
    desc.shape = target;
    desc.strides = broadcast_strides(parameter.shape, contiguous_strides(parameter.shape), target);
    at = RowOffsets(desc, target.rank());
  }
};

double element_of(const TensorView& view, int64_t at) {
  return visit_floating(view.dtype, [&](auto tag) {
    return static_cast<double>(view.as<typename decltype(tag)::type>()[at]);
  });
}

void set_element(const TensorView& view, int64_t at, double value) {
  visit_floating(view.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
    view.as<T>()[at] = static_cast<T>(static_cast<Work>(value));
  });
}

// The mean (0 if not centered) and 1 / √(variance + epsilon) of a row.
template <typename T>
std::pair<double, double> statistics(const LayerNormalization& layer, const T* x) {
  const double count = static_cast<double>(layer.n);
  double mean = 0;
  if (layer.centered) {
    for (int64_t k = 0; k < layer.n; ++k) mean += static_cast<double>(x[k]);
    mean /= count;
  }
  double squares = 0;
  for (int64_t k = 0; k < layer.n; ++k) {
    squares += (static_cast<double>(x[k]) - mean) * (static_cast<double>(x[k]) - mean);
  }
  return {mean, 1.0 / std::sqrt(squares / count + layer.epsilon)};
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const LayerNormalization layer = read_attributes(request);
  const Shape& shape = request.input(0).shape;
  const Broadcast scale_at(request.input(1), shape);
  const Broadcast bias_at(request.has_input(2) ? request.input(2) : request.input(1), shape);
  return make_kernel([=](KernelContext& context) {
    const TensorView& x = context.input(0);
    visit_floating(x.dtype, [&](auto tag) {
      const auto* from = x.as<typename decltype(tag)::type>();
      for (int64_t row = 0; row < layer.rows; ++row) {
        const auto [mean, factor] = statistics(layer, from + row * layer.n);
        for (int64_t at = row * layer.n; at < (row + 1) * layer.n; ++at) {
          double value = (static_cast<double>(from[at]) - mean) * factor;
          value *= element_of(context.input(1), scale_at.at[at]);
          if (context.has_input(2)) value += element_of(context.input(2), bias_at.at[at]);
          set_element(context.output(0), at, value);
        }
        if (layer.centered && context.has_output(1)) set_element(context.output(1), row, mean);
        if (context.has_output(layer.factor_output)) {
          set_element(context.output(layer.factor_output), row, factor);
        }
      }
    });
  });
}

// True if the parameter has one element for each of a row.
bool spans_row(const TensorDesc& parameter, const Shape& shape, int axis) {
  if (parameter.dtype != DType::kFloat32) return false;
  Shape whole(std::span(shape.begin() + axis, shape.end()));
  Shape trimmed = parameter.shape;
  while (trimmed.rank() > whole.rank() && trimmed[0] == 1) trimmed.erase(0);
  return trimmed == whole;
}

// Of kernels for float32 whose scale and bias are rows.
const char* refusal(const KernelRequest& request, const LayerNormalization& layer) {
  const TensorDesc& x = request.input(0);
  if (x.dtype != DType::kFloat32) return "only for float32";
  for (int i : {1, 2}) {
    if (request.has_input(i) && !spans_row(request.input(i), x.shape, layer.axis)) {
      return "scale or bias has not the shape of a row";
    }
  }
  for (int j : {1, 2}) {
    if (request.has_output(j) && request.output(j).dtype != DType::kFloat32) {
      return "only for statistics in float32";
    }
  }
  return nullptr;
}

std::unique_ptr<Kernel> make_vectorized(KernelRequest& request) {
  const TensorDesc& x = request.input(0);
  const LayerNormalization layer = read_attributes(request);
  if (const char* reason = refusal(request, layer)) return request.refuse(reason);
  RowOffsets rows = RowOffsets::evenly(layer.n);
  if (layer.axis == x.rank() - 1 && x.strides.back() == 1) {
    request.accept_strides(0);
    rows = RowOffsets(x, layer.axis);
  }
  const RowKernels& kernels = row_kernels(request.isa);
  request.allow_in_place(0, 0);
  return make_kernel([layer, rows, &kernels](KernelContext& context) {
    const float* from = context.input(0).as<float>();
    const float* scale = context.input(1).as<float>();
    const float* bias = context.has_input(2) ? context.input(2).as<float>() : nullptr;
    auto optional_output = [&](bool given, int j) {
      return given && context.has_output(j) ? context.output(j).as<float>() : nullptr;
    };
    float* means = optional_output(layer.centered, 1);
    float* factors = optional_output(true, layer.factor_output);
    const int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, layer.n));
    context.threads().parallel_for(layer.rows, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const float* in = from + rows[row];
        const RowStatistics found = row_statistics(kernels, layer.n, layer.centered,
                                                   [&](auto&& visit) { visit(in, layer.n); });
        const auto factor = static_cast<float>(1.0 / std::sqrt(found.variance + layer.epsilon));
        kernels.normalize(in, context.output(0).as<float>() + row * layer.n, layer.n, found.mean,
                          factor, scale, bias);
        if (means != nullptr) means[row] = static_cast<float>(found.mean);
        if (factors != nullptr) factors[row] = factor;
      }
    });
  });
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const LayerNormalization layer = read_attributes(request);
  if (const char* reason = refusal(request, layer)) return request.refuse(reason);
  request.allow_in_place(0, 0);
  if (layer.rows == 0) return make_kernel([](KernelContext&) {});
  cuda::NormalizeRows planned;
  planned.rows = layer.rows;
  planned.n = layer.n;
  planned.epsilon = static_cast<float>(layer.epsilon);
  planned.centered = layer.centered;
  auto bind = [layer](cuda::NormalizeRows& rows, KernelContext& context) {
    rows.x = context.input(0).as<const float>();
    rows.scale = context.input(1).as<const float>();
    if (context.has_input(2)) rows.bias = context.input(2).as<const float>();
    rows.y = context.output(0).as<float>();
    if (layer.centered && context.has_output(1)) rows.means = context.output(1).as<float>();
    if (context.has_output(layer.factor_output)) {
      rows.factors = context.output(layer.factor_output).as<float>();
    }
  };
  return make_cuda_launch(request, "normalize_rows", planned, bind);
}

void infer_simplified(InferRequest& request) {
  const TensorDesc& x = request.inputs[0];
  request.set_output(0, x.dtype, x.shape);
  AttributeReader attributes(request.node);
  const int axis = normalize_axis(attributes.integer("axis", -1), x.rank());
  Shape statistics = x.shape;
  std::fill(statistics.begin() + axis, statistics.end(), 1);
  request.set_output(1, DType::kFloat32, statistics);
}

}  // namespace

void register_layer_normalization(Registry& registry) {
  for (const char* domain : {"", "com.microsoft"}) {
    OpDef& definition = registry.add("SimplifiedLayerNormalization", domain);
    definition.infer = infer_simplified;
    definition.summing()
        .kernel("vectorized", make_vectorized)
        .kernel("reference", make_reference)
        .kernel("blocks", make_on_gpu, DeviceKind::kCuda);
  }
  for (OpDef* definition :
       {&registry.add("LayerNormalization").batched({batch_layer_normalization}),
        &registry.add("RMSNormalization")}) {
    definition->summing()
        .kernel("vectorized", make_vectorized)
        .kernel("reference", make_reference)
        .kernel("blocks", make_on_gpu, DeviceKind::kCuda);
  }
}

}  // namespace convoy
