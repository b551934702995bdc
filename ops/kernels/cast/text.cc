#include "ops/kernels/cast/text.h"

#include <charconv>
#include <cmath>
#include <limits>
#include <string_view>

#include <fmt/format.h>

#include "runtime/base/error.h"

namespace convoy {
namespace {

std::string_view trimmed(std::string_view text) {
  size_t begin = text.find_first_not_of(" \t\r\n");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r\n") - begin + 1);
}

template <typename Int>
std::optional<Int> parse_whole(const std::string& text) {
  std::string_view digits = trimmed(text);
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  Int value = 0;
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, value);
  if (digits.empty() || stop != end || error != std::errc()) return std::nullopt;
  return value;
}

template <typename Real>
std::string format_real(Real value) {
  std::string text = fmt::format("{}", value);
  if (std::isfinite(value) && text.find_first_of(".e") == std::string::npos) text += ".0";
  return text;
}

}  // namespace

double parse_number(const std::string& text) {
  std::string_view digits = trimmed(text);
  if (!digits.empty() && digits[0] == '+') digits.remove_prefix(1);
  double value = 0;
  const char* end = digits.data() + digits.size();
  auto [stop, error] = std::from_chars(digits.data(), end, value);
  bool in_range = error != std::errc::result_out_of_range;
  check_input(stop == end && !digits.empty() && (error == std::errc() || !in_range),
              "'{}' is no number", text);
  if (in_range) return value;
  // from_chars leaves the value alone: tell a tiny number from a huge one.
  bool negative = digits[0] == '-';
  size_t exponent = digits.find_first_of("eE");
  bool tiny = exponent != std::string_view::npos && digits.substr(exponent + 1, 1) == "-";
  double magnitude = tiny ? 0 : std::numeric_limits<double>::infinity();
  return negative ? -magnitude : magnitude;
}

std::optional<int64_t> parse_integer(const std::string& text) { return parse_whole<int64_t>(text); }
std::optional<uint64_t> parse_unsigned(const std::string& text) {
  return parse_whole<uint64_t>(text);
}

std::string format_number(float value) { return format_real(value); }
std::string format_number(double value) { return format_real(value); }
std::string format_number(int64_t value) { return fmt::format("{}", value); }
std::string format_number(uint64_t value) { return fmt::format("{}", value); }

}  // namespace convoy
