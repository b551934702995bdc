// Cast (opset 1 and up), CastLike (15 and up) and BitCast (26 and up): other element types, by
// value or by bits. Any strides.
#include <cstring>

#include "ops/batching/rules.h"
#include "ops/elementwise/cuda_program.h"
#include "ops/elementwise/program_kernel.h"
#include "ops/kernels/cast/cast.h"
#include "ops/kernels/copy/copy.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

DType dtype_named(const std::string& name) {
  for (int32_t i = 1; is_known(static_cast<DType>(i)); ++i) {
    std::string_view known = to_string(static_cast<DType>(i));
    bool equal = std::equal(
        name.begin(), name.end(), known.begin(), known.end(),
        [](unsigned char a, unsigned char b) { return std::tolower(a) == std::tolower(b); });
    if (equal) return static_cast<DType>(i);
  }
  if (name == "FLOAT") return DType::kFloat32;
  if (name == "DOUBLE") return DType::kFloat64;
  fail(ErrorCode::kInvalidModel, "there is no element type '{}'", name);
}

// Before opset 6 the type is given by name.
DType read_target(AttributeReader& attributes, int version) {
  if (version < 6) return dtype_named(attributes.text("to", ""));
  auto dtype = static_cast<DType>(attributes.required_integer("to"));
  check_model(is_known(dtype), "{} is no element type", static_cast<int>(dtype));
  return dtype;
}

NarrowOptions read_options(AttributeReader& attributes) {
  NarrowOptions options;
  options.saturate = attributes.integer("saturate", 1) != 0;
  std::string rounding = attributes.text("round_mode", "up");
  check_model(rounding == "up" || rounding == "down" || rounding == "nearest",
              "there is no rounding mode '{}'", rounding);
  options.rounding = rounding == "up"     ? NarrowRounding::kUp
                     : rounding == "down" ? NarrowRounding::kDown
                                          : NarrowRounding::kNearest;
  return options;
}

DType target_of(const Node& node, DType like) {
  if (node.op_type == "CastLike") return like;
  AttributeReader attributes(node);
  return read_target(attributes, node.version);
}

void infer_cast(InferRequest& request) {
  check_model(request.has_input(0), "input 0 is missing");
  DType like = request.has_input(1) ? request.inputs[1].dtype : DType::kUndefined;
  request.set_output(0, target_of(request.node, like), request.inputs[0].shape);
}

NarrowOptions read_attributes(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  NarrowOptions options = read_options(attributes);
  if (request.node().op_type == "Cast") read_target(attributes, request.node().version);
  attributes.finish();
  return options;
}

// To a type that float holds, a conversion is what elementwise kernels do when they load and store.
std::unique_ptr<Kernel> make_cast_by_float(KernelRequest& request) {
  read_attributes(request);
  DType from = request.input(0).dtype;
  DType to = request.output(0).dtype;
  if (from == to) return request.refuse("copies");
  return elementwise::make_float_kernel(request,
                                        elementwise::single_step(elementwise::Formula::kCopy));
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  read_attributes(request);
  return elementwise::make_cuda_kernel(request,
                                       elementwise::single_step(elementwise::Formula::kCopy));
}

std::unique_ptr<Kernel> make_cast(KernelRequest& request) {
  NarrowOptions options = read_attributes(request);
  DType from = request.input(0).dtype;
  DType to = request.output(0).dtype;
  if (!can_cast(from, to)) {
    return request.refuse(fmt::format("no conversion of {} to {}", to_string(from), to_string(to)));
  }
  request.accept_strides(0);
  request.accept_output_strides(0);
  return make_kernel([options](KernelContext& context) {
    const TensorView& from = context.input(0);
    const TensorView& to = context.output(0);
    if (from.dtype == to.dtype) return copy_parallel(from, to, context.threads());
    cast_elements(from, to, options, context.threads());
  });
}

// To its own type nothing changes.
std::optional<ViewSpec> view_cast(const KernelRequest& request, int) {
  if (request.input(0).dtype != request.output(0).dtype) return std::nullopt;
  return ViewSpec{request.input(0).shape, request.input(0).strides, 0};
}

// Of types that take a byte each and have fewer values than it.
void copy_bits(const TensorView& from, const TensorView& to) {
  const int unused = 8 - bits_of(to.dtype);
  const bool is_signed = to.dtype == DType::kInt4 || to.dtype == DType::kInt2;
  for (int64_t i = 0; i < to.count(); ++i) {
    const auto high = static_cast<uint8_t>(from.as<const uint8_t>()[i] << unused);
    uint8_t& byte = to.as<uint8_t>()[i];
    if (to.dtype == DType::kBool) {
      byte = high != 0 ? 1 : 0;
    } else if (is_signed) {
      byte = static_cast<uint8_t>(static_cast<int8_t>(high) >> unused);
    } else {
      byte = static_cast<uint8_t>(high >> unused);
    }
  }
}

std::unique_ptr<Kernel> make_bit_cast(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  read_target(attributes, request.node().version);
  attributes.finish();
  DType from = request.input(0).dtype;
  DType to = request.output(0).dtype;
  check_model(bits_of(from) == bits_of(to) && bits_of(from) > 0,
              "BitCast from {} to {}: sizes differ", to_string(from), to_string(to));
  return make_kernel([](KernelContext& context) {
    const TensorView &from = context.input(0), &to = context.output(0);
    if (bits_of(to.dtype) < 8 || to.dtype == DType::kBool) return copy_bits(from, to);
    auto bytes = static_cast<size_t>(from.bytes());
    if (bytes > 0) std::memcpy(to.data, from.data, bytes);
  });
}

}  // namespace

void register_cast(Registry& registry) {
  for (const char* name : {"Cast", "CastLike"}) {
    OpDef& cast = registry.add(name);
    cast.kernel("vector", make_cast_by_float)
        .kernel("reference", make_cast)
        .kernel("program", make_on_gpu, DeviceKind::kCuda);
    cast.infer = infer_cast;
    cast.view = view_cast;
    if (cast.name == "CastLike") continue;
    cast.batching = {batch_unary};
    cast.passes_transposes = true;
  }
  registry.add("BitCast").kernel("reference", make_bit_cast).infer = infer_cast;
}

}  // namespace convoy
