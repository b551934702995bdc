// Col2Im, opset 18 and up: adds the columns of a sliding window back into an image; any number of
// spatial axes. Input [N, C · block, positions], output [N, C, image…].
#include <cstring>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct WindowForm {
  std::vector<int64_t> strides, pads, dilations;
};

struct Geometry {
  std::vector<int64_t> image, block, columns;
  int64_t image_size = 1, block_size = 1, column_count = 1;
};

Geometry describe(const WindowForm& form, const Shape& output, const TensorView& block) {
  Geometry g;
  auto axes = static_cast<size_t>(output.rank() - 2);
  check_input(block.dtype == DType::kInt64 && block.count() == static_cast<int64_t>(axes),
              "a block of {} sizes for {} axes", block.count(), axes);
  for (size_t i = 0; i < axes; ++i) {
    g.image.push_back(output[static_cast<int>(i) + 2]);
    g.block.push_back(block.as<int64_t>()[i]);
    check_input(g.block[i] > 0, "a block of length {}", g.block[i]);
    int64_t span = checked_add(checked_multiply(form.dilations[i], g.block[i] - 1), 1);
    int64_t room = checked_add(g.image[i], checked_add(form.pads[i], form.pads[i + axes])) - span;
    check_input(room >= 0, "a window of {} in an image of {}", span, g.image[i]);
    g.columns.push_back(room / form.strides[i] + 1);
    g.image_size = checked_multiply(g.image_size, g.image[i]);
    g.block_size = checked_multiply(g.block_size, g.block[i]);
    g.column_count = checked_multiply(g.column_count, g.columns[i]);
  }
  return g;
}

// Adds the values of one place of the block, at every position of the window.
template <typename T, typename Sum>
void add_place(const WindowForm& form, const Geometry& g, int64_t place, const T* columns,
               Sum* image) {
  size_t axes = g.image.size();
  std::vector<int64_t> offset(axes);
  for (size_t i = axes; i-- > 0;) {
    offset[i] = place % g.block[i] * form.dilations[i] - form.pads[i];
    place /= g.block[i];
  }
  for (int64_t c = 0; c < g.column_count; ++c) {
    int64_t rest = c;
    int64_t at = 0;
    int64_t stride = 1;
    bool inside = true;
    for (size_t i = axes; i-- > 0;) {
      int64_t x = rest % g.columns[i] * form.strides[i] + offset[i];
      inside &= x >= 0 && x < g.image[i];
      at += x * stride;
      stride *= g.image[i];
      rest /= g.columns[i];
    }
    if (inside) image[at] += static_cast<Sum>(columns[c]);
  }
}

template <typename T>
void run_typed(KernelContext& context, const WindowForm& form, const Geometry& g) {
  using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t,
                                 std::conditional_t<std::is_same_v<T, double>, double, float>>;
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  int64_t planes = out.shape[0] * out.shape[1];
  check_input(in.count() == planes * g.block_size * g.column_count,
              "{} columns for {} planes of {} · {}", in.count(), planes, g.block_size,
              g.column_count);
  context.threads().parallel_for(planes, 1, [&](int64_t begin, int64_t end) {
    std::vector<Sum> image(static_cast<size_t>(g.image_size));
    for (int64_t p = begin; p < end; ++p) {
      std::fill(image.begin(), image.end(), Sum(0));
      const T* columns = in.as<T>() + p * g.block_size * g.column_count;
      for (int64_t place = 0; place < g.block_size; ++place) {
        add_place(form, g, place, columns + place * g.column_count, image.data());
      }
      T* to = out.as<T>() + p * g.image_size;
      for (size_t i = 0; i < image.size(); ++i) to[i] = static_cast<T>(image[i]);
    }
  });
}

std::unique_ptr<Kernel> make_col2im(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  check_input(request.output(0).rank() >= 3, "an image of rank {}", request.output(0).rank());
  auto axes = static_cast<size_t>(request.output(0).rank() - 2);
  WindowForm form;
  form.strides = attributes.integers("strides", std::vector<int64_t>(axes, 1));
  form.pads = attributes.integers("pads", std::vector<int64_t>(2 * axes, 0));
  form.dilations = attributes.integers("dilations", std::vector<int64_t>(axes, 1));
  attributes.finish();
  check_model(form.strides.size() == axes && form.dilations.size() == axes &&
                  form.pads.size() == 2 * axes,
              "strides, pads and dilations do not fit {} axes", axes);
  for (size_t i = 0; i < axes; ++i) {
    check_model(form.strides[i] > 0 && form.dilations[i] > 0, "strides and dilations are positive");
  }
  for (int64_t pad : form.pads) check_model(pad >= 0, "a pad of {}", pad);
  return make_kernel([form](KernelContext& context) {
    const TensorView& out = context.output(0);
    if (out.count() == 0) return;
    Geometry g = describe(form, out.shape, context.input(2));
    visit_numeric(out.dtype, [&](auto tag) {
      run_typed<typename decltype(tag)::type>(context, form, g);
    });
  });
}

}  // namespace

void register_col2im(Registry& registry) {
  registry.add("Col2Im").versions(18, std::numeric_limits<int>::max())
      .kernel("reference", make_col2im);
}

}  // namespace convoy
