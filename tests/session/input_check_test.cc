#include "runtime/session/input_check.h"

#include <gtest/gtest.h>

namespace convoy {
namespace {

Value sequence(std::vector<Value> elements) {
  auto made = std::make_shared<Sequence>();
  made->elements = std::move(elements);
  return std::shared_ptr<const Sequence>(std::move(made));
}

Value map_of(std::vector<int64_t> keys, Tensor values) {
  auto made = std::make_shared<Map>();
  made->keys = std::move(keys);
  made->values = std::move(values);
  return std::shared_ptr<const Map>(std::move(made));
}

std::string complaint(const ValueType& type, const Value& value) {
  try {
    check_input_value("x", type, value);
  } catch (const Error& error) {
    EXPECT_EQ(error.code(), ErrorCode::kInvalidInput);
    return error.message();
  }
  return "";
}

TEST(InputCheck, TellsWhatIsWantedAndWhatIsGiven) {
  ValueType tensor = ValueType::tensor(DType::kFloat32, std::vector<Dimension>{{-1, "n"}, {3, ""}});
  auto holder = [](ValueType::Kind kind, DType key, ValueType element) {
    return ValueType{kind, key, {}, std::make_shared<const ValueType>(std::move(element))};
  };
  ValueType list = holder(ValueType::Kind::kSequence, {}, ValueType::tensor(DType::kFloat32));
  ValueType maybe = holder(ValueType::Kind::kOptional, {}, tensor);
  ValueType map = holder(ValueType::Kind::kMap, DType::kInt64,
                         ValueType::tensor(DType::kFloat32, std::vector<Dimension>{}));
  Tensor good = Tensor::zeros(DType::kFloat32, {2, 3});
  Tensor wide = Tensor::zeros(DType::kFloat32, {2, 4});
  Tensor integers = Tensor::zeros(DType::kInt64, {2});

  EXPECT_EQ(complaint(tensor, good), "");
  EXPECT_EQ(complaint(tensor, wide), "input 'x' must be float32[n,3], got float32[2,4]");
  EXPECT_EQ(complaint(tensor, Value()), "input 'x' (float32[n,3]) is missing");
  EXPECT_EQ(complaint(tensor, Optional{}), "input 'x' must be float32[n,3], got nothing");
  EXPECT_EQ(complaint(tensor, sequence({good, good})),
            "input 'x' must be float32[n,3], got a sequence of float32[2,3]");
  EXPECT_EQ(complaint(list, sequence({good, wide})), "");
  EXPECT_EQ(complaint(list, sequence({})), "");
  EXPECT_EQ(complaint(list, sequence({good, integers})),
            "input 'x' must be sequence(float32[...]), got a sequence of float32[2,3], int64[2], "
            "...");
  EXPECT_EQ(complaint(list, good), "input 'x' must be sequence(float32[...]), got float32[2,3]");
  EXPECT_EQ(complaint(maybe, good), "");
  EXPECT_EQ(complaint(maybe, Optional{}), "");
  EXPECT_EQ(complaint(maybe, wide), "input 'x' must be optional(float32[n,3]), got float32[2,4]");
  EXPECT_EQ(complaint(map, map_of({1, 2}, Tensor::zeros(DType::kFloat32, {2}))), "");
  EXPECT_EQ(complaint(map, map_of({1, 2}, integers)),
            "input 'x' must be map(int64, float32[]), got a map of int64 to int64");
}

}  // namespace
}  // namespace convoy
