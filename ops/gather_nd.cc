// GatherND, opset 11 and up (batch_dims from 12 on): the last axis of the indices names a slice of
// data; the leading batch_dims axes are common to both. Any element type.
#include <cstring>

#include "ops/kernels/index/index.h"
#include "ops/row_copies/rows_on_gpu.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct SliceList {
  int64_t batch_rows = 1;  // tuples in one batch entry
  int64_t batch_step = 0;  // elements of data in one batch entry
  int tuple = 0;           // numbers in a tuple
  int64_t inner = 1;       // elements of a slice
  Shape sizes;             // of the indexed axes
  Strides strides;
  Shape output;
};

SliceList describe(const Shape& data, const Shape& indices, int64_t batch) {
  check_input(data.rank() > 0 && indices.rank() > 0, "GatherND of {} at {}", to_string(data),
              to_string(indices));
  check_input(batch >= 0 && batch < std::min(data.rank(), indices.rank()),
              "batch_dims is {} for {} and {}", batch, to_string(data), to_string(indices));
  SliceList list;
  auto dims = static_cast<int>(batch);
  list.tuple = static_cast<int>(std::min<int64_t>(indices.back(), kMaxRank + 1));
  check_input(list.tuple <= data.rank() - dims, "tuples of {} indices for data {}", list.tuple,
              to_string(data));
  Strides strides = contiguous_strides(data);
  list.batch_step = dims > 0 ? strides[dims - 1] : 0;
  for (int i = 0; i < dims; ++i) {
    check_input(data[i] == indices[i], "batches of {} and {}", to_string(data), to_string(indices));
  }
  list.output = indices;
  list.output.resize(indices.rank() - 1);
  for (int i = dims; i < indices.rank() - 1; ++i) list.batch_rows *= indices[i];
  for (int i = dims; i < dims + list.tuple; ++i) {
    list.sizes.push_back(data[i]);
    list.strides.push_back(strides[i]);
  }
  for (int i = dims + list.tuple; i < data.rank(); ++i) {
    list.inner *= data[i];
    list.output.push_back(data[i]);
  }
  return list;
}

int64_t slice_offset(const SliceList& list, const TensorView& indices, int64_t row) {
  int64_t offset = row / list.batch_rows * list.batch_step;
  for (int i = 0; i < list.tuple; ++i) {
    offset +=
        checked_index(index_at(indices, row * list.tuple + i), list.sizes[i]) * list.strides[i];
  }
  return offset;
}

void run_gather(KernelContext& context, const SliceList& list) {
  const TensorView& data = context.input(0);
  const TensorView& indices = context.input(1);
  const TensorView& output = context.output(0);
  if (output.count() == 0) return;
  int64_t rows = output.count() / list.inner;
  if (data.dtype == DType::kString) {
    for (int64_t r = 0; r < rows; ++r) {
      std::copy_n(data.as<std::string>() + slice_offset(list, indices, r), list.inner,
                  output.as<std::string>() + r * list.inner);
    }
    return;
  }
  auto size = static_cast<int64_t>(size_of(data.dtype));
  int64_t grain = std::max<int64_t>(1, 16384 / list.inner);
  context.threads().parallel_for(rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      std::memcpy(output.as<std::byte>() + r * list.inner * size,
                  data.as<std::byte>() + slice_offset(list, indices, r) * size,
                  static_cast<size_t>(list.inner * size));
    }
  });
}

SliceList describe(const Node& node, const GivenTypes& inputs) {
  AttributeReader attributes(node);
  int64_t batch = attributes.integer("batch_dims", 0);
  attributes.finish();
  return describe(inputs[0].shape, inputs[1].shape, batch);
}

std::unique_ptr<Kernel> make_gather(KernelRequest& request) {
  SliceList list = describe(request.node(), request.inputs);
  request.check_output(0, list.output);
  return make_kernel([list](KernelContext& context) { run_gather(context, list); });
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const SliceList list = describe(request.node(), request.inputs);
  request.check_output(0, list.output);
  const Tensor* indices = request.constant(1);
  if (indices == nullptr) return request.refuse("indices that are not known before the run");
  const Tensor plain = indices->contiguous();
  std::vector<int64_t> offsets;
  const int64_t rows = list.inner == 0 ? 0 : request.output(0).count() / list.inner;
  for (int64_t row = 0; row < rows; ++row) {
    offsets.push_back(slice_offset(list, plain.view(), row));
  }
  return make_row_picks(request, offsets, list.inner);
}

// ONNX's inference says nothing of a result that is a scalar.
void infer(InferRequest& request) {
  request.set_output(0, request.inputs[0].dtype, describe(request.node, request.inputs).output);
}

}  // namespace

void register_gather_nd(Registry& registry) {
  OpDef& definition = registry.add("GatherND");
  definition.kernel("reference", make_gather).kernel("rows", make_on_gpu, DeviceKind::kCuda);
  definition.infer = infer;
}

}  // namespace convoy
