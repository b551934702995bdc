// Text between UTF-8, which ONNX's strings are in, and UTF-32, which NumPy's are in.
#pragma once

#include <string>
#include <string_view>

namespace convoy {

// `bytes` holds whole code points; zeros at the end are dropped, bad ones become U+FFFD.
std::string utf8_from_utf32(std::string_view bytes, bool big_endian);

// Bytes that are no UTF-8 become U+FFFD.
std::u32string utf32_from_utf8(std::string_view text);

}  // namespace convoy
