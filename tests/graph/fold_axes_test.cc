// Two axes as one and one as two, whatever sizes are open, whatever they turn out to be.
#include "runtime/graph/fold_axes.h"

#include "tests/rewrite/graph_case.h"

namespace convoy::testing {
namespace {

// Sizes of a value of rank 4 whose axes 1 and 2 are folded; -1 where they are open.
struct FoldCase {
  std::vector<int64_t> declared;
  std::vector<int64_t> actual;
};

std::vector<FoldCase> cases() {
  std::vector<FoldCase> made;
  for (int open = 0; open < 16; ++open) {
    bool both = (open & 2) != 0 && (open & 4) != 0;
    if (both) continue;
    for (int empty = 0; empty < 16; ++empty) {
      FoldCase one{{2, 3, 4, 5}, {2, 3, 4, 5}};
      for (size_t i = 0; i < 4; ++i) {
        if ((empty >> i & 1) != 0) one.actual[i] = 0;
        one.declared[i] = (open >> i & 1) != 0 ? -1 : one.actual[i];
      }
      made.push_back(one);
    }
  }
  return made;
}

std::vector<Dim> dims_of(const std::vector<int64_t>& declared, bool folded) {
  const char* names[] = {"a", "b", "c", "d"};
  std::vector<Dim> dims;
  for (size_t i = 0; i < declared.size(); ++i) {
    dims.push_back(declared[i] < 0 ? Dim(names[i]) : Dim(declared[i]));
  }
  if (!folded) return dims;
  bool open = declared[1] < 0 || declared[2] < 0;
  dims[1] = open ? Dim("bc") : Dim(declared[1] * declared[2]);
  dims.erase(dims.begin() + 2);
  return dims;
}

Shape actual_shape(const FoldCase& one) { return Shape{std::span<const int64_t>(one.actual)}; }
Shape folded_shape(const FoldCase& one) {
  return {one.actual[0], one.actual[1] * one.actual[2], one.actual[3]};
}

class FoldAxes : public ::testing::TestWithParam<FoldCase> {};

TEST_P(FoldAxes, MakesOneOfTwo) {
  GraphCase test;
  ValueId x = test.input("x", dims_of(GetParam().declared, false));
  test.output(fold_axes(test.build(), x, 1));
  test.finish();
  Tensor given = random_floats(actual_shape(GetParam()), 3);
  std::vector<Tensor> results = evaluate_graph(test.graph(), {{"x", given}});
  expect_close(results, std::vector<Tensor>{given.reshaped(folded_shape(GetParam()))}, 0);
}

TEST_P(FoldAxes, MakesTwoOfOne) {
  const std::vector<int64_t>& declared = GetParam().declared;
  if (declared[1] <= 0 && declared[2] <= 0) return;  // nothing says how many are in each
  if (declared[1] < 0 && declared[2] == 0) return;
  if (declared[2] < 0 && declared[1] == 0) return;
  GraphCase test;
  ValueId x = test.input("x", dims_of(declared, true));
  auto size = [&](size_t i) { return Dimension{declared[i], ""}; };
  test.output(split_axis(test.build(), x, 1, size(1), size(2)));
  test.finish();
  Tensor given = random_floats(folded_shape(GetParam()), 3);
  std::vector<Tensor> results = evaluate_graph(test.graph(), {{"x", given}});
  expect_close(results, std::vector<Tensor>{given.reshaped(actual_shape(GetParam()))}, 0);
}

INSTANTIATE_TEST_SUITE_P(Sizes, FoldAxes, ::testing::ValuesIn(cases()), [](const auto& info) {
  std::string name;
  for (size_t i = 0; i < 4; ++i) {
    int64_t declared = info.param.declared[i];
    name +=
        declared < 0 ? fmt::format("open{}_", info.param.actual[i]) : fmt::format("{}_", declared);
  }
  name.pop_back();
  return name;
});

}  // namespace
}  // namespace convoy::testing
