// Col2Im, opset 18 and up: adds the columns of a sliding window back into an image; any number of
// spatial axes. Input [N, C · block, positions], output [N, C, image…].
#include "runtime/graph/window.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Geometry {
  Shape output;
  Window window;  // that slides over the image
  int64_t image_size = 1, block_size = 1, column_count = 1;
};

// nullopt while the image's or the block's sizes are not known.
std::optional<Geometry> describe(const Node& node, const TensorDesc& columns, const Tensor* image,
                                 const Tensor* block) {
  AttributeReader reader(node);
  WindowAttributes attributes;
  attributes.strides = reader.integers("strides");
  attributes.pads = reader.integers("pads");
  attributes.dilations = reader.integers("dilations");
  reader.finish();
  for (int64_t pad : attributes.pads) check_model(pad >= 0, "a pad of {}", pad);
  const Shape& in = columns.shape;
  check_input(in.rank() == 3, "the columns have the shape {}", to_string(in));
  if (image == nullptr || block == nullptr) return std::nullopt;
  Geometry g;
  Dims image_sizes(to_int64s(*image));
  g.window = resolve_window(attributes, image_sizes, Dims(to_int64s(*block)));
  g.image_size = element_count(g.window.input());
  g.block_size = g.window.kernel_volume();
  g.column_count = element_count(g.window.output());
  check_input(in[1] % g.block_size == 0 && in[2] == g.column_count,
              "columns of the shape {} do not fit {} positions of a block of {}", to_string(in),
              g.column_count, g.block_size);
  g.output = {in[0], in[1] / g.block_size};
  for (int64_t size : image_sizes) g.output.push_back(size);
  return g;
}

void infer(InferRequest& request) {
  check_model(request.has_input(0), "there are no columns");
  auto g = describe(request.node, request.inputs[0], request.constant(1), request.constant(2));
  if (g) request.set_output(0, request.inputs[0].dtype, g->output);
}

// Adds the values of one place of the block, at every position of the window.
template <typename T, typename Sum>
void add_place(const Geometry& g, int64_t place, const T* columns, Sum* image) {
  const Window& window = g.window;
  Dims offset = Dims::filled(window.rank(), 0);
  for (int i = window.rank() - 1; i >= 0; --i) {
    offset[i] = place % window[i].kernel * window[i].dilation - window[i].pad_begin;
    place /= window[i].kernel;
  }
  for (int64_t c = 0; c < g.column_count; ++c) {
    int64_t rest = c;
    int64_t at = 0;
    int64_t stride = 1;
    bool inside = true;
    for (int i = window.rank() - 1; i >= 0; --i) {
      int64_t x = rest % window[i].output_size * window[i].stride + offset[i];
      inside = inside && x >= 0 && x < window[i].input_size;
      if (inside) at += x * stride;
      stride *= window[i].input_size;
      rest /= window[i].output_size;
    }
    if (inside) image[at] += static_cast<Sum>(columns[c]);
  }
}

template <typename T>
void run_typed(KernelContext& context, const Geometry& g) {
  using Sum = std::conditional_t<std::is_integral_v<T>, uint64_t,
                                 std::conditional_t<std::is_same_v<T, double>, double, float>>;
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  int64_t planes = out.shape[0] * out.shape[1];
  context.threads().parallel_for(planes, 1, [&](int64_t begin, int64_t end) {
    std::vector<Sum> image(static_cast<size_t>(g.image_size));
    for (int64_t p = begin; p < end; ++p) {
      std::fill(image.begin(), image.end(), Sum(0));
      const T* columns = in.as<T>() + p * g.block_size * g.column_count;
      for (int64_t place = 0; place < g.block_size; ++place) {
        add_place(g, place, columns + place * g.column_count, image.data());
      }
      T* to = out.as<T>() + p * g.image_size;
      for (size_t i = 0; i < image.size(); ++i) to[i] = static_cast<T>(image[i]);
    }
  });
}

std::unique_ptr<Kernel> make_col2im(KernelRequest& request) {
  auto g = describe(request.node(), request.input(0), request.constant(1), request.constant(2));
  if (!g) return request.refuse("the sizes are not known");
  request.check_output(0, g->output);
  return make_kernel([g = *g](KernelContext& context) {
    visit_numeric(context.output(0).dtype,
                  [&](auto tag) { run_typed<typename decltype(tag)::type>(context, g); });
  });
}

}  // namespace

void register_col2im(Registry& registry) {
  registry.add("Col2Im")
      .versions(18, std::numeric_limits<int>::max())
      .kernel("reference", make_col2im)
      .infer = infer;
}

}  // namespace convoy
