// Identities and shapes.
#include "tests/ops/rewrites/near_misses.h"

namespace convoy::testing {
namespace {

using List = std::vector<int64_t>;

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
         t.output(t.node("Neg",
                         {t.node("Expand", {x, t.ints(near == 1 ? List{2, 1, 1} : List{4, 3})})}));
       }},
      {"remove_flatten", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         t.output(t.node("Neg", {t.node("Flatten", {x}, {{"axis", int64_t{near == 1 ? 2 : 1}}})}));
       }},
      {"remove_pad", 2,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         List pads = near == 0   ? List{0, 0, 0, 0}
                     : near == 1 ? List{0, 1, 0, 0}
                                 : List{-1, 0, 1, 0};
         t.output(t.node("Neg", {t.node("Pad", {x, t.ints(pads)})}));
       }},
      {"remove_slice", 3,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4, 3});
         std::vector<ValueId> inputs = {x,
                                        t.ints({near == 1   ? 1
                                                : near == 3 ? 3
                                                            : 0}),
                                        t.ints({near == 2   ? -1
                                                : near == 3 ? -9
                                                            : 9}),
                                        t.ints({0})};
         if (near == 3) inputs.push_back(t.ints({-1}));
         t.output(t.node("Neg", {t.node("Slice", inputs)}));
       }},
      {"remove_single_operand", 1,
       [](GraphCase& t, int near) {
         ValueId x = t.input("x", {4});
         std::vector<ValueId> inputs(near == 1 ? 2 : 1, x);
         t.output(t.node("Neg", {t.node("Sum", inputs)}));
       }},
      {"remove_where", 2,
       [](GraphCase& t, int near) {
         Tensor condition = Tensor::zeros(DType::kBool, {4, 1});
         if (near == 1) *condition.mutable_data<bool>() = true;
         ValueId x = t.input("x", {4, 3});
         ValueId other = t.input("z", {near == 2 ? 4 : 1});
         if (near == 2) x = t.input("w", {1});
         t.output(t.node("Neg", {t.node("Where", {t.build().constant(condition), other, x})}));
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
         t.output(t.node("Mul",
                         {t.input("x", {1}), t.node("Range", {number(0), number(4), number(1)})}));
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

INSTANTIATE_TEST_SUITE_P(Identities, NearMisses, ::testing::ValuesIn(identities()), rule_of);
INSTANTIATE_TEST_SUITE_P(Shapes, NearMisses, ::testing::ValuesIn(shapes()), rule_of);

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
  test.output(test.node("If", {condition},
                        {{"then_branch", branch("Neg")}, {"else_branch", branch("Abs")}}));
  test.finish();
  EXPECT_EQ(test.only({"inline_constant_if"}).fired.size(), 0U);
  EXPECT_EQ(test.count("If"), 1);
}

}  // namespace
}  // namespace convoy::testing
