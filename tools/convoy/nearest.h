// Suggestions for mistyped names.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace convoy::cli {

// The candidate that takes the fewest changes of a letter, if that is at most a third of its
// letters (and at least one change); "" otherwise.
std::string nearest_name(std::string_view typed, const std::vector<std::string>& candidates);

}  // namespace convoy::cli
