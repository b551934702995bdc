// What was caught, as an Error: nothing that the standard library says reaches a user.
#pragma once

#include "runtime/base/error.h"

namespace convoy {

// For a catch block. An Error as it is; memory that could not be had as kOutOfMemory; anything else
// as kInternal.
Error caught_error();

}  // namespace convoy
