// com.microsoft's MatMulBnb4: A times a matrix whose elements are 4-bit codes of FP4 or NF4, stored
// [N, K] as one row of elements in blocks that each have the largest magnitude of theirs.
#include <algorithm>
#include <array>

#include <fmt/format.h>

#include "ops/matmul_nbits/panels.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

constexpr int kB = 1, kMagnitudes = 2;
constexpr int64_t kMostElements = int64_t{1} << 40;

using Codes = std::array<float, 16>;
constexpr Codes kFp4 = {
    0.0f, 0.0052083333f,  0.6666667f,  1.0f,  0.33333333f,  0.5f,  0.1666667f,  0.25f,
    0.0f, -0.0052083333f, -0.6666667f, -1.0f, -0.33333333f, -0.5f, -0.1666667f, -0.25f};
// Quantiles of the normal distribution.
constexpr Codes kNf4 = {-1.0f,
                        -0.6961928009986877f,
                        -0.5250730514526367f,
                        -0.39491748809814453f,
                        -0.28444138169288635f,
                        -0.18477343022823334f,
                        -0.09105003625154495f,
                        0.0f,
                        0.07958029955625534f,
                        0.16093020141124725f,
                        0.24611230194568634f,
                        0.33791524171829224f,
                        0.44070982933044434f,
                        0.5626170039176941f,
                        0.7229568362236023f,
                        1.0f};

struct Bnb4 {
  int64_t k = 0;
  int64_t n = 0;
  int64_t block = 0;
  bool normal = false;  // NF4
  bool transposed = true;

  int64_t inner() const { return transposed ? k : n; }
  int64_t columns() const { return transposed ? n : k; }
};

Bnb4 read(const Node& node) {
  AttributeReader attributes(node);
  Bnb4 b;
  b.k = attributes.required_integer("K");
  b.n = attributes.required_integer("N");
  b.block = attributes.required_integer("block_size");
  int64_t type = attributes.required_integer("quant_type");
  b.transposed = attributes.integer("transB", 1) != 0;
  attributes.ignore("training_mode");
  attributes.finish();
  check_model(b.k >= 1 && b.n >= 1 && b.k <= kMostElements / b.n, "B has the shape [{}, {}]", b.n,
              b.k);
  check_model(b.block >= 16 && (b.block & (b.block - 1)) == 0,
              "block_size {} is no power of 2 from 16 on", b.block);
  check_model(type == 0 || type == 1, "quant_type {} is neither FP4 nor NF4", type);
  b.normal = type == 1;
  return b;
}

Shape output_shape(const Bnb4& b, Shape a) {
  check_input(a.rank() >= 1 && a.back() == b.inner(), "A of shape {} does not fit B of {} rows",
              to_string(a), b.inner());
  a[a.rank() - 1] = b.columns();
  return a;
}

class Bnb4Panels : public WeightPanels {
 public:
  explicit Bnb4Panels(const Bnb4& b) : b_(b), codes_(b.normal ? kNf4 : kFp4) {}

  void check(const StoredWeights&) const override {}

  void fill_column(const StoredWeights& weights, int64_t column, float* to) const override {
    const auto* bytes = weights.values.as<const uint8_t>();
    const auto* magnitudes = weights.scales.as<const float>();
    for (int64_t p = 0; p < b_.inner(); ++p) {
      const int64_t at = b_.transposed ? column * b_.k + p : p * b_.k + column;
      // The first of two is in the upper half of the byte.
      const int code = at % 2 == 0 ? bytes[at / 2] >> 4 : bytes[at / 2] & 15;
      to[p] = codes_[static_cast<size_t>(code)] * magnitudes[at / b_.block];
    }
  }

 private:
  Bnb4 b_;
  Codes codes_;
};

std::unique_ptr<Kernel> make(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  const Bnb4 b = read(request.node());
  const int64_t count = b.n * b.k;
  const TensorDesc& values = request.input(kB);
  const TensorDesc& magnitudes = request.input(kMagnitudes);
  check_input(values.dtype == DType::kUInt8 && values.count() == (count + 1) / 2,
              "B is {}, expected {} uint8", to_string(values), (count + 1) / 2);
  const int64_t blocks = (count + b.block - 1) / b.block;
  check_input(magnitudes.dtype == DType::kFloat32 && magnitudes.count() == blocks,
              "absmax is {}, expected {} elements", to_string(magnitudes), blocks);
  request.check_output(0, output_shape(b, request.input(0).shape));
  PanelProduct product;
  product.rows = request.input(0).count() / b.inner();
  product.n = b.columns();
  product.k = b.inner();
  return make_panel_product(request, product, std::make_shared<Bnb4Panels>(b),
                            fmt::format("bnb4 panels {} {} {}", b.block, b.normal, b.transposed));
}

void infer(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(kB) && request.has_input(kMagnitudes),
              "A, B and absmax are needed");
  const Bnb4 b = read(request.node);
  request.set_output(0, request.inputs[0].dtype, output_shape(b, request.inputs[0].shape));
}

}  // namespace

void register_matmul_bnb4(Registry& registry) {
  registry.add("MatMulBnb4", "com.microsoft").kernel("panels", make).infer = infer;
}

}  // namespace convoy
