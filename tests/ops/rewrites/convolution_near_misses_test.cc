// Convolutions, products and what replaces compositions.
#include "tests/ops/rewrites/near_misses.h"

#include <limits>

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

std::vector<NearMiss> convolutions() {
  return {
      {"fold_channel_factor", 4,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         ValueId y = conv(t, x);
         ValueId c = near == 1   ? t.positive({6})
                     : near == 2 ? t.positive({1, 4, 6})
                                 : t.positive({4, 1});
         t.output(near == 3 ? t.node("Div", {c, y}) : t.node("Div", {y, c}));
         if (near == 4) tap(t, y);
       }},
      {"fold_channel_offset", 3,
       [](GraphCase& t, int near) {
         ValueId y = conv(t, t.input("x", {2, 3, 8}));
         ValueId c = near == 1 ? t.weight({6}) : t.weight({4, 1});
         t.output(near == 2 ? t.node("Sub", {c, y}) : t.node("Sub", {y, c}));
         if (near == 3) tap(t, y);
       }},
      {"fold_batch_normalization", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         ValueId w = near == 1 ? t.input("w", {4, 3, 3}) : t.weight({4, 3, 3});
         ValueId scale = near == 2 ? t.input("s", {4}) : t.positive({4});
         ValueId y = t.node("Conv", {x, w});
         t.output(t.node("BatchNormalization",
                         {y, scale, t.weight({4}), t.weight({4}), t.positive({4})}));
       }},
      {"merge_convolution_sum", 4,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         ValueId z = near == 4 ? t.input("z", {1, 3, 8}) : t.input("z", {2, 3, 8});
         ValueId w = t.weight({4, 3, 3});
         ValueId v = near == 1 ? t.weight({4, 3, 3}) : w;
         Attributes pads{{"pads", List{1, 1}}};
         Attributes others = near == 2 ? Attributes{{"pads", List{2, 0}}} : pads;
         ValueId a = t.node("Conv", {x, w}, pads);
         t.output(t.node("Add", {a, t.node("Conv", {z, v, t.weight({4})}, others)}));
         if (near == 3) tap(t, a);
       }},
      {"fold_pad_into_conv", 5,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         List pads = near == 1 ? List{0, 0, -1, 0, 0, 1} : List{0, 0, 1, 0, 0, 2};
         std::vector<ValueId> inputs = {x, t.ints(pads)};
         if (near == 2) inputs.push_back(t.floats({}, {0.5F}));
         Attributes mode;
         if (near == 3) mode["mode"] = std::string("edge");
         Attributes own;
         if (near == 4) own["auto_pad"] = std::string("SAME_UPPER");
         if (near == 5) own["pads"] = List{-1, 0};
         t.output(conv(t, t.node("Pad", inputs, mode), own));
       }},
      {"fold_pad_into_average_pool", 5,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         ValueId padded = t.node("Pad", {x, t.ints({0, 0, 1, 0, 0, 1})});
         Attributes attributes{{"kernel_shape", List{3}}, {"strides", List{2}}};
         if (near == 1) attributes["pads"] = List{1, 1};
         if (near == 2) attributes["ceil_mode"] = int64_t{1};
         if (near == 3) {
           padded = t.node("Pad", {x, t.ints({0, 0, 1, 0, 0, 1}), t.floats({}, {1})});
         }
         if (near == 4) padded = t.node("Pad", {x, t.ints({0, 0, 0, 0, 0, 3})});
         if (near == 5) {
           padded = t.node("Pad", {x, t.ints({0, 0, 2, 0, 0, 0})});
           attributes["pads"] = List{1, 0};
           attributes["count_include_pad"] = int64_t{1};
         }
         t.output(t.node("AveragePool", {padded}, attributes));
       }},
      {"raise_stacked_conv_input", 4,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 4, 9});
         List perm = near == 1 ? List{2, 0, 1, 3} : List{0, 2, 1, 3};
         List shape = near == 1 ? List{4, 6, 9} : near == 2 ? List{2, 4, 27} : List{2, 12, 9};
         int64_t in = near == 1 ? 6 : near == 2 ? 4 : 12;
         int64_t group = near == 1 ? 2 : near == 3 ? 3 : near == 4 ? 2 : 4;
         ValueId y = t.node("Reshape", {t.node("Transpose", {x}, {{"perm", perm}}), t.ints(shape)});
         t.output(t.node("Conv", {y, t.weight({24, in / group, 3})}, {{"group", group}}));
       },
       17, true},
      {"raise_stacked_conv_output", 4,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 4, 9});
         ValueId stacked = t.node("Transpose", {x}, {{"perm", List{0, 2, 1, 3}}});
         ValueId folded = t.node("Reshape", {stacked, t.ints({2, 12, 9})});
         ValueId y = t.node("Conv", {folded, t.weight({24, 3, 3})}, {{"group", int64_t{4}}});
         List sizes = near == 1   ? List{2, 2, 12, 7}
                      : near == 2 ? List{2, 24, 7, 1}
                                  : List{2, 4, 6, 7};
         ValueId split = t.node("Reshape", {y, t.ints(sizes)});
         if (near == 4) tap(t, split);
         List perm = near == 3 ? List{0, 3, 2, 1} : List{0, 2, 1, 3};
         t.output(t.node("Transpose", {split}, {{"perm", perm}}));
       },
       17, true, "raise_stacked_conv_input"},
      {"raise_stacked_conv_last", 4,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 12, 9});
         int64_t group = near == 1 ? 2 : 4;
         ValueId y = t.node("Conv", {x, t.weight({24, 12 / group, 3})}, {{"group", group}});
         ValueId split =
             t.node("Reshape", {y, t.ints(near == 2 ? List{2, 24, 7, 1} : List{2, 4, 6, 7})});
         List perm = near == 3 ? List{0, 3, 2, 1} : List{0, 2, 1, 3};
         t.output(t.node("Transpose", {split}, {{"perm", perm}}));
         if (near == 4) tap(t, y);
       },
       17, true},
      {"fuse_conv_activation", 2,
       [](GraphCase& t, int near) {
         ValueId y = conv(t, t.input("x", {2, 3, 8}));
         t.output(t.node(near == 1 ? "Softsign" : "Relu", {y}));
         if (near == 2) tap(t, y);
       },
       17, true},
      {"fuse_conv_residual", 2,
       [](GraphCase& t, int near) {
         ValueId y = conv(t, t.input("x", {2, 3, 8}));
         ValueId r = near == 1 ? t.input("r", {2, 4, 1}) : t.input("r", {2, 4, 6});
         t.output(t.node("Add", {y, r}));
         if (near == 2) tap(t, y);
       },
       17, true},
      {"fuse_conv_scale", 6,
       [](GraphCase& t, int near) {
         ValueId y = conv(t, t.input("x", {2, 3, 8}));
         if (near != 2) y = t.node("Relu", {y});
         if (near == 6) tap(t, y);
         ValueId factor = t.floats({}, {near == 5 ? std::numeric_limits<float>::infinity() : 3});
         if (near == 1) factor = t.floats({4, 1}, {1, 2, 3, 4});
         if (near == 3) factor = t.input("factor", {1});
         if (near == 4) factor = t.floats({1, 1, 1, 1}, {3});
         y = t.node("Mul", {factor, y});
         t.output(near == 0 ? t.node("Mul", {t.node("Add", {y, t.floats({1}, {0.5F})}),
                                             t.floats({}, {-2})})
                            : y);
       },
       17, true, "fuse_conv_activation"},
  };
}

std::vector<NearMiss> products_and_compositions() {
  return {
      {"fuse_matmul_bias", 4,
       [](GraphCase& t, int near) {
         ValueId b = near == 4 ? t.weight({5}) : t.weight({5, 5});
         ValueId y = t.node("MatMul", {t.input("x", {5, 5}), b});
         ValueId c = near == 1 ? t.weight({5, 1}) : near == 2 ? t.weight({1, 1, 5}) : t.weight({5});
         t.output(t.node("Add", {y, c}));
         if (near == 3) tap(t, y);
       },
       17, true},
      {"fuse_matmul_residual", 1,
       [](GraphCase& t, int near) {
         ValueId y = t.node("MatMul", {t.input("x", {5, 4}), t.weight({4, 6})});
         ValueId r = near == 1 ? t.input("r", {5, 1}) : t.input("r", {5, 6});
         t.output(t.node("Add", {y, r}));
       },
       17, true},
      {"fuse_matmul_activation", 2,
       [](GraphCase& t, int near) {
         ValueId y = t.node("MatMul", {t.input("x", {5, 4}), t.weight({4, 6})});
         t.output(t.node(near == 1 ? "Softmax" : "Relu", {y}));
         if (near == 2) tap(t, y);
       },
       17, true},
      {"fuse_elementwise", 1,
       [](GraphCase& t, int near) {
         ValueId y = t.node("Exp", {t.input("x", {64, 64})});
         t.output(t.node("Tanh", {y}));
         if (near == 1) tap(t, y);
       },
       17, true},
      {"recognize_swish", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         ValueId gate = t.node("Sigmoid", {near == 1 ? t.input("z", {4, 3}) : x});
         t.output(t.node("Mul", {x, gate}));
         if (near == 2) tap(t, gate);
       },
       17, true},
      {"recognize_gelu", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         ValueId erf = t.node("Erf", {t.node("Div", {x, t.floats({}, {1.41421356F})})});
         ValueId sum = t.node("Add", {erf, t.floats({}, {near == 1 ? 1.01F : 1.0F})});
         ValueId other = near == 2 ? t.input("z", {4, 3}) : x;
         t.output(t.node("Mul", {t.node("Mul", {other, sum}), t.floats({}, {0.5F})}));
       },
       20},
      {"recognize_hard_swish", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         Attributes attributes{{"alpha", near == 1 ? 0.2F : 1.0F / 6}};
         ValueId gate = t.node("HardSigmoid", {x}, attributes);
         t.output(t.node("Mul", {near == 2 ? t.node("Neg", {x}) : x, gate}));
       }},
      {"recognize_gelu_tanh", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         ValueId cube = t.node("Pow", {x, t.floats({}, {near == 1 ? 2.0F : 3.0F})});
         ValueId inner = t.node("Add", {x, t.node("Mul", {cube, t.floats({}, {0.044715F})})});
         float factor = near == 2 ? 0.8F : 0.7978845608F;
         ValueId gate = t.node("Tanh", {t.node("Mul", {inner, t.floats({}, {factor})})});
         ValueId sum = t.node("Add", {gate, t.floats({}, {1})});
         t.output(t.node("Mul", {t.node("Mul", {x, sum}), t.floats({}, {0.5F})}));
       },
       20},
      {"recognize_layer_normalization", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 6});
         Attributes axes{{"axes", List{near == 1 ? 0 : -1}}};
         ValueId mean = t.node("ReduceMean", {x}, axes);
         ValueId centred = t.node("Sub", {x, mean});
         ValueId square = t.node("Pow", {centred, t.floats({}, {2})});
         ValueId variance = t.node("ReduceMean", {square}, axes);
         ValueId root = t.node("Sqrt", {t.node("Add", {variance, t.floats({}, {1e-3F})})});
         ValueId scale = near == 2 ? t.positive({4, 6}) : t.positive({6});
         ValueId y = t.node("Mul", {t.node("Div", {centred, root}), scale});
         t.output(t.node("Add", {y, t.weight({6})}));
       }},
  };
}

INSTANTIATE_TEST_SUITE_P(Convolutions, NearMisses, ::testing::ValuesIn(convolutions()), rule_of);
INSTANTIATE_TEST_SUITE_P(Products, NearMisses, ::testing::ValuesIn(products_and_compositions()),
                         rule_of);

}  // namespace
}  // namespace convoy::testing
