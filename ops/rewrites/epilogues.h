// What lowering rewrites move into the fused operators: activations and residuals.
#pragma once

#include <optional>
#include <string_view>

#include "ops/conv/epilogue.h"
#include "runtime/rewrite/rule.h"

namespace convoy {

// An activation on `inner`; x · sigmoid(x) included (then `inner` occurs twice).
Pattern activation_pattern(const Pattern& inner);

// The activation at the root of a match of activation_pattern; nullopt where its bounds are not
// constant.
std::optional<Epilogue> matched_activation(const Match& match);

// float32, or a 16-bit float, which the fused kernels compute in float32 and round once.
Refusal computes_in_float32(const ValueType& type);

// No constant that the matched nodes read, be it one number, gives the result a higher rank than x
// has.
Refusal keeps_rank_of(const Match& match, std::string_view x);

// Are the shapes equal in every run, as far as types tell?
bool surely_equal(const Dimension& a, const Dimension& b);
bool surely_equal_shapes(const ValueType& a, const ValueType& b);

}  // namespace convoy
