// Files as memory.
#pragma once

#include <memory>
#include <string>

#include "runtime/tensor/buffer.h"

namespace convoy {

// The whole of a regular file, mapped read-only; unmapped when the buffer dies. Throws `code` for a
// file that is missing, unreadable or not regular. The file must not shrink while it is mapped.
std::shared_ptr<Buffer> map_file(const std::string& path, ErrorCode code);

// As above for a path without symbolic links; also refuses files that have several hard links.
std::shared_ptr<Buffer> map_file_without_links(const std::string& path, ErrorCode code);

}  // namespace convoy
