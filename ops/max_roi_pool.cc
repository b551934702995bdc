// MaxRoiPool, opset 1 and up: the maximum of each cell of each region, whose corners are rounded to
// pixels; 0 for a cell that lies outside. Regions are [batch, x1, y1, x2, y2].
#include <algorithm>
#include <cmath>
#include <limits>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Span {
  int64_t begin, end;
};

// Pixels of cell `at` of `cells` along one axis.
Span cell_span(int64_t first, int64_t last, int64_t at, int64_t cells, int64_t size) {
  int64_t length = std::max<int64_t>(last - first + 1, 1);
  int64_t begin = at * length / cells + first;
  int64_t end = ((at + 1) * length + cells - 1) / cells + first;
  return {std::clamp<int64_t>(begin, 0, size), std::clamp<int64_t>(end, 0, size)};
}

template <typename T>
T cell_maximum(const T* plane, int64_t width, Span rows, Span columns) {
  if (rows.begin >= rows.end || columns.begin >= columns.end) return T(0);
  T best = plane[rows.begin * width + columns.begin];
  for (int64_t y = rows.begin; y < rows.end; ++y) {
    for (int64_t x = columns.begin; x < columns.end; ++x) {
      if (plane[y * width + x] > best) best = plane[y * width + x];
    }
  }
  return best;
}

template <typename T>
void pool_region(const TensorView& in, const TensorView& out, const T* roi, double scale,
                 int64_t n) {
  using Real = std::conditional_t<std::is_same_v<T, double>, double, float>;
  constexpr Real kMost = 1 << 24;
  int64_t corner[4];
  for (int k = 0; k < 4; ++k) {
    const Real exact = std::round(static_cast<Real>(roi[k + 1]) * static_cast<Real>(scale));
    check_input(std::fabs(exact) <= kMost, "region {} is not within {} pixels", n, kMost);
    corner[k] = static_cast<int64_t>(exact);
  }
  auto number = static_cast<double>(roi[0]);
  check_input(number >= 0 && number < static_cast<double>(in.shape[0]),
              "region {} lies in batch entry {} of {}", n, number, in.shape[0]);
  auto batch = static_cast<int64_t>(number);
  int64_t channels = in.shape[1];
  int64_t rows = out.shape[2];
  int64_t columns = out.shape[3];
  for (int64_t c = 0; c < channels; ++c) {
    const T* plane = in.as<T>() + (batch * channels + c) * in.shape[2] * in.shape[3];
    T* to = out.as<T>() + (n * channels + c) * rows * columns;
    for (int64_t cell = 0; cell < rows * columns; ++cell) {
      Span y = cell_span(corner[1], corner[3], cell / columns, rows, in.shape[2]);
      Span x = cell_span(corner[0], corner[2], cell % columns, columns, in.shape[3]);
      to[cell] = cell_maximum(plane, in.shape[3], y, x);
    }
  }
}

Shape output_shape(const Node& node, const Shape& in, const Shape& rois) {
  AttributeReader attributes(node);
  std::vector<int64_t> pooled = attributes.integers("pooled_shape");
  check_model(pooled.size() == 2 && pooled[0] >= 1 && pooled[1] >= 1,
              "pooled_shape is no pair of positive numbers");
  check_input(in.rank() == 4 && rois.rank() == 2, "X has {} axes, rois {}", in.rank(), rois.rank());
  return {rois[0], in[1], pooled[0], pooled[1]};
}

void infer(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(1), "X or rois is missing");
  const TensorDesc& x = request.inputs[0];
  request.set_output(0, x.dtype, output_shape(request.node, x.shape, request.inputs[1].shape));
}

std::unique_ptr<Kernel> make_pool(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  double scale = attributes.number("spatial_scale", 1);
  attributes.ignore("pooled_shape");
  attributes.finish();
  const Shape& in = request.input(0).shape;
  const Shape& rois = request.input(1).shape;
  check_input(in.rank() == 4 && rois.rank() == 2 && rois[1] == 5 &&
                  request.input(1).dtype == request.input(0).dtype,
              "MaxRoiPool of {} in regions {}", to_string(request.input(0)),
              to_string(request.input(1)));
  request.check_output(0, output_shape(request.node(), in, rois));
  return make_kernel([scale](KernelContext& context) {
    const TensorView& out = context.output(0);
    visit_floating(out.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      context.threads().parallel_for(out.shape[0], 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n) {
          pool_region<T>(context.input(0), out, context.input(1).as<T>() + n * 5, scale, n);
        }
      });
    });
  });
}

}  // namespace

void register_max_roi_pool(Registry& registry) {
  registry.add("MaxRoiPool").kernel("reference", make_pool).infer = infer;
}

}  // namespace convoy
