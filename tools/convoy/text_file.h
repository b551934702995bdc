// Text files that appear whole or not at all.
#pragma once

#include <string>

namespace convoy::cli {

// Writes a temporary file beside `path`, then renames it; throws kInvalidInput.
void write_text_file(const std::string& path, const std::string& text);

}  // namespace convoy::cli
