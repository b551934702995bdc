// MelWeightMatrix, opset 17 to 28: triangular filters from DFT bins to the mel scale,
// mel(f) = 2595 · log10(1 + f / 700).

#include <cmath>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

double scalar(const TensorView& view, const char* name) {
  check_input(view.count() == 1, "{} has {} elements, expected one", name, view.count());
  const Tensor tensor = Tensor::borrow(view);
  return is_floating(view.dtype) ? to_doubles(tensor)[0]
                                 : static_cast<double>(to_int64s(tensor)[0]);
}

// The DFT bin that each edge of the filters falls on; throws kInvalidInput for one outside.
std::vector<int64_t> filter_edges(const KernelContext& context, int64_t bins, int64_t filters) {
  const double dft_length = scalar(context.input(1), "dft_length");
  const double sample_rate = scalar(context.input(2), "sample_rate");
  auto mel_of = [](double hertz) { return 2595.0 * std::log10(1.0 + hertz / 700.0); };
  const double lower = mel_of(scalar(context.input(3), "lower_edge_hertz"));
  const double upper = mel_of(scalar(context.input(4), "upper_edge_hertz"));
  const double step = (upper - lower) / static_cast<double>(filters + 2);
  std::vector<int64_t> edges;
  for (int64_t i = 0; i < filters + 2; ++i) {
    const double mel = lower + step * static_cast<double>(i);
    const double hertz = 700.0 * (std::pow(10.0, mel / 2595.0) - 1.0);
    const double bin = std::floor((dft_length + 1.0) * hertz / sample_rate);
    // The last edge is exclusive.
    const double limit = static_cast<double>(i == filters + 1 ? bins : bins - 1);
    check_input(bin >= 0 && bin <= limit, "edge {} falls on bin {} of {}", i, bin, bins);
    edges.push_back(static_cast<int64_t>(bin));
  }
  return edges;
}

std::vector<double> weights(const std::vector<int64_t>& edges, int64_t bins, int64_t filters) {
  std::vector<double> matrix(static_cast<size_t>(bins * filters));
  auto at = [&](int64_t bin, int64_t filter) -> double& {
    return matrix[static_cast<size_t>(bin * filters + filter)];
  };
  for (int64_t i = 0; i < filters; ++i) {
    const int64_t left = edges[static_cast<size_t>(i)];
    const int64_t center = edges[static_cast<size_t>(i + 1)];
    const int64_t right = edges[static_cast<size_t>(i + 2)];
    if (center == left) at(center, i) = 1;
    for (int64_t j = left; j <= center && center > left; ++j) {
      at(j, i) = static_cast<double>(j - left) / static_cast<double>(center - left);
    }
    for (int64_t j = center; j < right; ++j) {
      at(j, i) = static_cast<double>(right - j) / static_cast<double>(right - center);
    }
  }
  return matrix;
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  attributes.integer("output_datatype", 1);  // the output's type tells
  attributes.finish();
  check_model(request.output(0).rank() == 2, "the output has rank {}", request.output(0).rank());
  return make_kernel([](KernelContext& context) {
    const TensorView& out = context.output(0);
    if (out.count() == 0) return;
    const int64_t bins = out.shape[0];
    const int64_t filters = out.shape[1];
    const auto matrix = weights(filter_edges(context, bins, filters), bins, filters);
    visit_numeric(out.dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      for (size_t i = 0; i < matrix.size(); ++i) {
        if constexpr (std::is_arithmetic_v<T>) {
          out.as<T>()[i] = static_cast<T>(matrix[i]);
        } else {
          out.as<T>()[i] = static_cast<T>(static_cast<float>(matrix[i]));
        }
      }
    });
  });
}

}  // namespace

void register_mel_weight_matrix(Registry& registry) {
  registry.add("MelWeightMatrix").kernel("reference", make_reference);
}

}  // namespace convoy
