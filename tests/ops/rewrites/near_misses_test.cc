// For each portable rule and each that fuses: a graph where it fires, and the nearest ones where it
// must not. Both keep their numbers.
#include "tests/ops/rewrites/near_miss_reasons.h"
#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

// Builds the case; `near` 0 is where the rule fires, others are near misses.
struct NearMiss {
  std::string rule;
  int misses;
  std::function<void(GraphCase&, int near)> build;
  int opset = 17;
  bool lowering = false;
  std::string before = "";  // another rule that comes first
};

std::ostream& operator<<(std::ostream& out, const NearMiss& one) { return out << one.rule; }

void expect_reason(const RewriteReport& report, const std::string& rule, int near) {
  auto known = near_miss_reasons().find(rule);
  bool named = known != near_miss_reasons().end();
  std::string expected = named ? known->second.at(static_cast<size_t>(near) - 1) : "";
  std::string reason;
  for (const RewriteEntry& entry : report.nearly) {
    if (entry.rule == rule) reason = entry.reason;
  }
  EXPECT_EQ(reason, expected) << near << "\n" << report.to_text();
}

class NearMisses : public ::testing::TestWithParam<NearMiss> {};

TEST_P(NearMisses, FiresInTheFirstCaseOnly) {
  const NearMiss& one = GetParam();
  for (int near = 0; near <= one.misses; ++near) {
    GraphCase test(one.opset);
    one.build(test, near);
    test.finish();
    Feeds feeds;
    uint32_t seed = 3;
    for (ValueId input : test.graph().inputs()) {
      const ValueInfo& info = test.graph().value(input);
      Shape shape;
      for (const Dimension& dim : *info.type.shape) shape.push_back(dim.known() ? dim.size : 4);
      feeds[info.name] = info.type.dtype == DType::kBool ? Tensor::scalar(true)
                                                         : random_floats(shape, seed++);
    }
    std::vector<Tensor> before = evaluate_graph(test.graph(), feeds);
    RewriteOptions options;
    options.only = {one.rule};
    if (!one.before.empty()) options.only.push_back(one.before);
    options.lowering = one.lowering;
    RewriteReport report = test.optimize(options);
    EXPECT_EQ(report.count(one.rule) > 0, near == 0) << near << "\n" << report.to_text();
    expect_close(evaluate_graph(test.graph(), feeds), before, 1e-5);
    if (near > 0) expect_reason(report, one.rule, near);
  }
}

// A value that is read once more, as graph output "also".
void tap(GraphCase& t, ValueId value) { t.output(value, "also"); }

ValueId conv(GraphCase& t, ValueId x, Attributes attributes = {}) {
  return t.node("Conv", {x, t.weight({4, 3, 3}), t.weight({4})}, std::move(attributes));
}

std::vector<NearMiss> identities() {
  return {
      {"remove_multiply_one", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4});
         ValueId one = near == 2 ? t.floats({1, 1}, {1}) : t.floats({}, {near == 1 ? 1.001F : 1});
         t.output(t.node("Tanh", {t.node("Div", {x, one})}));
       }},
      {"remove_add_zero", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4});
         ValueId zero = t.floats({}, {near == 1 ? 1e-3F : 0});
         ValueId y = near == 2 ? t.node("Sub", {zero, x}) : t.node("Sub", {x, zero});
         t.output(t.node("Tanh", {y}));
       }},
      {"remove_cast", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4});
         DType to = near == 1 ? DType::kFloat64 : DType::kFloat32;
         t.output(t.node("Neg", {t.node("Cast", {x}, {{"to", static_cast<int64_t>(to)}})}));
       }},
      {"remove_transpose", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {3, 3});
         Attributes attributes{{"perm", near == 0 ? List{0, 1} : List{1, 0}}};
         if (near == 2) attributes.clear();
         t.output(t.node("Neg", {t.node("Transpose", {x}, attributes)}));
       }},
      {"remove_reshape", 3,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {"a", "b"});
         List shape = near == 0 ? List{0, -1} : near == 1 ? List{-1, 2} : List{0, -1, 1};
         Attributes attributes;
         if (near == 3) {
           x = t.input("z", {int64_t{0}, 3});
           shape = {3, 0};
           attributes["allowzero"] = int64_t{1};
         }
         t.output(t.node("Neg", {t.node("Reshape", {x, t.ints(shape)}, attributes)}));
       }},
      {"remove_expand", 2,
       [](GraphCase& t, int near) {
         ValueId x = near == 2 ? t.input("x", {"a", 3}) : t.input("x", {4, 3});
         t.output(t.node("Neg", {t.node("Expand", {x, t.ints(near == 1 ? List{2, 1, 1}
                                                                       : List{4, 3})})}));
       }},
      {"remove_flatten", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         t.output(t.node("Neg", {t.node("Flatten", {x}, {{"axis", int64_t{near == 1 ? 2 : 1}}})}));
       }},
      {"remove_pad", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         List pads = near == 0 ? List{0, 0, 0, 0} : near == 1 ? List{0, 1, 0, 0}
                                                              : List{-1, 0, 1, 0};
         t.output(t.node("Neg", {t.node("Pad", {x, t.ints(pads)})}));
       }},
      {"remove_slice", 3,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         std::vector<ValueId> inputs = {x, t.ints({near == 1 ? 1 : near == 3 ? 3 : 0}),
                                        t.ints({near == 2 ? -1 : near == 3 ? -9 : 9}), t.ints({0})};
         if (near == 3) inputs.push_back(t.ints({-1}));
         t.output(t.node("Neg", {t.node("Slice", inputs)}));
       }},
      {"remove_single_operand", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4});
         std::vector<ValueId> inputs(near == 1 ? 2 : 1, x);
         t.output(t.node("Neg", {t.node("Sum", inputs)}));
       }},
      {"remove_dropout", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4});
         ValueType type = ValueType::tensor(DType::kFloat32, Shape{4});
         ValueType mask = ValueType::tensor(DType::kBool, Shape{4});
         std::vector<ValueId> y = t.build().nodes("Dropout", {x}, {}, {type, mask});
         t.output(t.node("Neg", {y[0]}));
         if (near == 1) tap(t, y[1]);
       }},
  };
}

std::vector<NearMiss> shapes() {
  return {
      {"fold_size", 1,
       [](GraphCase& t, int near) {
         ValueId x = near == 1 ? t.input("x", {"a", 3}) : t.input("x", {4, 3});
         t.output(t.node("Neg", {t.node("Size", {x})}));
       }},
      {"fold_shape", 1,
       [](GraphCase& t, int near) {
         ValueId x = near == 1 ? t.input("x", {"a", 3}) : t.input("x", {4, 3});
         t.output(t.node("Neg", {t.node("Shape", {x})}));
       }},
      {"fold_shape_element", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {"a", 3});
         ValueId size = t.node("Gather", {t.node("Shape", {x}), t.index(near == 1 ? -2 : -1)});
         t.output(t.node("Neg", {size}));
       }},
      {"fold_shape_slice", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {"a", 3, 5});
         std::vector<ValueId> inputs = {t.node("Shape", {x}), t.ints({near == 1 ? 0 : 1}),
                                        t.ints({9})};
         if (near == 2) {
           inputs.push_back(t.ints({0}));
           inputs.push_back(t.ints({2}));
         }
         t.output(t.node("Neg", {t.node("Slice", inputs)}));
       }},
      {"cancel_unsqueeze", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {"a", 1, "b"});
         ValueId wide = t.node("Unsqueeze", {x, t.ints({0})});
         t.output(t.node("Neg", {t.node("Squeeze", {wide, t.ints({near == 1 ? 2 : 0})})}));
       }},
      {"cancel_squeeze", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {"a", 1, "b"});
         ValueId flat = t.node("Squeeze", {x, t.ints({1})});
         t.output(t.node("Neg", {t.node("Unsqueeze", {flat, t.ints({near == 1 ? 2 : 1})})}));
       }},
      {"compose_transposes", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 4});
         ValueId y = t.node("Transpose", {x}, {{"perm", List{1, 0, 2}}});
         if (near == 1) y = t.node("Softmax", {y});
         t.output(t.node("Transpose", {y}, {{"perm", List{2, 1, 0}}}));
       }},
      {"push_transposes", 3,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 4});
         ValueId y = t.node("Transpose", {x}, {{"perm", List{1, 0, 2}}});
         if (near == 1) tap(t, y);
         ValueId other = near == 2 ? t.input("z", {3, 2, 4}) : y;
         ValueId sum = t.node("Add", {t.node("Relu", {y}), other});
         if (near == 3) tap(t, sum);
         List perm = near == 1 ? List{2, 1, 0} : List{1, 0, 2};
         t.output(t.node("Transpose", {sum}, {{"perm", perm}}));
       }},
      {"scalar_range_operands", 1,
       [](GraphCase& t, int near) {
         auto number = [&](float value) {
           return t.floats(near == 1 ? Shape{} : Shape{1}, {value});
         };
         t.output(t.node("Mul", {t.input("x", {1}),
                                 t.node("Range", {number(0), number(4), number(1)})}));
       }},
      {"compose_reshapes", 1,
       [](GraphCase& t, int near) {
         ValueId x = near == 1 ? t.input("x", {"a", 6, "b"}) : t.input("x", {"a", 6, 5});
         ValueId y = t.node("Reshape", {x, t.ints({0, 3, 2, -1})});
         t.output(t.node("Reshape", {y, t.ints({0, 0, -1})}));
       }},
      {"merge_equal_nodes", 3,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         ValueId z = t.input("z", {4, 3});
         Attributes first{{"axis", int64_t{1}}};
         Attributes second{{"axis", int64_t{near == 1 ? 0 : 1}}};
         ValueId a = t.node("Softmax", {x}, first);
         ValueId b = t.node(near == 3 ? "LogSoftmax" : "Softmax", {near == 2 ? z : x}, second);
         t.output(t.node("Mul", {a, t.node("Tanh", {b})}));
       }},
  };
}

std::vector<NearMiss> convolutions() {
  return {
      {"fold_channel_factor", 4,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         ValueId y = conv(t, x);
         ValueId c = near == 1 ? t.positive({6}) : near == 2 ? t.positive({1, 4, 6})
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
         t.output(t.node("BatchNormalization", {y, scale, t.weight({4}), t.weight({4}),
                                                t.positive({4})}));
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
      {"fold_pad_into_conv", 4,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         List pads = near == 1 ? List{0, 0, -1, 0, 0, 1} : List{0, 0, 1, 0, 0, 2};
         std::vector<ValueId> inputs = {x, t.ints(pads)};
         if (near == 2) inputs.push_back(t.floats({}, {0.5F}));
         Attributes mode;
         if (near == 3) mode["mode"] = std::string("edge");
         Attributes own;
         if (near == 4) own["auto_pad"] = std::string("SAME_UPPER");
         t.output(conv(t, t.node("Pad", inputs, mode), own));
       }},
      {"fold_pad_into_average_pool", 3,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {2, 3, 8});
         ValueId padded = t.node("Pad", {x, t.ints({0, 0, 1, 0, 0, 1})});
         Attributes attributes{{"kernel_shape", List{3}}, {"strides", List{2}}};
         if (near == 1) attributes["pads"] = List{1, 1};
         if (near == 2) attributes["ceil_mode"] = int64_t{1};
         if (near == 3) {
           padded = t.node("Pad", {x, t.ints({0, 0, 1, 0, 0, 1}), t.floats({}, {1})});
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
         List sizes = near == 1 ? List{2, 2, 12, 7} : near == 2 ? List{2, 24, 7, 1}
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
         ValueId split = t.node("Reshape", {y, t.ints(near == 2 ? List{2, 24, 7, 1}
                                                                : List{2, 4, 6, 7})});
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
  };
}

std::vector<NearMiss> products_and_compositions() {
  return {
      {"fuse_matmul_bias", 3,
       [](GraphCase& t, int near) {
         ValueId y = t.node("MatMul", {t.input("x", {5, 5}), t.weight({5, 5})});
         ValueId c = near == 1 ? t.weight({5, 1}) : near == 2 ? t.weight({1, 1, 5})
                                                              : t.weight({5});
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

std::string test_name(const ::testing::TestParamInfo<NearMiss>& info) { return info.param.rule; }

INSTANTIATE_TEST_SUITE_P(Identities, NearMisses, ::testing::ValuesIn(identities()), test_name);
INSTANTIATE_TEST_SUITE_P(Shapes, NearMisses, ::testing::ValuesIn(shapes()), test_name);
INSTANTIATE_TEST_SUITE_P(Convolutions, NearMisses, ::testing::ValuesIn(convolutions()), test_name);
INSTANTIATE_TEST_SUITE_P(Products, NearMisses, ::testing::ValuesIn(products_and_compositions()),
                         test_name);

// --- a branch that is not known ---

TEST(NearMisses, AComputedIfIsNotInlined) {
  GraphCase test;
  ValueId x = test.input("x", {4});
  ValueId condition = test.input("c", {}, DType::kBool);
  auto branch = [&](std::string_view type) {
    auto body = std::make_shared<Graph>();
    body->opset = test.graph().opset;
    ValueType value = ValueType::tensor(DType::kFloat32, Shape{4});
    ValueId inner = body->capture(x, "x_inner", value);
    body->add_output(GraphBuilder(*body, body->opset, "body").node(type, {inner}, {}, value));
    return body;
  };
  test.output(test.node("If", {condition}, {{"then_branch", branch("Neg")},
                                            {"else_branch", branch("Abs")}}));
  test.finish();
  EXPECT_EQ(test.only({"inline_constant_if"}).fired.size(), 0U);
  EXPECT_EQ(test.count("If"), 1);
}

}  // namespace
}  // namespace convoy::testing
