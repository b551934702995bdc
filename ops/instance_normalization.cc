// InstanceNormalization (opset 1 to 28) and GroupNormalization (18 to 28): every (batch, channel)
// or (batch, group) row is brought to mean 0 and variance 1, then scaled and shifted by channel.
// GroupNormalization below opset 21 has one scale and bias for each group instead.

#include <cmath>

#include "ops/batching/rules.h"
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/normalize_rows.h"
#include "ops/row_statistics.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct GroupedRows {
  double epsilon = 1e-5;
  int64_t batch = 0;
  int64_t groups = 0;
  int64_t channels_per_group = 0;
  int64_t inner = 1;  // elements of one channel
  bool per_group = false;

  int64_t row_size() const { return channels_per_group * inner; }
  // Index into scale and bias for channel c of group g.
  int64_t parameter(int64_t g, int64_t c) const {
    return per_group ? g : g * channels_per_group + c;
  }
};

GroupedRows read_rows(const KernelRequest& request) {
  const bool instance = request.node().is("InstanceNormalization");
  AttributeReader attributes = request.attributes();
  const Shape& shape = request.input(0).shape;
  check_input(shape.rank() >= 2, "input of rank {} has no channels", shape.rank());
  request.check_output(0, shape);
  GroupedRows rows;
  rows.epsilon = attributes.number("epsilon", 1e-5f);
  rows.batch = shape[0];
  rows.groups = instance ? shape[1] : attributes.required_integer("num_groups");
  check_input(rows.groups >= 0 && (rows.groups == 0 ? shape[1] == 0 : shape[1] % rows.groups == 0),
              "{} channels do not divide into {} groups", shape[1], rows.groups);
  rows.channels_per_group = rows.groups == 0 ? 0 : shape[1] / rows.groups;
  for (int i = 2; i < shape.rank(); ++i) rows.inner *= shape[i];
  rows.per_group = !instance && request.node().version < 21;
  if (instance) {
    attributes.ignore("consumed_inputs");
  } else {
    attributes.ignore("stash_type");
  }
  attributes.finish();
  const int64_t parameters = rows.per_group ? rows.groups : shape[1];
  for (int i : {1, 2}) {
    check_input(request.input(i).count() == parameters, "input {} has {} elements, expected {}", i,
                request.input(i).count(), parameters);
  }
  return rows;
}

template <typename T>
void run_reference(const GroupedRows& rows, KernelContext& context) {
  const int64_t size = rows.row_size();
  const T* scale = context.input(1).as<T>();
  const T* bias = context.input(2).as<T>();
  for (int64_t i = 0; i < rows.batch * rows.groups; ++i) {
    const T* x = context.input(0).as<T>() + i * size;
    T* y = context.output(0).as<T>() + i * size;
    double mean = 0;
    for (int64_t k = 0; k < size; ++k) mean += static_cast<double>(x[k]);
    mean /= static_cast<double>(size);
    double variance = 0;
    for (int64_t k = 0; k < size; ++k) {
      variance += (static_cast<double>(x[k]) - mean) * (static_cast<double>(x[k]) - mean);
    }
    variance /= static_cast<double>(size);
    const double factor = 1.0 / std::sqrt(variance + rows.epsilon);
    for (int64_t k = 0; k < size; ++k) {
      const int64_t p = rows.parameter(i % rows.groups, k / rows.inner);
      const double normal = (static_cast<double>(x[k]) - mean) * factor;
      const double value = normal * static_cast<double>(scale[p]) + static_cast<double>(bias[p]);
      y[k] = static_cast<T>(std::conditional_t<std::is_same_v<T, double>, double, float>(value));
    }
  }
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  const GroupedRows rows = read_rows(request);
  return make_kernel([rows](KernelContext& context) {
    visit_floating(context.input(0).dtype,
                   [&](auto tag) { run_reference<typename decltype(tag)::type>(rows, context); });
  });
}

std::unique_ptr<Kernel> make_vectorized(KernelRequest& request) {
  const TensorDesc& x = request.input(0);
  if (x.dtype != DType::kFloat32) return request.refuse("only for float32");
  const GroupedRows rows = read_rows(request);
  const RowKernels& kernels = row_kernels(request.isa);
  return make_kernel([rows, &kernels](KernelContext& context) {
    const float* from = context.input(0).as<float>();
    float* to = context.output(0).as<float>();
    const float* scale = context.input(1).as<float>();
    const float* bias = context.input(2).as<float>();
    const int64_t size = rows.row_size();
    const int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, size));
    auto piece = [&](int64_t begin, int64_t end) {
      for (int64_t i = begin; i < end; ++i) {
        const RowStatistics row = row_statistics(
            kernels, size, true, [&](auto&& visit) { visit(from + i * size, size); });
        const double norm = 1.0 / std::sqrt(row.variance + rows.epsilon);
        for (int64_t c = 0; c < rows.channels_per_group; ++c) {
          const int64_t p = rows.parameter(i % rows.groups, c);
          const double factor = norm * static_cast<double>(scale[p]);
          const int64_t at = i * size + c * rows.inner;
          kernels.affine(from + at, to + at, rows.inner, row.mean, static_cast<float>(factor),
                         bias[p]);
        }
      }
    };
    context.threads().parallel_for(rows.batch * rows.groups, grain, piece);
  });
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only for float32");
  const GroupedRows grouped = read_rows(request);
  request.allow_in_place(0, 0);
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  cuda::NormalizeRows planned;
  planned.rows = grouped.batch * grouped.groups;
  planned.n = grouped.row_size();
  planned.groups = grouped.groups;
  planned.group_step = grouped.per_group ? 1 : grouped.channels_per_group;
  planned.inner = grouped.per_group ? planned.n : grouped.inner;
  planned.epsilon = static_cast<float>(grouped.epsilon);
  return make_cuda_launch(request, "normalize_rows", planned,
                          [](cuda::NormalizeRows& rows, KernelContext& context) {
                            rows.x = context.input(0).as<const float>();
                            rows.scale = context.input(1).as<const float>();
                            rows.bias = context.input(2).as<const float>();
                            rows.y = context.output(0).as<float>();
                          });
}

void infer_same(InferRequest& request) {
  request.set_output(0, request.inputs[0].dtype, request.inputs[0].shape);
}

}  // namespace

void register_instance_normalization(Registry& registry) {
  for (OpDef* definition :
       {&registry.add("InstanceNormalization").batched({batch_instance_normalization}),
        &registry.add("GroupNormalization").batched({batch_group_normalization})}) {
    definition->infer = infer_same;  // ONNX has none for GroupNormalization
    definition->summing()
        .kernel("vectorized", make_vectorized)
        .kernel("reference", make_reference)
        .kernel("blocks", make_on_gpu, DeviceKind::kCuda);
  }
}

}  // namespace convoy
