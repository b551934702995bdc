// Numbers as text and back, as Cast writes and reads them.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

namespace convoy {

// Decimal, scientific, "NaN", "INF", "+inf", … in any case, blanks around it ignored. Throws
// kInvalidInput for anything else.
double parse_number(const std::string& text);

// The value of a plain decimal integer; nullopt for other texts and values beyond the type.
std::optional<int64_t> parse_integer(const std::string& text);
std::optional<uint64_t> parse_unsigned(const std::string& text);

// The shortest text that reads back as the same value; floats always show a point or an exponent.
std::string format_number(float value);
std::string format_number(double value);
std::string format_number(int64_t value);
std::string format_number(uint64_t value);

}  // namespace convoy
