// Does a rewritten model compute what the original does?
#pragma once

#include "tools/convoy/feeds.h"

namespace convoy::cli {

// Runs both, as they are, on random inputs of several sizes that the original takes (or those that
// `options` gives) and compares as their types allow: floats within 1e-4 of an output's largest
// magnitude, wider where the model computes in 16 bits or quantizes; integers of 8 bits within one
// step; everything else exactly, in sequences, optionals and maps too. Of outputs that depend on
// random numbers without a seed only types are compared. Returns what was done, a line or more.
// Throws kInvalidInput when they differ, or when the original ran on no size that was tried.
std::string verify(Model before, Model after, const FeedOptions& options);

}  // namespace convoy::cli
