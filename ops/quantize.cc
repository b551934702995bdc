// QuantizeLinear and DequantizeLinear (opset 10 and up; scales per tensor, along an axis from 13,
// in blocks from 21) and DynamicQuantizeLinear (11 and up).
#include <algorithm>
#include <cmath>

#include "ops/batching/rules.h"
#include "ops/kernels/cast/cast.h"
#include "ops/kernels/elementwise/quantize.h"
#include "ops/kernels/quantized/quantized_rows.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct QuantizeAttributes {
  int64_t axis = 1;
  int64_t block_size = 0;
  DType output_dtype = DType::kUndefined;
  DType precision = DType::kUndefined;
  bool saturate = true;
};

DType read_dtype(AttributeReader& attributes, const char* name) {
  int64_t value = attributes.integer(name, 0);
  auto dtype = static_cast<DType>(value);
  check_model(value == 0 || is_known(dtype), "{} {} is no element type", name, value);
  return dtype;
}

QuantizeAttributes read_attributes(const Node& node) {
  AttributeReader attributes(node);
  QuantizeAttributes read;
  read.axis = attributes.integer("axis", 1);
  read.block_size = attributes.integer("block_size", 0);
  read.saturate = attributes.integer("saturate", 1) != 0;
  read.output_dtype = read_dtype(attributes, "output_dtype");
  read.precision = read_dtype(attributes, "precision");
  attributes.finish();
  check_model(read.block_size >= 0, "block_size {} is negative", read.block_size);
  return read;
}

// Checks the shapes of the scale and of the zero point (equal, or one element) against x.
ScaleMap map_scales(const KernelRequest& request, const QuantizeAttributes& attributes) {
  const TensorDesc& x = request.input(0);
  const TensorDesc& scale = request.input(1);
  if (request.has_input(2)) {
    const TensorDesc& zero_point = request.input(2);
    check_model(zero_point.shape == scale.shape || zero_point.count() == 1,
                "scale {} and zero point {} differ in shape", to_string(scale),
                to_string(zero_point));
  }
  ScaleMap map;
  if (scale.count() == 1) {
    map.length = map.inner = 1;
    map.outer = x.count();
    return map;
  }
  int axis = normalize_axis(attributes.axis, x.rank());
  map.outer = map.inner = 1;
  for (int i = 0; i < axis; ++i) map.outer *= x.shape[i];
  for (int i = axis + 1; i < x.rank(); ++i) map.inner *= x.shape[i];
  map.length = x.shape[axis];
  if (scale.rank() == 1 && attributes.block_size == 0) {
    check_model(scale.shape[0] == map.length, "{} scales for axis {} of {}", scale.shape[0], axis,
                to_string(x));
    map.kind = ScaleMap::Kind::kAxis;
    return map;
  }
  map.kind = ScaleMap::Kind::kBlocks;
  // A block that is longer than the axis is as good as one of its length.
  map.block = std::clamp<int64_t>(attributes.block_size, 1, std::max<int64_t>(map.length, 1));
  Shape expected = x.shape;
  expected[axis] = (map.length + map.block - 1) / map.block;
  check_model(scale.shape == expected, "scale {} does not fit {} in blocks of {} on axis {}",
              to_string(scale), to_string(x), map.block, axis);
  return map;
}

std::unique_ptr<Kernel> make_quantize(KernelRequest& request) {
  QuantizeAttributes attributes = read_attributes(request.node());
  ScaleMap map = map_scales(request, attributes);
  DType precision = attributes.precision;
  if (precision == DType::kUndefined && request.input(0).dtype == request.input(1).dtype) {
    precision = request.input(0).dtype;
  }
  QuantizeTarget target{request.output(0).dtype, precision, attributes.saturate};
  check_quantize_target(target);
  return make_kernel([map, target](KernelContext& context) {
    TensorView zero_point = context.has_input(2) ? context.input(2) : TensorView();
    quantize(context.input(0), context.input(1), zero_point, context.output(0), map, target,
             context.threads());
  });
}

// By one scale and zero point.
void quantize_whole(const QuantizedRows& rows, const TensorView& x, float scale,
                    const ByteZero& zero, const TensorView& y, ThreadPool& threads) {
  constexpr int64_t kGrain = 16384;
  auto* to = static_cast<uint8_t*>(y.data);
  threads.parallel_for(x.count(), kGrain, [&](int64_t begin, int64_t end) {
    rows.quantize(x.as<const float>() + begin, end - begin, scale, zero, to + begin);
  });
}

// From float32 to bytes by one scale at a time, in long enough rows.
std::unique_ptr<Kernel> make_vectorized_quantize(KernelRequest& request) {
  constexpr int64_t kShortRow = 16, kGrain = 16384;
  const QuantizeAttributes attributes = read_attributes(request.node());
  const ScaleMap map = map_scales(request, attributes);
  const DType dtype = request.output(0).dtype;
  const bool by_axis = map.kind == ScaleMap::Kind::kAxis;
  if (dtype != DType::kUInt8 && dtype != DType::kInt8) return request.refuse("only 8-bit integers");
  if (request.input(0).dtype != DType::kFloat32 || request.input(1).dtype != DType::kFloat32 ||
      (attributes.precision != DType::kUndefined && attributes.precision != DType::kFloat32)) {
    return request.refuse("only float32");
  }
  if (map.kind == ScaleMap::Kind::kBlocks || (by_axis && map.inner < kShortRow)) {
    return request.refuse("scales of few elements");
  }
  const QuantizedRows& rows = quantized_rows(request.isa);
  return make_kernel([map, by_axis, &rows](KernelContext& context) {
    const auto* x = context.input(0).as<const float>();
    const auto* scales = context.input(1).as<const float>();
    auto* y = static_cast<uint8_t*>(context.output(0).data);
    const bool is_signed = context.output(0).dtype == DType::kInt8;
    const bool one_zero = !context.has_input(2) || context.input(2).count() == 1;
    auto zero = [&](int64_t i) {
      if (!context.has_input(2)) return ByteZero(is_signed, 0);
      const auto byte = context.input(2).as<const uint8_t>()[one_zero ? 0 : i];
      return ByteZero(is_signed, is_signed ? static_cast<int8_t>(byte) : byte);
    };
    if (!by_axis) {
      return quantize_whole(rows, context.input(0), scales[0], zero(0), context.output(0),
                            context.threads());
    }
    const int64_t grain = std::max<int64_t>(1, kGrain / map.inner);
    context.threads().parallel_for(map.outer * map.length, grain, [&](int64_t begin, int64_t end) {
      for (int64_t row = begin; row < end; ++row) {
        const int64_t i = row % map.length, at = row * map.inner;
        rows.quantize(x + at, map.inner, scales[i], zero(i), y + at);
      }
    });
  });
}

std::unique_ptr<Kernel> make_dequantize(KernelRequest& request) {
  ScaleMap map = map_scales(request, read_attributes(request.node()));
  check_supported(is_floating(request.output(0).dtype), "dequantizing to {}",
                  to_string(request.output(0).dtype));
  return make_kernel([map](KernelContext& context) {
    TensorView zero_point = context.has_input(2) ? context.input(2) : TensorView();
    dequantize(context.input(0), context.input(1), zero_point, context.output(0), map,
               context.threads());
  });
}

void infer_quantize(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(1), "x and its scale are needed");
  DType dtype = read_attributes(request.node).output_dtype;
  if (request.has_input(2)) dtype = request.inputs[2].dtype;
  if (dtype == DType::kUndefined) dtype = DType::kUInt8;
  request.set_output(0, dtype, request.inputs[0].shape);
}

void infer_dequantize(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(1), "x and its scale are needed");
  DType dtype = read_attributes(request.node).output_dtype;
  if (dtype == DType::kUndefined) dtype = request.inputs[1].dtype;
  request.set_output(0, dtype, request.inputs[0].shape);
}

// The smallest and largest element, 0 among them. NaN counts as nothing.
struct Extremes {
  float low = 0;
  float high = 0;
};

constexpr int64_t kExtremesChunk = 8192;  // elements that one task looks at

int64_t extremes_chunks(int64_t count) { return (count + kExtremesChunk - 1) / kExtremesChunk; }

// `found` has room for extremes_chunks(x.count()).
Extremes find_extremes(const TensorView& x, const QuantizedRows& rows, Extremes* found,
                       ThreadPool& threads) {
  constexpr int64_t kTile = 256;
  const auto step = static_cast<int64_t>(size_of(x.dtype));
  const int64_t chunks = extremes_chunks(x.count());
  threads.parallel_for(chunks, 1, [&](int64_t begin, int64_t end) {
    float values[kTile];
    for (int64_t chunk = begin; chunk < end; ++chunk) {
      Extremes extremes;
      const int64_t last = std::min(x.count(), (chunk + 1) * kExtremesChunk);
      for (int64_t i = chunk * kExtremesChunk; i < last; i += kTile) {
        const int64_t count = std::min(kTile, last - i);
        const float* from = values;
        if (x.dtype == DType::kFloat32) {
          from = x.as<const float>() + i;
        } else {
          load_as_float(x.dtype, x.as<const std::byte>() + i * step, 1, values, count);
        }
        rows.extremes(from, count, &extremes.low, &extremes.high);
      }
      found[chunk] = extremes;
    }
  });
  Extremes all;
  for (int64_t chunk = 0; chunk < chunks; ++chunk) {
    all.low = std::min(all.low, found[chunk].low);
    all.high = std::max(all.high, found[chunk].high);
  }
  return all;
}

// Outputs that the node leaves out are not computed.
void run_dynamic(KernelContext& context, const QuantizedRows& rows) {
  const TensorView& x = context.input(0);
  auto* found = reinterpret_cast<Extremes*>(context.scratch());
  const auto [low, high] = find_extremes(x, rows, found, context.threads());
  float scale = (high == low ? 1.0f : high - low) / 255.0f;
  float rounded = std::nearbyint(std::min(255.0f, std::max(0.0f, -low / scale)));
  auto zero = static_cast<uint8_t>(rounded);
  if (context.has_output(1)) *context.output(1).as<float>() = scale;
  if (context.has_output(2)) *context.output(2).as<uint8_t>() = zero;
  if (!context.has_output(0)) return;
  if (x.dtype == DType::kFloat32) {
    return quantize_whole(rows, x, scale, ByteZero(false, zero), context.output(0),
                          context.threads());
  }
  ScaleMap map;
  map.outer = x.count();
  TensorView scale_view(TensorDesc::contiguous(DType::kFloat32, {}), &scale);
  TensorView zero_view(TensorDesc::contiguous(DType::kUInt8, {}), &zero);
  quantize(x, scale_view, zero_view, context.output(0), map,
           {DType::kUInt8, DType::kUndefined, true}, context.threads());
}

std::unique_ptr<Kernel> make_dynamic(KernelRequest& request) {
  request.attributes().finish();
  DType dtype = request.input(0).dtype;
  check_supported(dtype == DType::kFloat32 || dtype == DType::kFloat16 || dtype == DType::kBFloat16,
                  "quantizing {}", to_string(dtype));
  auto chunks = static_cast<size_t>(extremes_chunks(element_count(request.input(0).shape)));
  request.use_scratch(chunks * sizeof(Extremes));
  const QuantizedRows& rows = quantized_rows(request.isa);
  return make_kernel([&rows](KernelContext& context) { run_dynamic(context, rows); });
}

// The scale is float32 for 16-bit floats too.
void infer_dynamic(InferRequest& request) {
  check_model(request.has_input(0), "x is missing");
  request.set_output(0, DType::kUInt8, request.inputs[0].shape);
  request.set_output(1, DType::kFloat32, {});
  request.set_output(2, DType::kUInt8, {});
}

}  // namespace

void register_quantize(Registry& registry) {
  OpDef& forth = registry.add("QuantizeLinear")
                     .kernel("vectorized", make_vectorized_quantize)
                     .kernel("reference", make_quantize);
  forth.infer = infer_quantize;
  forth.batching = {batch_quantization};
  OpDef& back = registry.add("DequantizeLinear").kernel("reference", make_dequantize);
  back.infer = infer_dequantize;
  back.batching = {batch_quantization};
  registry.add("DynamicQuantizeLinear").kernel("reference", make_dynamic).infer = infer_dynamic;
}

}  // namespace convoy
