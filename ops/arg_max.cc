// ArgMax and ArgMin, opset 1 and up: the index of the extreme along one axis, the first one or
// (select_last_index, from 12 on) the last. NaN counts as extreme, as in NumPy.
#include "ops/batching/rules.h"
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/lines.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct ArgForm {
  bool largest = true;
  bool last = false;
  int64_t axis = 0;
};

template <typename T>
bool beats(const T& candidate, const T& best, const ArgForm& form) {
  if constexpr (!std::is_integral_v<T>) {
    if (best != best) return form.last && candidate != candidate;
    if (candidate != candidate) return true;
  }
  if (form.last && candidate == best) return true;
  return form.largest ? candidate > best : candidate < best;
}

template <typename T>
using Compared = std::conditional_t<std::is_integral_v<T> || std::is_same_v<T, double>, T, float>;

constexpr int64_t kBand = 256;

// `width` ≤ kBand neighbouring lines of stride `inner`, walked side by side.
template <typename T>
void search(const ArgForm& form, int64_t length, int64_t inner, int64_t width, const T* in,
            int64_t* out) {
  Compared<T> best[kBand];
  for (int64_t j = 0; j < width; ++j) {
    best[j] = in[j];
    out[j] = 0;
  }
  for (int64_t i = 1; i < length; ++i) {
    const T* row = in + i * inner;
    for (int64_t j = 0; j < width; ++j) {
      Compared<T> value = row[j];
      if (!beats(value, best[j], form)) continue;
      best[j] = value;
      out[j] = i;
    }
  }
}

void run_arg(KernelContext& context, const ArgForm& form, int64_t given_axis) {
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  if (out.count() == 0) return;
  int64_t length = 1;
  int64_t inner = 1;
  if (in.rank() > 0) {
    int axis = normalize_axis(given_axis, in.rank());
    length = in.shape[axis];
    for (int i = axis + 1; i < in.rank(); ++i) inner *= in.shape[i];
  }
  check_input(length > 0, "there is no extreme of an empty axis");
  visit_numeric(in.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    int64_t bands = (inner + kBand - 1) / kBand;
    int64_t outer = out.count() / inner;
    int64_t grain = std::max<int64_t>(1, 16384 / (length * std::min(inner, kBand)));
    context.threads().parallel_for(outer * bands, grain, [&](int64_t begin, int64_t end) {
      for (int64_t item = begin; item < end; ++item) {
        int64_t first = item % bands * kBand;
        int64_t width = std::min(kBand, inner - first);
        search<T>(form, length, inner, width, in.as<T>() + item / bands * length * inner + first,
                  out.as<int64_t>() + item / bands * inner + first);
      }
    });
  });
}

ArgForm read_form(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  int64_t axis = attributes.integer("axis", 0);
  bool keepdims = attributes.integer("keepdims", 1) != 0;
  ArgForm form;
  form.largest = request.node().op_type == "ArgMax";
  form.last = attributes.integer("select_last_index", 0) != 0;
  attributes.finish();
  Shape shape = request.input(0).shape;
  if (shape.rank() > 0) {
    int at = normalize_axis(axis, shape.rank());
    shape[at] = 1;
    if (!keepdims) shape.erase(at);
  }
  request.check_output(0, shape);
  form.axis = axis;
  return form;
}

std::unique_ptr<Kernel> make_arg(KernelRequest& request) {
  const ArgForm form = read_form(request);
  return make_kernel([form](KernelContext& context) { run_arg(context, form, form.axis); });
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const TensorDesc& x = request.input(0);
  if (x.dtype != DType::kFloat32) return request.refuse("only for float32");
  const ArgForm form = read_form(request);
  cuda::ArgExtreme planned;
  planned.largest = form.largest;
  planned.last = form.last;
  const int axis = x.rank() == 0 ? 0 : normalize_axis(form.axis, x.rank());
  for (int i = 0; i < x.rank(); ++i) {
    (i < axis ? planned.outer : i == axis ? planned.n : planned.inner) *= x.shape[i];
  }
  if (request.output(0).count() == 0) return make_kernel([](KernelContext&) {});
  check_input(planned.n > 0, "there is no extreme of an empty axis");
  return make_cuda_launch(request, "arg_extreme", planned,
                          [](cuda::ArgExtreme& arg, KernelContext& context) {
                            arg.x = context.input(0).as<const float>();
                            arg.y = context.output(0).as<int64_t>();
                          });
}

}  // namespace

void register_arg_max(Registry& registry) {
  for (const char* name : {"ArgMax", "ArgMin"}) {
    registry.add(name)
        .kernel("reference", make_arg)
        .kernel("lines", make_on_gpu, DeviceKind::kCuda)
        .batching = {batch_arg_extremum};
  }
}

}  // namespace convoy
