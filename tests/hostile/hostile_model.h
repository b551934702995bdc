// Models that are tried with zeros as hostile_test.cc tries them.
#pragma once

#include <ostream>
#include <string>
#include <vector>

namespace convoy::testing {

struct HostileModel {
  std::string name;
  std::string text;
  std::string refusal;  // part of the message; empty: the model runs
};

inline std::ostream& operator<<(std::ostream& out, const HostileModel& model) {
  return out << model.name;
}

// Attributes, operands and sizes that sums and products overflow with, or that tables, scratch and
// time grow with.
std::vector<HostileModel> models_of_large_numbers();
// Operands that are missing or of another type, of operators whose operands no schema counts.
std::vector<HostileModel> models_of_wrong_operands();

}  // namespace convoy::testing
