// What was caught, as an Error: nothing that the standard library says reaches a user.
#pragma once

#include "runtime/base/error.h"

namespace convoy {

// For a catch block. An Error as it is; memory that could not be had as kOutOfMemory; anything else
// as kInternal.
Error caught_error();

// For a catch block: throws what was caught, with `context` added; a kind of Error stays that kind.
[[noreturn]] void rethrow_caught(const ErrorContext& context);

}  // namespace convoy
