// Maps that a caller feeds, as the types that the model declares.
#pragma once

#include "runtime/graph/value_type.h"
#include "runtime/tensor/value.h"

namespace convoy {

// `value` with the values of its maps converted to the declared type: integers to floating types,
// and floating types to each other. What is declared as neither a map nor a sequence of them comes
// back as it is, as does what is of another kind than declared. Throws kInvalidInput where the keys
// or the values do not fit.
Value fit_maps(const Value& value, const ValueType& declared);

}  // namespace convoy
