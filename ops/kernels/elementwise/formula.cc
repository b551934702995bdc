#include "ops/kernels/elementwise/formula.h"

namespace convoy::elementwise {
namespace {

struct Entry {
  std::string_view name;
  int arity;
};

constexpr Entry kEntries[kFormulaCount] = {
#define CONVOY_ENTRY(id, name, arity) {name, arity},
    CONVOY_ELEMENTWISE_FORMULAS(CONVOY_ENTRY)
#undef CONVOY_ENTRY
};

}  // namespace

std::string_view to_string(Formula formula) { return kEntries[static_cast<size_t>(formula)].name; }

int arity_of(Formula formula) { return kEntries[static_cast<size_t>(formula)].arity; }

std::optional<Formula> formula_named(std::string_view name) {
  for (int i = 0; i < kFormulaCount; ++i) {
    if (kEntries[i].name == name) return static_cast<Formula>(i);
  }
  return std::nullopt;
}

int cost_of(Formula formula) {
  switch (formula) {
    case Formula::kExp:
    case Formula::kLog:
    case Formula::kElu:
    case Formula::kSelu:
    case Formula::kCelu:
    case Formula::kSigmoid:
    case Formula::kTanh:
    case Formula::kErf:
    case Formula::kGelu:
    case Formula::kGeluTanh:
    case Formula::kSwish:
    case Formula::kMish:
    case Formula::kSoftplus:
    case Formula::kSin:
    case Formula::kCos: return 6;
    case Formula::kTan:
    case Formula::kAsin:
    case Formula::kAcos:
    case Formula::kAtan:
    case Formula::kSinh:
    case Formula::kCosh:
    case Formula::kAsinh:
    case Formula::kAcosh:
    case Formula::kAtanh:
    case Formula::kPower:
    case Formula::kRemainder:
    case Formula::kModulo: return 30;
    default: return 1;
  }
}

}  // namespace convoy::elementwise
