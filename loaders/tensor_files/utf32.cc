#include "loaders/tensor_files/utf32.h"

#include <cstdint>

namespace convoy {
namespace {

constexpr char32_t kReplacement = 0xFFFD;

bool is_scalar_value(char32_t code) { return code <= 0x10FFFF && (code < 0xD800 || code > 0xDFFF); }

void append_utf8(std::string& text, char32_t code) {
  if (!is_scalar_value(code)) code = kReplacement;
  if (code < 0x80) {
    text += static_cast<char>(code);
    return;
  }
  int trailing = code < 0x800 ? 1 : code < 0x10000 ? 2 : 3;
  constexpr char32_t kLead[] = {0, 0xC0, 0xE0, 0xF0};
  text += static_cast<char>(kLead[trailing] | (code >> (6 * trailing)));
  for (int i = trailing - 1; i >= 0; --i) {
    text += static_cast<char>(0x80 | ((code >> (6 * i)) & 0x3F));
  }
}

}  // namespace

std::string utf8_from_utf32(std::string_view bytes, bool big_endian) {
  std::string text;
  size_t kept = 0;  // length without the zeros at the end
  for (size_t at = 0; at + 4 <= bytes.size(); at += 4) {
    char32_t code = 0;
    for (size_t i = 0; i < 4; ++i) {
      size_t from = at + (big_endian ? i : 3 - i);
      code = code << 8 | static_cast<uint8_t>(bytes[from]);
    }
    append_utf8(text, code);
    if (code != 0) kept = text.size();
  }
  text.resize(kept);
  return text;
}

std::u32string utf32_from_utf8(std::string_view text) {
  std::u32string codes;
  for (size_t at = 0; at < text.size();) {
    auto lead = static_cast<uint8_t>(text[at++]);
    int trailing = lead < 0x80 ? 0 : lead >= 0xF0 ? 3 : lead >= 0xE0 ? 2 : lead >= 0xC0 ? 1 : -1;
    if (trailing < 0) {
      codes += kReplacement;
      continue;
    }
    char32_t code = trailing == 0 ? lead : lead & (0x3Fu >> trailing);
    bool good = true;
    for (int i = 0; i < trailing; ++i) {
      good = at < text.size() && (static_cast<uint8_t>(text[at]) & 0xC0) == 0x80;
      if (!good) break;
      code = code << 6 | (static_cast<uint8_t>(text[at++]) & 0x3F);
    }
    codes += good && is_scalar_value(code) ? code : kReplacement;
  }
  return codes;
}

}  // namespace convoy
