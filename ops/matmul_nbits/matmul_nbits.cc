// com.microsoft's MatMulNBits: A times a matrix of 2, 4 or 8 bits an element, stored [N, K] in
// blocks along K that each have a scale and a zero point (default: the middle of the range).
// float32, and 16-bit floats in float32. The sum is of float32 products whatever accuracy_level
// allows.
#include <fmt/format.h>

#include "ops/kernels/quantized/quantized_rows.h"
#include "ops/matmul_nbits/panels.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

constexpr int kB = 1, kScales = 2, kZeros = 3, kGroups = 4, kBias = 5;
constexpr int64_t kMostElements = int64_t{1} << 40;

struct Blocks {
  int64_t k = 0;
  int64_t n = 0;
  int64_t size = 0;  // elements
  int64_t bits = 4;

  int64_t count() const { return (k + size - 1) / size; }  // of one column
  int64_t bytes() const { return size * bits / 8; }
  int64_t zero_bytes() const { return (count() * bits + 7) / 8; }  // of one column
};

Blocks read_blocks(const Node& node) {
  AttributeReader attributes(node);
  Blocks blocks;
  blocks.k = attributes.required_integer("K");
  blocks.n = attributes.required_integer("N");
  blocks.size = attributes.required_integer("block_size");
  blocks.bits = attributes.integer("bits", 4);
  int64_t prepacked = attributes.integer("weight_prepacked", 0);
  attributes.ignore("accuracy_level");
  attributes.finish();
  check_model(blocks.k >= 1 && blocks.n >= 1, "B has {} rows and {} columns", blocks.k, blocks.n);
  check_model(blocks.k <= kMostElements / blocks.n, "B has {} rows and {} columns", blocks.k,
              blocks.n);
  bool power = blocks.size >= 16 && (blocks.size & (blocks.size - 1)) == 0;
  check_model(power && blocks.size <= kMostElements, "block_size {} is no power of 2 from 16 on",
              blocks.size);
  check_supported(blocks.bits == 2 || blocks.bits == 4 || blocks.bits == 8, "{} bits", blocks.bits);
  check_supported(prepacked == 0, "weight_prepacked is {}", prepacked);
  return blocks;
}

Shape output_shape(const Blocks& blocks, Shape a) {
  check_input(a.rank() >= 1 && a.back() == blocks.k, "A of shape {} does not fit B of {} rows",
              to_string(a), blocks.k);
  a[a.rank() - 1] = blocks.n;
  return a;
}

// A B without elements stands for a product of zeros.
bool is_left_out(const KernelRequest& request) { return request.input(kB).count() == 0; }

void check_count(const KernelRequest& request, int i, const char* name, int64_t expected) {
  if (!request.has_input(i)) return;
  check_input(request.input(i).count() == expected, "{} is {}, expected {} elements", name,
              to_string(request.input(i)), expected);
}

void check_operands(const KernelRequest& request, const Blocks& blocks) {
  check_count(request, kBias, "the bias", blocks.n);
  if (is_left_out(request)) return;
  const int64_t all = checked_multiply(blocks.n, blocks.count());
  check_count(request, kB, "B", checked_multiply(all, blocks.bytes()));
  check_model(request.input(kB).dtype == DType::kUInt8, "B is {}, not uint8",
              to_string(request.input(kB)));
  check_model(request.input(kScales).dtype == DType::kFloat32, "the scales are {}",
              to_string(request.input(kScales)));
  check_count(request, kScales, "the scales", all);
  check_count(request, kGroups, "g_idx", blocks.k);
  if (request.has_input(kGroups)) {
    check_model(request.input(kGroups).dtype == DType::kInt32, "g_idx is {}",
                to_string(request.input(kGroups)));
  }
  if (!request.has_input(kZeros)) return;
  bool packed = request.input(kZeros).dtype == DType::kUInt8;
  check_model(packed || request.input(kZeros).dtype == DType::kFloat32, "the zero points are {}",
              to_string(request.input(kZeros)));
  check_count(request, kZeros, "the zero points", packed ? blocks.n * blocks.zero_bytes() : all);
}

using Unpack = decltype(QuantizedRows::unpack4);

template <int bits>
class NBitPanels : public WeightPanels {
 public:
  NBitPanels(const Blocks& blocks, Unpack unpack) : blocks_(blocks), unpack_(unpack) {}

  void check(const StoredWeights& weights) const override {
    if (!weights.groups.present()) return;
    const auto* groups = weights.groups.as<const int32_t>();
    for (int64_t k = 0; k < blocks_.k; ++k) {
      check_input(groups[k] >= 0 && groups[k] < blocks_.count(), "g_idx[{}] is {} of {} blocks", k,
                  groups[k], blocks_.count());
    }
  }

  void fill_column(const StoredWeights& weights, int64_t column, float* to) const override {
    if (weights.groups.present()) return fill_by_group(weights, column, to);
    for (int64_t block = 0; block < blocks_.count(); ++block) {
      const int64_t begin = block * blocks_.size;
      const int64_t at = column * blocks_.count() + block;
      unpack_(weights.values.as<const uint8_t>() + at * blocks_.bytes(),
              std::min(blocks_.size, blocks_.k - begin), zero_of(weights, column, block),
              weights.scales.as<const float>()[at], to + begin);
    }
  }

 private:
  static float value(const uint8_t* bytes, int64_t i) {
    constexpr int64_t kPerByte = 8 / bits;
    return static_cast<float>(bytes[i / kPerByte] >> (i % kPerByte * bits) & ((1 << bits) - 1));
  }

  float zero_of(const StoredWeights& weights, int64_t column, int64_t block) const {
    if (!weights.zeros.present()) return static_cast<float>(1 << (bits - 1));
    if (weights.zeros.dtype == DType::kUInt8) {
      return value(weights.zeros.as<const uint8_t>() + column * blocks_.zero_bytes(), block);
    }
    return weights.zeros.as<const float>()[column * blocks_.count() + block];
  }

  void fill_by_group(const StoredWeights& weights, int64_t column, float* to) const {
    const auto* groups = weights.groups.as<const int32_t>();
    const int64_t first = column * blocks_.count();
    const auto* bytes = weights.values.as<const uint8_t>() + first * blocks_.bytes();
    for (int64_t k = 0; k < blocks_.k; ++k) {
      const float scale = weights.scales.as<const float>()[first + groups[k]];
      to[k] = (value(bytes, k) - zero_of(weights, column, groups[k])) * scale;
    }
  }

  Blocks blocks_;
  Unpack unpack_;
};

std::shared_ptr<const WeightPanels> panels_of(const Blocks& blocks, Isa isa) {
  const QuantizedRows& rows = quantized_rows(isa);
  if (blocks.bits == 2) return std::make_shared<NBitPanels<2>>(blocks, rows.unpack2);
  if (blocks.bits == 4) return std::make_shared<NBitPanels<4>>(blocks, rows.unpack4);
  return std::make_shared<NBitPanels<8>>(blocks, rows.unpack8);
}

// Y is the bias, or zeros.
std::unique_ptr<Kernel> make_without_b(int64_t n) {
  return make_kernel([n](KernelContext& context) {
    const TensorView& y = context.output(0);
    const float* bias = context.has_input(kBias) ? context.input(kBias).as<const float>() : nullptr;
    for (int64_t i = 0; i < y.count(); ++i) y.as<float>()[i] = bias ? bias[i % n] : 0.0f;
  });
}

std::unique_ptr<Kernel> make(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  const Blocks blocks = read_blocks(request.node());
  check_operands(request, blocks);
  request.check_output(0, output_shape(blocks, request.input(0).shape));
  if (is_left_out(request)) return make_without_b(blocks.n);
  PanelProduct product;
  product.rows = request.input(0).count() / blocks.k;
  product.n = blocks.n;
  product.k = blocks.k;
  product.zeros = kZeros;
  product.groups = kGroups;
  product.bias = kBias;
  return make_panel_product(
      request, product, panels_of(blocks, request.isa),
      fmt::format("panels of {} bits in blocks of {}", blocks.bits, blocks.size));
}

void infer(InferRequest& request) {
  check_model(request.has_input(0) && request.has_input(kB) && request.has_input(kScales),
              "A, B and the scales are needed");
  const Blocks blocks = read_blocks(request.node);
  request.set_output(0, request.inputs[0].dtype, output_shape(blocks, request.inputs[0].shape));
}

}  // namespace

void register_matmul_nbits(Registry& registry) {
  registry.add("MatMulNBits", "com.microsoft").summing().kernel("panels", make).infer = infer;
  register_matmul_bnb4(registry);
}

}  // namespace convoy
