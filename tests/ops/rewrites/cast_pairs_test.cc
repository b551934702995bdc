// Cast of a Cast: one is left where every number comes out the same.
#include "tests/ops/rewrites/check_equal.h"

namespace convoy::testing {
namespace {

constexpr DType kSources[] = {DType::kBool,   DType::kUInt8,   DType::kInt8,     DType::kUInt16,
                              DType::kInt16,  DType::kUInt32,  DType::kInt32,    DType::kUInt64,
                              DType::kInt64,  DType::kFloat16, DType::kBFloat16, DType::kFloat32,
                              DType::kFloat64};

ValueId cast(GraphCase& test, ValueId x, DType to) {
  return test.node("Cast", {x}, {{"to", static_cast<int64_t>(to)}});
}

// Numbers at which types differ, as far as the type has them.
Tensor numbers_of(DType dtype) {
  std::vector<double> numbers = {0, 1, -1, 2, 0.1, -2.5, 127, 128, 255, 256, 300, -300, 5.0 / 3};
  for (double large : {32768.0, 70000.0, 2147483648.0, 4294967295.0, 1e10, 1e20}) {
    numbers.insert(numbers.end(), {large, -large, large - 1});
  }
  GraphCase test;
  auto count = static_cast<int64_t>(numbers.size());
  test.output(cast(test, test.input("x", {count}, DType::kFloat64), dtype));
  test.finish();
  Tensor given = Tensor::allocate(DType::kFloat64, {count});
  std::copy(numbers.begin(), numbers.end(), given.mutable_data<double>());
  return evaluate_graph(test.graph(), {{"x", given}})[0];
}

// Whether the pair became one Cast, which must give the same.
bool is_composed(DType middle, DType to, const Tensor& numbers) {
  GraphCase test(21);
  ValueId x = test.input("x", {numbers.count()}, numbers.dtype());
  test.output(cast(test, cast(test, x, middle), to));
  test.finish();
  Feeds feeds{{"x", numbers}};
  Tensor before = evaluate_graph(test.graph(), feeds)[0];
  bool composed = test.only({"compose_casts"}).count("compose_casts") == 1;
  if (!composed) return false;
  Tensor after = evaluate_graph(test.graph(), feeds)[0];
  auto name = [](DType dtype) { return std::string(to_string(dtype)); };
  bool alike = before.dtype() == DType::kString
                   ? std::ranges::equal(before.values<std::string>(), after.values<std::string>())
                   : identical(before, after);
  EXPECT_TRUE(alike) << name(numbers.dtype()) << " by " << name(middle) << " to " << name(to);
  return true;
}

TEST(CastPairs, OneIsLeftWhereItGivesTheSame) {
  int composed = 0;
  for (DType from : kSources) {
    Tensor numbers = numbers_of(from);
    std::vector<DType> others(std::begin(kSources), std::end(kSources));
    others.insert(others.end(), {DType::kFloat8E4M3FN, DType::kFloat8E8M0, DType::kInt4});
    for (DType middle : others) {
      for (DType to : others) composed += is_composed(middle, to, numbers) ? 1 : 0;
      composed += is_composed(middle, DType::kString, numbers) ? 1 : 0;
    }
  }
  EXPECT_GT(composed, 700);
}

TEST(CastPairs, IntegersAreNotWrittenAsFloats) {
  const std::vector<int16_t> given = {5, -7};
  Tensor numbers = Tensor::from<int16_t>({2}, given);
  EXPECT_FALSE(is_composed(DType::kFloat32, DType::kString, numbers));
  EXPECT_TRUE(is_composed(DType::kInt32, DType::kString, numbers));
  EXPECT_TRUE(is_composed(DType::kFloat32, DType::kInt8, numbers));
}

}  // namespace
}  // namespace convoy::testing
