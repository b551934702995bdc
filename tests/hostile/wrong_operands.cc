#include "tests/hostile/hostile_model.h"

namespace convoy::testing {
namespace {

HostileModel of_node(const std::string& name, const std::string& operands, const std::string& node,
                     const std::string& refusal) {
  return {name,
          "<ir_version: 10, opset_import: [\"\" : 17, \"com.microsoft\" : 1]> g (" + operands +
              ") => (float[n] y) { " + node + " }",
          refusal};
}

}  // namespace

std::vector<HostileModel> models_of_wrong_operands() {
  constexpr const char* kMissing = "no operand";
  std::vector<HostileModel> models = {
      of_node("distances_of_one", "float[2,3] a", "y = com.microsoft.CDist (a)", kMissing),
      of_node("embedding_of_two", "int32[1,4] a, float[2,1,1,3] w",
              "y = com.microsoft.WordConvEmbedding (a, w)", kMissing),
      of_node("pool_without_mask", "float[1,1,4,4] a",
              "y = com.microsoft.MaxpoolWithMask <kernel_shape: ints = [2, 2]> (a)", kMissing),
      of_node("keys_of_another_type", "float[1,2,8] q, int8[1,2,8] k, int8[1,2,8] v",
              "y = com.microsoft.MultiHeadAttention <num_heads: int = 1> (q, k, v)",
              "is int8, not float32"),
      of_node("bias_of_another_type", "float[1,8] a, uint8[2,1,8] b, float[2] s, int8[2] c",
              "y = com.microsoft.MatMulNBits <K: int = 8, N: int = 2, bits: int = 4, "
              "block_size: int = 16> (a, b, s, , , c)",
              "is int8, not float32"),
      of_node("tables_of_another_type", "float[1,2,8] a, int64[1,2] p, int8[4,4] c, int8[4,4] s",
              "y = com.microsoft.RotaryEmbedding <num_heads: int = 1> (a, p, c, s)",
              "is int8, not float32"),
  };
  for (const char* op :
       {"com.microsoft.RotaryEmbedding", "com.microsoft.MurmurHash3",
        "com.microsoft.MultiHeadAttention <num_heads: int = 1>",
        "com.microsoft.GroupQueryAttention <num_heads: int = 1, kv_num_heads: int = 1>",
        "com.microsoft.RelativePositionBias <max_distance: int = 8>",
        "SimplifiedLayerNormalization"}) {
    std::string name = std::string(op).substr(0, std::string(op).find(' '));
    name = "nothing_for_" + name.substr(name.rfind('.') + 1);
    models.push_back(
        of_node(name, "float[2] a", "b = Relu (a) y = " + std::string(op) + " ()", kMissing));
  }
  return models;
}

}  // namespace convoy::testing
