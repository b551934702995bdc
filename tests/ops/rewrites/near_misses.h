// For each portable rule and each that fuses: a graph where it fires, and the nearest ones where it
// must not. Both keep their numbers.
#pragma once

#include <gtest/gtest.h>

#include <functional>
#include <ostream>
#include <string>
#include <vector>

#include "tests/rewrite/graph_case.h"

namespace convoy::testing {

// Builds the case; `near` 0 is where the rule fires, others are near misses.
struct NearMiss {
  std::string rule;
  int misses;
  std::function<void(GraphCase&, int near)> build;
  int opset = 17;
  bool lowering = false;
  std::string before = "";  // another rule that comes first
};

inline std::ostream& operator<<(std::ostream& out, const NearMiss& one) { return out << one.rule; }

class NearMisses : public ::testing::TestWithParam<NearMiss> {};

inline std::string rule_of(const ::testing::TestParamInfo<NearMiss>& info) {
  return info.param.rule;
}

// A value that is read once more, as graph output "also".
inline void tap(GraphCase& t, ValueId value) { t.output(value, "also"); }

inline ValueId conv(GraphCase& t, ValueId x, Attributes attributes = {}) {
  return t.node("Conv", {x, t.weight({4, 3, 3}), t.weight({4})}, std::move(attributes));
}

}  // namespace convoy::testing
