#include "tests/hostile/hostile_model.h"

namespace convoy::testing {

std::vector<HostileModel> models_of_large_numbers() {
  return {
      {"pad_by_minus_and_plus_2_to_the_63",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[2] a) => (float[n] y)
          <int64[2] p = {-9223372036854775807, 9223372036854775807}> { y = Pad (a, p) })",
       "a pad of -9223372036854775807"},
      {"pad_of_nothing_by_2_to_the_40",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[2,0] a) => (float[n,m] y)
          <int64[4] p = {0, 0, 1099511627776, 0}> { y = Pad (a, p) })",
       ""},
      {"groups_of_no_channels",
       R"(<ir_version: 10, opset_import: ["" : 21]> g (float[2,0,4] a, float[0] s, float[0] b) =>
          (float[2,0,4] y)
          { y = GroupNormalization <num_groups: int = 4611686018427387904> (a, s, b) })",
       ""},
      {"unpool_to_2_to_the_62",
       R"(<ir_version: 10, opset_import: ["" : 11]> g (float[1,1,2,2] a) => (float[1,1,n,m] y)
          <int64[1,1,2,2] i = {-9223372036854775807, 0, 0, 0},
           int64[4] s = {1, 1, 1, 1048576}>
          { y = MaxUnpool <kernel_shape: ints = [2, 2], strides: ints = [2, 2]> (a, i, s) })",
       "index -9223372036854775807"},
      {"seed_of_3e38",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[2] a) => (float[2] y)
          { b = RandomNormal <seed: float = 3e38, shape: ints = [2]> () y = Add (a, b) })",
       "seed is"},
      {"regions_of_no_channels",
       R"(<ir_version: 10, opset_import: ["" : 16]> g (float[1,0,9,9] a, float[1,4] r, int64[1] b)
          => (float[1,0,n,m] y)
          { y = RoiAlign <output_height: int = 1048576, output_width: int = 1048576>
            (a, r, b) })",
       ""},
      {"transform_of_nothing",
       R"(<ir_version: 10, opset_import: ["" : 17]> g (float[0,4,1] a) => (float[0,n,2] y)
          <int64 l = {2147483647}> { y = DFT (a, l) })",
       ""},
      {"pool_of_2_to_the_31_by_2_to_the_31",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[1,3,32,32] a) => (float[1,3,n,m] y)
          { y = MaxPool <auto_pad = "SAME_LOWER", kernel_shape: ints = [2147483647, 2147483647]>
            (a) })",
       "overflows"},
      {"pool_of_taps_2_to_the_31_apart",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[1,1,32,32] a) => (float[1,1,n,m] y)
          { y = MaxPool <auto_pad = "SAME_UPPER", kernel_shape: ints = [1, 2147483648],
                         dilations: ints = [1, 2147483648]> (a) })",
       ""},
      {"offsets_of_2_to_the_62_groups",
       R"(<ir_version: 10, opset_import: ["" : 19]> g (float[1,0,4,4] a, float[2,0,3,3] w,
          float[1,18,2,2] o) => (float[1,2,2,2] y)
          { y = DeformConv <offset_group: int = 4611686018427387904> (a, w, o) })",
       "overflows"},
      {"convolution_in_2_to_the_63_groups",
       R"(<ir_version: 10, opset_import: ["" : 11]> g (float[2,0,5,5] a, float[0,0,3,3] w) =>
          (float[2,0,3,3] y) { y = Conv <group: int = 9223372036854775807> (a, w) })",
       "groups"},
      {"bias_of_2_to_the_31",
       R"(<ir_version: 10, opset_import: ["" : 10]> g (uint8[1,1,4] a) => (uint8[1,4,n] y)
          <float s = {1}, uint8 x = {0}, uint8 one = {1}, int8 z = {0},
           int8[4,1,1] w = {-1, -1, -1, -1},
           int32[4] b = {2147483647, -2147483648, 0, 2147483647}>
          { y = QLinearConv (a, s, one, w, s, z, s, x, b) })",
       ""},
      {"sums_beyond_2_to_the_31",
       R"(<ir_version: 10, opset_import: ["" : 10]> g (uint8[1,33100] a, uint8[33100,1] b) =>
          (int32[1,1] y) <uint8 z = {255}> { y = MatMulInteger (a, b, z, z) })",
       ""},
      {"integers_added_up",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (int32[1] a) => (int32[1] y)
          <int32[1] b = {2147483647}> { y = Sum (b, b, a) })",
       "only floating types"},
      {"mean_of_integers",
       R"(<ir_version: 10, opset_import: ["" : 13]> g (int8[1] a) => (int8[1] y)
          { y = Mean (a, a) })",
       "only floating types"},
      {"lengths_of_another_batch",
       R"(<ir_version: 3, opset_import: ["" : 8]> g (int64[1] l, float[2,1] s, float[2,3,1] a) =>
          (float[2,1] t, float[2,3,1] y)
          { t, y = Scan <num_scan_inputs: int = 1, body = b (float[1] u, float[1] v) =>
            (float[1] w, float[1] x) { w = Add (u, v) x = Identity (w) }> (l, s, a) })",
       "1 sequence_lens for a batch of 2"},
      {"shape_of_1025_sizes",
       R"(<ir_version: 10, opset_import: ["" : 14]> g (float[4] a, int64[1025] s) => (float[n] y)
          { y = Reshape (a, s) })",
       "output 0 is not known"},
      {"bool_of_2",
       R"(<ir_version: 13, opset_import: ["" : 26]> g (bool[1] a) => (bool[1] y)
          <uint8[1] c = {2}> { b = BitCast <to: int = 9> (c) y = And (a, b) })",
       ""},
      {"columns_of_no_image",
       R"(<ir_version: 10, opset_import: ["" : 18]> g (float[1,1,1] a) => (float[1,1,n,m,k] y)
          <int64[3] i = {0, 2147483648, 2147483648}, int64[3] b = {1, 1, 1}>
          { y = Col2Im <strides: ints = [1, 2147483648, 2147483648],
                        pads: ints = [3, 0, 0, 3, 0, 0]> (a, i, b) })",
       "a"},
  };
}

}  // namespace convoy::testing
