// CumSum, opset 11 and up, and CumProd, opset 26 and up: running sums or products along one axis
// (input 1), optionally from the end, optionally without the element itself.
#include "ops/cuda_kernel.h"
#include "ops/kernels/cuda/lines.h"
#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct RunningForm {
  bool product = false;
  bool exclusive = false;
  bool reverse = false;
};

constexpr int64_t kBand = 256;

// At most kBand of `inner` lines side by side: the walk along the axis is the outer loop.
template <typename T, typename Sum, bool kProduct>
void run_lines(const RunningForm& form, int64_t length, int64_t inner, int64_t width, const T* in,
               T* out) {
  Sum totals[kBand];
  std::fill_n(totals, width, Sum(kProduct ? 1 : 0));
  for (int64_t step = 0; step < length; ++step) {
    int64_t at = (form.reverse ? length - 1 - step : step) * inner;
    for (int64_t i = 0; i < width; ++i) {
      Sum& total = totals[i];
      auto value = static_cast<Sum>(in[at + i]);
      Sum next = kProduct ? total * value : total + value;
      out[at + i] = static_cast<T>(form.exclusive ? total : next);
      total = next;
    }
  }
}

template <typename T>
void run_typed(KernelContext& context, const RunningForm& form, int axis) {
  // Integers wrap around, which only unsigned ones may.
  using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t,
                                 std::conditional_t<std::is_same_v<T, double>, double, float>>;
  const TensorView& in = context.input(0);
  int64_t length = in.shape[axis];
  int64_t inner = 1;
  for (int i = axis + 1; i < in.rank(); ++i) inner *= in.shape[i];
  if (in.count() == 0) return;
  int64_t outer = in.count() / (length * inner);
  int64_t bands = (inner + kBand - 1) / kBand;
  int64_t grain = std::max<int64_t>(1, 16384 / (length * std::min(inner, kBand)));
  context.threads().parallel_for(outer * bands, grain, [&](int64_t begin, int64_t end) {
    for (int64_t item = begin; item < end; ++item) {
      int64_t first = item % bands * kBand;
      int64_t offset = item / bands * length * inner + first;
      int64_t width = std::min(kBand, inner - first);
      auto run = form.product ? run_lines<T, Sum, true> : run_lines<T, Sum, false>;
      run(form, length, inner, width, in.as<T>() + offset, context.output(0).as<T>() + offset);
    }
  });
}

RunningForm read_form(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  RunningForm form;
  form.product = request.node().op_type == "CumProd";
  form.exclusive = attributes.integer("exclusive", 0) != 0;
  form.reverse = attributes.integer("reverse", 0) != 0;
  attributes.finish();
  request.check_output(0, request.input(0).shape);
  return form;
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const TensorDesc& x = request.input(0);
  if (x.dtype != DType::kFloat32) return request.refuse("only for float32");
  const auto axis_input = request.constant_int64s(1);
  if (!axis_input || axis_input->size() != 1) {
    return request.refuse("an axis that is not known before the run");
  }
  const RunningForm form = read_form(request);
  const int axis = normalize_axis(axis_input->front(), x.rank());
  cuda::Running planned;
  for (int i = 0; i < x.rank(); ++i) {
    (i < axis ? planned.outer : i == axis ? planned.n : planned.inner) *= x.shape[i];
  }
  planned.product = form.product;
  planned.exclusive = form.exclusive;
  planned.reverse = form.reverse;
  if (x.count() == 0) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(request, "running", planned,
                          [](cuda::Running& running, KernelContext& context) {
                            running.x = context.input(0).as<const float>();
                            running.y = context.output(0).as<float>();
                          });
}

std::unique_ptr<Kernel> make_running(KernelRequest& request) {
  const RunningForm form = read_form(request);
  return make_kernel([form](KernelContext& context) {
    int axis = normalize_axis(single_index(context.input(1), "the axis"), context.input(0).rank());
    visit_numeric(context.input(0).dtype,
                  [&](auto tag) { run_typed<typename decltype(tag)::type>(context, form, axis); });
  });
}

}  // namespace

void register_cumulative(Registry& registry) {
  for (const char* name : {"CumSum", "CumProd"}) {
    registry.add(name)
        .kernel("reference", make_running)
        .kernel("lines", make_on_gpu, DeviceKind::kCuda);
  }
}

}  // namespace convoy
