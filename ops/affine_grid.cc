// AffineGrid, opset 20 and up: theta times the homogeneous coordinates of every output position,
// for two or three spatial axes; x comes first. Coordinates run from -1 to 1.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

double coordinate(int64_t at, int64_t size, bool align_corners) {
  auto length = static_cast<double>(size);
  auto index = static_cast<double>(at);
  if (!align_corners) return (2 * index + 1) / length - 1;
  return size == 1 ? 0 : 2 * index / (length - 1) - 1;
}

// theta: [axes, axes + 1]; grid: [positions, axes] for the sizes given, outermost first.
template <typename T>
void fill_grid(const T* theta, std::span<const int64_t> sizes, bool align_corners, T* grid) {
  auto axes = static_cast<int>(sizes.size());
  int64_t positions = 1;
  for (int64_t size : sizes) positions *= size;
  double at[4] = {0, 0, 0, 1};
  for (int64_t p = 0; p < positions; ++p) {
    int64_t rest = p;
    for (int a = 0; a < axes; ++a) {  // x, then y, then z
      int64_t size = sizes[static_cast<size_t>(axes - 1 - a)];
      at[a] = coordinate(rest % size, size, align_corners);
      rest /= size;
    }
    at[axes] = 1;
    for (int row = 0; row < axes; ++row) {
      double sum = 0;
      for (int k = 0; k <= axes; ++k) {
        sum += static_cast<double>(theta[row * (axes + 1) + k]) * at[k];
      }
      grid[p * axes + row] = static_cast<T>(sum);
    }
  }
}

std::unique_ptr<Kernel> make_grid(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  bool align_corners = attributes.integer("align_corners", 0) != 0;
  attributes.finish();
  const Shape& theta = request.input(0).shape;
  const Shape& grid = request.output(0).shape;
  int axes = grid.rank() - 2;
  check_input(
      (axes == 2 || axes == 3) && theta == Shape({grid[0], axes, axes + 1}) && grid.back() == axes,
      "theta {} for a grid {}", to_string(theta), to_string(grid));
  return make_kernel([align_corners, axes](KernelContext& context) {
    const TensorView& out = context.output(0);
    if (out.count() == 0) return;
    int64_t step = out.count() / out.shape[0];
    std::span<const int64_t> sizes(out.shape.begin() + 1, static_cast<size_t>(axes));
    visit_floating(out.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      context.threads().parallel_for(out.shape[0], 1, [&](int64_t begin, int64_t end) {
        for (int64_t n = begin; n < end; ++n) {
          fill_grid<T>(context.input(0).as<T>() + n * axes * (axes + 1), sizes, align_corners,
                       out.as<T>() + n * step);
        }
      });
    });
  });
}

}  // namespace

void register_affine_grid(Registry& registry) {
  registry.add("AffineGrid")
      .versions(20, std::numeric_limits<int>::max())
      .kernel("reference", make_grid);
}

}  // namespace convoy
