#include "ops/elementwise/blocked_operands.h"

#include <cstring>

namespace convoy::elementwise {
namespace {

// The layout must be that of the block, so a desc without channels of its own cannot be read so.
bool has_channels(const TensorDesc& desc, const Shape& output) {
  return desc.rank() == output.rank() && desc.shape[1] == output[1];
}

bool computes_in_float(const TensorDesc& desc) {
  return is_floating(desc.dtype) && desc.dtype != DType::kFloat64;
}

int64_t blocks_of(int64_t channels, int block) { return (channels + block - 1) / block; }

}  // namespace

bool reads_blocked(const TensorDesc& desc, const Shape& output) {
  return desc.shape == output || (!desc.layout.plain() && has_channels(desc, output));
}

int common_block(const KernelRequest& request, std::span<const TensorDesc> inputs, int outputs) {
  const Shape& shape = request.output(0).shape;
  if (shape.rank() < 2 || shape.rank() >= kMaxRank) return 0;
  int block = 0;
  for (const TensorDesc& input : inputs) {
    if (!computes_in_float(input)) return 0;
    if (input.shape == shape && !input.layout.plain()) block = input.layout.block;
  }
  if (block == 0) return 0;
  for (int j = 0; j < outputs; ++j) {
    if (!computes_in_float(request.output(j))) return 0;
  }
  for (const TensorDesc& input : inputs) {
    if (reads_blocked(input, shape)) continue;
    bool repeats_channels =
        input.rank() < shape.rank() - 1 || input.shape[input.rank() - shape.rank() + 1] == 1;
    if (!repeats_channels && shape[1] % block != 0) return 0;
  }
  return block;
}

TensorDesc blocked_desc(const TensorDesc& desc, const Shape& output, int block, bool is_blocked) {
  if (is_blocked) {
    Shape shape = desc.shape;
    shape[1] = blocks_of(shape[1], block);
    shape.push_back(block);
    return TensorDesc::contiguous(desc.dtype, shape);
  }
  int missing = output.rank() - desc.rank();
  TensorDesc read;
  read.dtype = desc.dtype;
  for (int axis = 0; axis < output.rank(); ++axis) {
    bool present = axis >= missing;
    read.shape.push_back(present ? desc.shape[axis - missing] : 1);
    read.strides.push_back(present ? desc.strides[axis - missing] : 0);
  }
  bool repeats_channels = read.shape[1] == 1;
  int64_t channel_stride = read.strides[1];
  read.shape[1] = repeats_channels ? 1 : blocks_of(read.shape[1], block);
  read.strides[1] = repeats_channels ? 0 : channel_stride * block;
  read.shape.push_back(repeats_channels ? 1 : block);
  read.strides.push_back(repeats_channels ? 0 : channel_stride);
  return read;
}

void clear_padding(const TensorView& view) {
  int block = view.layout.block;
  if (block == 0 || view.shape[1] % block == 0) return;
  auto size = static_cast<int64_t>(size_of(view.dtype));
  int64_t used = view.shape[1] % block;
  int64_t channel_blocks = blocks_of(view.shape[1], block);
  int64_t points = 1;
  for (int axis = 2; axis < view.rank(); ++axis) points *= view.shape[axis];
  for (int64_t n = 0; n < view.shape[0]; ++n) {
    std::byte* last = view.as<std::byte>() + ((n + 1) * channel_blocks - 1) * points * block * size;
    for (int64_t i = 0; i < points; ++i) {
      std::memset(last + (i * block + used) * size, 0, static_cast<size_t>((block - used) * size));
    }
  }
}

}  // namespace convoy::elementwise
