// Pad: attributes up to opset 10, from 11 on inputs; modes constant, reflect, edge, and wrap
// (from 19 on); axes from 18 on. Negative pads crop. Any element type.
#include <cstring>

#include "ops/batching/rules.h"
#include "ops/cuda_kernel.h"
#include "ops/kernels/copy/copy.h"
#include "ops/kernels/cuda/pad.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct PadForm {
  std::string mode;
  std::vector<int64_t> pads;  // begins, then ends, of all axes
  float value = 0;            // up to opset 10
};

std::vector<int64_t> spread_pads(const std::vector<int64_t>& pads, std::span<const int64_t> axes,
                                 int rank) {
  check_input(pads.size() == 2 * axes.size(), "{} pads for {} axes", pads.size(), axes.size());
  std::vector<int64_t> all(static_cast<size_t>(2 * rank), 0);
  for (size_t i = 0; i < axes.size(); ++i) {
    auto axis = static_cast<size_t>(normalize_axis(axes[i], rank));
    all[axis] = pads[i];
    all[axis + static_cast<size_t>(rank)] = pads[i + axes.size()];
  }
  return all;
}

// nullopt when pads or axes are inputs that are not known.
std::optional<PadForm> read_form(const Node& node, int rank, const Tensor* pads, bool has_axes,
                                 const Tensor* axes) {
  AttributeReader attributes(node);
  PadForm form;
  form.mode = attributes.text("mode", "constant");
  if (node.version < 11) {
    form.pads = attributes.integers(node.version < 2 ? "paddings" : "pads");
    form.value = attributes.number("value", 0);
  }
  attributes.finish();
  check_model(form.mode == "constant" || form.mode == "reflect" || form.mode == "edge" ||
                  form.mode == "wrap",
              "the padding mode '{}' is not known", form.mode);
  if (node.version >= 11) {
    if (pads == nullptr || (has_axes && axes == nullptr)) return std::nullopt;
    form.pads = to_int64s(*pads);
    if (has_axes) form.pads = spread_pads(form.pads, to_int64s(*axes), rank);
  }
  check_input(static_cast<int>(form.pads.size()) == 2 * rank, "{} pads for an input of rank {}",
              form.pads.size(), rank);
  constexpr int64_t kMost = int64_t{1} << 60;
  for (int64_t pad : form.pads) check_input(pad >= -kMost && pad <= kMost, "a pad of {}", pad);
  return form;
}

void infer_pad(InferRequest& request) {
  const TensorDesc& input = request.inputs[0];
  auto form = read_form(request.node, input.rank(), request.constant(1), request.has_input(3),
                        request.constant(3));
  if (!form) return;
  Shape shape = input.shape;
  for (int i = 0; i < input.rank(); ++i) {
    auto axis = static_cast<size_t>(i);
    shape[i] =
        checked_add(shape[i], checked_add(form->pads[axis], form->pads[axis + input.shape.size()]));
    check_input(shape[i] >= 0, "axis {} of length {} is cropped by more than that", i,
                input.shape[i]);
  }
  request.set_output(0, input.dtype, shape);
}

// Where output index `at` of an axis of input length `size` reads; -1: the constant.
int64_t source_index(const std::string& mode, int64_t at, int64_t size) {
  if (at >= 0 && at < size) return at;
  if (mode == "constant") return -1;
  check_input(size > 0, "cannot pad an empty axis in mode '{}'", mode);
  if (mode == "edge") return at < 0 ? 0 : size - 1;
  if (mode == "wrap") return ((at % size) + size) % size;
  if (size == 1) return 0;
  int64_t period = 2 * (size - 1);
  int64_t folded = ((at % period) + period) % period;
  return folded < size ? folded : period - folded;
}

struct PadMaps {
  std::vector<std::vector<int64_t>> axis;  // for every output index: source index × stride, or -1
  int64_t inner = 1;                       // elements of the axes behind, which are not padded
  Shape shape;                             // of the output, without these
};

PadMaps make_maps(const PadForm& form, const Shape& input, const Shape& output) {
  PadMaps maps;
  int kept = input.rank();
  auto rank = static_cast<size_t>(input.rank());
  auto untouched = [&](int i) {
    return form.pads[static_cast<size_t>(i)] == 0 && form.pads[static_cast<size_t>(i) + rank] == 0;
  };
  while (kept > 0 && untouched(kept - 1)) maps.inner *= input[--kept];
  int64_t stride = maps.inner;
  maps.axis.resize(static_cast<size_t>(kept));
  for (int i = kept - 1; i >= 0; --i) {
    auto& map = maps.axis[static_cast<size_t>(i)];
    map.resize(static_cast<size_t>(output[i]));
    // What is cropped is not there to be repeated on the other side.
    const int64_t begin = form.pads[static_cast<size_t>(i)];
    const int64_t end = form.pads[static_cast<size_t>(i) + rank];
    const int64_t cropped = std::max<int64_t>(-begin, 0);
    const int64_t kept_size = input[i] - cropped - std::max<int64_t>(-end, 0);
    for (int64_t o = 0; o < output[i]; ++o) {
      int64_t from = source_index(form.mode, o - std::max<int64_t>(begin, 0), kept_size);
      map[static_cast<size_t>(o)] = from < 0 ? -1 : (from + cropped) * stride;
    }
    stride *= input[i];
  }
  for (int i = 0; i < kept; ++i) maps.shape.push_back(output[i]);
  return maps;
}

// One row of the output: its last mapped axis, each entry `inner` elements.
template <typename T>
void pad_row(const std::vector<int64_t>& map, int64_t inner, const T* row, bool outside,
             const T& value, T* out) {
  auto count = static_cast<int64_t>(map.size());
  if (outside) {
    std::fill_n(out, count * inner, value);
    return;
  }
  for (int64_t i = 0; i < count;) {
    int64_t from = map[static_cast<size_t>(i)];
    int64_t run = 1;
    if (from < 0) {
      while (i + run < count && map[static_cast<size_t>(i + run)] < 0) ++run;
      std::fill_n(out + i * inner, run * inner, value);
    } else {
      while (i + run < count && map[static_cast<size_t>(i + run)] == from + run * inner) ++run;
      std::copy_n(row + from, run * inner, out + i * inner);
    }
    i += run;
  }
}

template <typename T>
void pad(const PadMaps& maps, const T* in, const T& value, T* out, ThreadPool& threads) {
  int outer_rank = maps.shape.rank() - 1;
  const auto& last = maps.axis.back();
  int64_t width = static_cast<int64_t>(last.size()) * maps.inner;
  int64_t rows = 1;
  for (int i = 0; i < outer_rank; ++i) rows *= maps.shape[i];
  threads.parallel_for(rows, std::max<int64_t>(1, 16384 / width), [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t rest = r;
      int64_t offset = 0;
      bool outside = false;
      for (int i = outer_rank - 1; i >= 0; --i) {
        int64_t from = maps.axis[static_cast<size_t>(i)][static_cast<size_t>(rest % maps.shape[i])];
        outside |= from < 0;
        offset += from;
        rest /= maps.shape[i];
      }
      pad_row<T>(last, maps.inner, outside ? in : in + offset, outside, value, out + r * width);
    }
  });
}

template <typename T>
void run_typed(KernelContext& context, const PadMaps& maps, const void* value) {
  T fill{};
  if (value != nullptr) fill = *static_cast<const T*>(value);
  pad<T>(maps, context.input(0).as<T>(), fill, context.output(0).as<T>(), context.threads());
}

void run_pad(KernelContext& context, const PadMaps& maps, const void* value) {
  if (context.output(0).count() == 0) return;
  if (context.input(0).dtype == DType::kString) {
    return run_typed<std::string>(context, maps, value);
  }
  switch (size_of(context.input(0).dtype)) {
    case 1: return run_typed<uint8_t>(context, maps, value);
    case 2: return run_typed<uint16_t>(context, maps, value);
    case 4: return run_typed<uint32_t>(context, maps, value);
    case 8: return run_typed<uint64_t>(context, maps, value);
    default: return run_typed<std::complex<double>>(context, maps, value);
  }
}

std::unique_ptr<Kernel> make_pad(KernelRequest& request) {
  const TensorDesc& input = request.input(0);
  auto form = read_form(request.node(), input.rank(), request.constant(1), request.has_input(3),
                        request.constant(3));
  if (!form) return request.refuse("pads are not known");
  PadMaps maps = make_maps(*form, input.shape, request.output(0).shape);
  if (maps.axis.empty()) {
    request.accept_strides(0);
    request.accept_output_strides(0);
    return make_kernel([](KernelContext& context) {
      copy_parallel(context.input(0), context.output(0), context.threads());
    });
  }
  Tensor old_value;
  if (request.node().version < 11) {
    visit_floating(input.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      old_value = Tensor::scalar<T>(T(form->value));
    });
  }
  return make_kernel([maps = std::move(maps), old_value](KernelContext& context) {
    const void* value = old_value.raw();
    if (context.has_input(2)) {
      check_input(context.input(2).count() == 1 && context.input(2).dtype == context.input(0).dtype,
                  "the constant value of Pad is {}", to_string(context.input(2)));
      value = context.input(2).data;
    }
    run_pad(context, maps, value);
  });
}

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  const TensorDesc& input = request.input(0);
  if (input.dtype == DType::kString || size_of(input.dtype) > 8) {
    return request.refuse("elements of more than 8 bytes");
  }
  if (input.rank() > cuda::Pad::kMaxAxes) return request.refuse("too many axes");
  auto form = read_form(request.node(), input.rank(), request.constant(1), request.has_input(3),
                        request.constant(3));
  if (!form) return request.refuse("pads are not known");
  make_maps(*form, input.shape, request.output(0).shape);  // or an empty axis has nothing to repeat
  cuda::Pad planned;
  planned.mode = form->mode == "edge"      ? cuda::Padding::edge
                 : form->mode == "reflect" ? cuda::Padding::reflect
                 : form->mode == "wrap"    ? cuda::Padding::wrap
                                           : cuda::Padding::constant;
  planned.count = request.output(0).count();
  planned.rank = input.rank();
  for (int i = 0; i < input.rank(); ++i) {
    planned.input[i] = input.shape[i];
    planned.output[i] = request.output(0).shape[i];
    planned.begin[i] = form->pads[static_cast<size_t>(i)];
  }
  planned.element_bytes = static_cast<int>(size_of(input.dtype));
  if (request.node().version < 11) {
    visit_floating(input.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      const T value(form->value);
      std::memcpy(&planned.value_bits, &value, sizeof value);
    });
  }
  if (request.has_input(2)) {
    check_input(request.input(2).count() == 1 && request.input(2).dtype == input.dtype,
                "the constant value of Pad is {}", to_string(request.input(2)));
  }
  if (planned.count == 0) return make_kernel([](KernelContext&) {});
  return make_cuda_launch(request, "pad", planned, [](cuda::Pad& pad, KernelContext& context) {
    pad.x = context.input(0).data;
    if (context.has_input(2)) pad.value = context.input(2).data;
    pad.y = context.output(0).data;
  });
}

}  // namespace

void register_pad(Registry& registry) {
  registry.add("Pad")
      .kernel("rows", make_pad)
      .kernel("elements", make_on_gpu, DeviceKind::kCuda)
      .batched({batch_pad})
      .infer = infer_pad;
}

}  // namespace convoy
