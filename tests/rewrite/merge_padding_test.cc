// auto_pad in merged convolutions and pools, with sizes known and not; Clip with bounds of each
// branch.
#include <limits>

#include "tests/rewrite/rows_case.h"

namespace convoy::testing {
namespace {

struct Padding {
  const char* name;
  std::function<ValueId(GraphCase&, ValueId row, const std::string& padding)> apply;
};

std::ostream& operator<<(std::ostream& out, const Padding& one) { return out << one.name; }

Attributes window(const std::string& padding, int64_t kernel, int64_t stride) {
  return {{"auto_pad", padding}, {"kernel_shape", List{kernel}}, {"strides", List{stride}}};
}

std::vector<Padding> paddings() {
  auto pool = [](const char* type, int64_t kernel, int64_t stride) {
    return [=](GraphCase& t, ValueId x, const std::string& padding) {
      Attributes attributes = window(padding, kernel, stride);
      if (type == std::string("AveragePool")) attributes["count_include_pad"] = int64_t{0};
      return t.node("Relu", {t.node(type, {conv(t, x, 4, {{"pads", List{1, 1}}})}, attributes)});
    };
  };
  return {
      {"Conv",
       [](GraphCase& t, ValueId x, const std::string& padding) {
         return t.node("Conv", {x, t.weight({5, kChannels, 4})}, window(padding, 4, 1));
       }},
      {"StridedConv",
       [](GraphCase& t, ValueId x, const std::string& padding) {
         return t.node("Conv", {x, t.weight({5, kChannels, 4}), t.weight({5})},
                       window(padding, 4, 2));
       }},
      {"DilatedConv",
       [](GraphCase& t, ValueId x, const std::string& padding) {
         Attributes attributes = window(padding, 2, 1);
         attributes["dilations"] = List{3};
         return t.node("Conv", {x, t.weight({5, kChannels, 2})}, attributes);
       }},
      {"Depthwise",
       [](GraphCase& t, ValueId x, const std::string& padding) {
         Attributes attributes = window(padding, 2, 3);
         attributes["group"] = int64_t{kChannels};
         return t.node("Conv", {x, t.weight({kChannels, 1, 2})}, attributes);
       }},
      {"MaxPool", pool("MaxPool", 2, 1)},
      {"StridedMaxPool", pool("MaxPool", 4, 3)},
      {"AveragePool", pool("AveragePool", 2, 1)},
      {"StridedAveragePool", pool("AveragePool", 4, 2)},
  };
}

class MergePadding : public ::testing::TestWithParam<Padding> {};

TEST_P(MergePadding, KeepsItsNumbers) {
  for (const char* padding : {"SAME_UPPER", "SAME_LOWER", "VALID"}) {
    for (Dim width : {Dim(kWidth), Dim("width")}) {
      Rows rows(2, width);
      std::vector<ValueId> made =
          rows.apply([&](GraphCase& t, ValueId x, int) { return GetParam().apply(t, x, padding); });
      rows.test.output(join(rows.test, made));
      RewriteReport report = rows.check(2, width.known() ? kWidth : 10);
      EXPECT_EQ(rows.test.count("Conv"), 1) << padding << report.to_text();
      EXPECT_LE(rows.test.count("MaxPool") + rows.test.count("AveragePool"), 1);
    }
  }
}

// A unit kernel on the stacked axis is padded by nothing.
TEST_P(MergePadding, OneWeightForAll) {
  for (const char* padding : {"SAME_UPPER", "SAME_LOWER"}) {
    Rows rows;
    ValueId w = rows.test.weight({5, kChannels, 4});
    std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
      return t.node("Conv", {x, w}, window(padding, 4, 2));
    });
    rows.test.output(join(rows.test, made));
    rows.check();
    EXPECT_EQ(rows.test.count("Conv"), 1);
  }
}

INSTANTIATE_TEST_SUITE_P(Windows, MergePadding, ::testing::ValuesIn(paddings()),
                         [](const auto& info) { return std::string(info.param.name); });

// The same padding, written out in every other branch.
TEST(MergePaddings, WrittenOutIsNoDifference) {
  struct Case {
    std::string padding;
    int64_t stride;
    List pads;
    int convolutions;
  };
  for (const Case& one : {Case{"SAME_UPPER", 1, {1, 2}, 1}, Case{"SAME_LOWER", 1, {2, 1}, 1},
                          Case{"SAME_UPPER", 2, {1, 2}, 1}, Case{"SAME_LOWER", 2, {2, 1}, 1},
                          Case{"SAME_UPPER", 1, {2, 1}, 2}, Case{"SAME_LOWER", 2, {1, 2}, 2}}) {
    Rows rows;
    std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
      Attributes attributes = window(one.padding, 4, one.stride);
      if (row % 2 == 1) {
        attributes["auto_pad"] = std::string("NOTSET");
        attributes["pads"] = one.pads;
      }
      return t.node("Conv", {x, t.weight({5, kChannels, 4})}, attributes);
    });
    rows.test.output(join(rows.test, made));
    RewriteReport report = rows.check();
    EXPECT_EQ(rows.test.count("Conv"), one.convolutions) << one.padding << " " << one.stride << "\n"
                                                         << report.to_text();
  }
}

// At stride 2 the padding depends on a width that is not known.
TEST(MergePaddings, AWidthThatIsNotKnownKeepsThemApart) {
  Rows rows(2, "width");
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
    Attributes attributes = window("SAME_UPPER", 4, 2);
    if (row % 2 == 1) {
      attributes["auto_pad"] = std::string("NOTSET");
      attributes["pads"] = List{1, 2};
    }
    return t.node("Conv", {x, t.weight({5, kChannels, 4})}, attributes);
  });
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{1}}}));
  rows.check(2, 9);
  EXPECT_EQ(rows.test.count("Conv"), 2);
}

// --- Clip ---

constexpr float kNan = std::numeric_limits<float>::quiet_NaN();

// conv(row) → Clip with these bounds (kNan: left out), with a NaN in the input.
RewriteReport check_clip(Rows& rows, const std::vector<std::pair<float, float>>& bounds) {
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int row) {
    auto [low, high] = bounds[static_cast<size_t>(row)];
    std::vector<ValueId> inputs = {conv(t, x)};
    inputs.push_back(std::isnan(low) ? ValueId::kNone : t.floats({}, {low}));
    if (!std::isnan(high)) inputs.push_back(t.floats({}, {high}));
    return t.node("Clip", inputs);
  });
  rows.test.output(join(rows.test, made));
  rows.test.finish();
  Tensor x = random_floats({2, kChannels, kRows, kWidth}, 11);
  x.mutable_data<float>()[5] = kNan;
  x.mutable_data<float>()[40] = std::numeric_limits<float>::infinity();
  Feeds feeds{{"x", x}};
  std::vector<Tensor> before = evaluate_graph(rows.test.graph(), feeds);
  RewriteReport report = rows.test.optimize();
  std::vector<Tensor> after = evaluate_graph(rows.test.graph(), feeds);
  std::vector<double> a = to_doubles(before[0]);
  std::vector<double> b = to_doubles(after[0]);
  EXPECT_EQ(a.size(), b.size());
  bool any_nan = false;
  for (size_t i = 0; i < a.size(); ++i) {
    any_nan = any_nan || std::isnan(a[i]);
    EXPECT_EQ(std::isnan(a[i]), std::isnan(b[i])) << i;
    if (std::isfinite(a[i])) {
      EXPECT_NEAR(a[i], b[i], 1e-5) << i;
    }
  }
  EXPECT_TRUE(any_nan);
  return report;
}

TEST(MergeClip, BoundsOfEachBranch) {
  Rows rows;
  // In the last, the lower bound is above the upper one, which wins.
  RewriteReport report = check_clip(rows, {{-0.5F, 0.5F}, {-0.1F, 0.7F}, {0, 1}, {0.3F, -0.3F}});
  EXPECT_EQ(rows.test.count("Conv"), 1) << report.to_text();
  EXPECT_EQ(rows.test.count("Max"), 1);
  EXPECT_EQ(rows.test.count("Min"), 1);
  EXPECT_EQ(rows.test.count("Clip"), 0);
}

TEST(MergeClip, OneBoundOnly) {
  Rows rows;
  check_clip(rows, {{kNan, 0.5F}, {kNan, 0.7F}, {kNan, 1}, {kNan, -0.3F}});
  EXPECT_EQ(rows.test.count("Conv"), 1);
  EXPECT_EQ(rows.test.count("Max"), 0);
  EXPECT_EQ(rows.test.count("Min"), 1);
}

TEST(MergeClip, EqualBoundsStayClip) {
  Rows rows;
  check_clip(rows, std::vector<std::pair<float, float>>(kRows, {-0.2F, 0.4F}));
  EXPECT_EQ(rows.test.count("Conv"), 1);
  EXPECT_EQ(rows.test.count("Clip"), 1);
}

TEST(MergeClip, BoundsOnSomeBranchesStayApart) {
  Rows rows;
  check_clip(rows, {{kNan, 0.5F}, {-0.5F, 0.7F}, {kNan, 1}, {-0.1F, 0.3F}});
  EXPECT_GE(rows.test.count("Min") + rows.test.count("Clip"), 2);
}

TEST(MergeClip, ComputedBoundsStayApartWithAReason) {
  Rows rows;
  std::vector<ValueId> made = rows.apply([&](GraphCase& t, ValueId x, int) {
    ValueId y = t.node("Tanh", {x});
    ValueId bound = t.node("ReduceMax", {y}, {{"keepdims", int64_t{0}}});
    return t.node("Clip", {y, t.floats({}, {-1}), bound});
  });
  rows.test.output(rows.test.node("Concat", made, {{"axis", int64_t{1}}}));
  RewriteReport report = rows.check();
  EXPECT_EQ(rows.test.count("Clip"), kRows);
  ASSERT_FALSE(report.nearly.empty());
  EXPECT_EQ(report.nearly[0].reason,
            "Clip cannot be computed once for all branches: operand 3 is computed in each");
}

}  // namespace
}  // namespace convoy::testing
