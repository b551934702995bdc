// Tokenizer of com.microsoft, opset 1: strings [c] or [n, c] become lists of tokens along a new
// last axis, padded to the longest list: what regular expressions separate, what one expression
// matches (the longest match), or single characters. Built only where RE2 was found.
#include <string>
#include <string_view>
#include <vector>

#include "runtime/op/registry.h"

#if defined(CONVOY_HAS_RE2)
#include <re2/re2.h>
#endif

namespace convoy {

#if defined(CONVOY_HAS_RE2)
namespace {

using Tokens = std::vector<std::string_view>;
using Expression = std::shared_ptr<const RE2>;

struct Tokenizer {
  bool characters = false;
  std::vector<Expression> separators;
  Expression token;      // where there are no separators
  int64_t shortest = 1;  // characters of a token
  bool marks = false;
  std::string padding;
};

// Bytes of the character of UTF-8 that begins at `at`.
size_t character_bytes(std::string_view text, size_t at) {
  const auto lead = static_cast<unsigned char>(text[at]);
  const size_t bytes = lead < 0x80   ? 1
                       : lead < 0xc2 ? 0
                       : lead < 0xe0 ? 2
                       : lead < 0xf0 ? 3
                       : lead < 0xf5 ? 4
                                     : 0;
  bool valid = bytes > 0 && at + bytes <= text.size();
  for (size_t i = 1; valid && i < bytes; ++i) {
    valid = (static_cast<unsigned char>(text[at + i]) & 0xc0) == 0x80;
  }
  check_input(valid, "the text is no UTF-8");
  return bytes;
}

int64_t character_count(std::string_view text) {
  int64_t count = 0;
  for (size_t at = 0; at < text.size(); at += character_bytes(text, at)) ++count;
  return count;
}

Tokens characters_of(std::string_view text) {
  Tokens tokens;
  for (size_t at = 0; at < text.size(); at += tokens.back().size()) {
    tokens.push_back(text.substr(at, character_bytes(text, at)));
  }
  return tokens;
}

// The next match at or behind `at`; false if there is none.
bool find(const RE2& expression, std::string_view text, size_t at, std::string_view& found) {
  re2::StringPiece match;
  const re2::StringPiece all(text.data(), text.size());
  if (!expression.Match(all, at, text.size(), RE2::UNANCHORED, &match, 1)) return false;
  found = {match.data(), match.size()};
  return true;
}

// The parts of `text` between matches; what follows an empty match is dropped.
void separate(const RE2& separator, std::string_view text, Tokens& parts) {
  size_t at = 0;
  std::string_view match;
  while (find(separator, text, at, match)) {
    const auto begin = static_cast<size_t>(match.data() - text.data());
    parts.push_back(text.substr(at, begin - at));
    if (match.empty()) return;
    at = begin + match.size();
  }
  parts.push_back(text.substr(at));
}

Tokens matches_of(const RE2& token, std::string_view text) {
  Tokens tokens;
  size_t at = 0;
  std::string_view match;
  while (at < text.size() && find(token, text, at, match)) {
    const auto begin = static_cast<size_t>(match.data() - text.data());
    if (match.empty()) {
      at = begin < text.size() ? begin + character_bytes(text, begin) : text.size();
      continue;
    }
    tokens.push_back(match);
    at = begin + match.size();
  }
  return tokens;
}

Tokens tokenize(const Tokenizer& tokenizer, std::string_view text) {
  if (tokenizer.characters) return characters_of(text);
  character_count(text);  // throws where the text is malformed
  Tokens tokens;
  if (tokenizer.token) {
    tokens = matches_of(*tokenizer.token, text);
  } else {
    tokens = {text};
    for (const Expression& separator : tokenizer.separators) {
      Tokens parts;
      for (std::string_view token : tokens) separate(*separator, token, parts);
      tokens = std::move(parts);
    }
  }
  std::erase_if(
      tokens, [&](std::string_view token) { return character_count(token) < tokenizer.shortest; });
  return tokens;
}

void run(const Tokenizer& tokenizer, KernelContext& context) {
  const TensorView& input = context.input(0);
  check_input(input.dtype == DType::kString && (input.rank() == 1 || input.rank() == 2),
              "Tokenizer of {}", to_string(input));
  Shape shape = input.shape;
  if (input.count() == 0) {
    if (shape.rank() == 2) shape[1] = 0;
    context.set_output(0, Tensor::allocate(DType::kString, shape));
    return;
  }
  std::vector<Tokens> lists;
  size_t longest = 0;
  for (int64_t i = 0; i < input.count(); ++i) {
    lists.push_back(tokenize(tokenizer, input.as<std::string>()[i]));
    longest = std::max(longest, lists.back().size());
  }
  if (longest > 0 && tokenizer.marks) longest += 2;
  shape.push_back(static_cast<int64_t>(longest));
  Tensor result = Tensor::allocate(DType::kString, shape);
  auto* to = result.mutable_data<std::string>();
  for (const Tokens& list : lists) {
    if (longest == 0) break;
    std::string* const end = to + longest;
    if (tokenizer.marks) *to++ = "\x02";
    for (std::string_view token : list) *to++ = token;
    if (tokenizer.marks) *to++ = "\x03";
    while (to != end) *to++ = tokenizer.padding;
  }
  context.set_output(0, std::move(result));
}

Expression compile(const std::string& pattern) {
  RE2::Options options(RE2::Quiet);
  options.set_longest_match(true);
  auto expression = std::make_shared<const RE2>(pattern, options);
  check_model(expression->ok(), "the expression '{}' is malformed: {}", pattern,
              expression->error());
  return expression;
}

std::unique_ptr<Kernel> make_tokenizer(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Tokenizer tokenizer;
  tokenizer.shortest = attributes.required_integer("mincharnum");
  tokenizer.marks = attributes.required_integer("mark") != 0;
  check_model(attributes.has("pad_value"), "the attribute 'pad_value' is missing");
  tokenizer.padding = attributes.text("pad_value", "");
  const std::vector<std::string> separators = attributes.texts("separators");
  const std::string token = attributes.text("tokenexp", "");
  attributes.finish();
  check_model(tokenizer.shortest > 0, "mincharnum is {}", tokenizer.shortest);
  check_model(!separators.empty() || !token.empty(), "there are no separators and no tokenexp");
  tokenizer.characters =
      separators.empty() ? token == "." : separators[0].empty() && separators.size() == 1;
  if (tokenizer.characters) {
    check_model(tokenizer.shortest < 2, "mincharnum is {} for single characters",
                tokenizer.shortest);
  } else if (!separators.empty()) {
    for (const std::string& pattern : separators) {
      tokenizer.separators.push_back(compile(pattern));
    }
  } else {
    tokenizer.token = compile(token);
  }
  return make_kernel(
      [tokenizer = std::move(tokenizer)](KernelContext& context) { run(tokenizer, context); });
}

}  // namespace

void register_tokenizer(Registry& registry) {
  registry.add("Tokenizer", "com.microsoft").kernel("re2", make_tokenizer).dynamic = true;
}
#else
void register_tokenizer(Registry&) {}
#endif

}  // namespace convoy
