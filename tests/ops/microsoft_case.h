// Cases of com.microsoft's operators.
#pragma once

#include "tests/ops/op_case.h"

namespace convoy {

inline OpCase microsoft(std::string name, std::string op, std::vector<Tensor> inputs,
                        std::vector<Tensor> expected, Attributes attributes = {}, double within = 0,
                        std::vector<int> constants = {}) {
  OpCase c{std::move(name),
           std::move(op),
           std::move(inputs),
           std::move(expected),
           std::move(attributes),
           1,
           within,
           std::move(constants)};
  c.domain = "com.microsoft";
  return c;
}

}  // namespace convoy
