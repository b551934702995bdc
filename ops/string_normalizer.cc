// StringNormalizer, opset 10 and up: drops stop words from [C] or [1, C], changes the case of the
// others. Case follows Unicode where the C library has a UTF-8 locale, ASCII otherwise.
#include <clocale>
#include <cwctype>
#include <set>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

enum class CaseChange { kNone, kLower, kUpper };

class CaseTable {
 public:
  CaseTable() : locale_(newlocale(LC_CTYPE_MASK, "C.UTF-8", static_cast<locale_t>(nullptr))) {}
  ~CaseTable() {
    if (locale_ != nullptr) freelocale(locale_);
  }
  CaseTable(const CaseTable&) = delete;
  CaseTable& operator=(const CaseTable&) = delete;

  char32_t change(char32_t letter, CaseChange change) const {
    bool upper = change == CaseChange::kUpper;
    if (locale_ != nullptr) {
      auto wide = static_cast<wint_t>(letter);
      return static_cast<char32_t>(upper ? towupper_l(wide, locale_) : towlower_l(wide, locale_));
    }
    if (upper) return letter >= 'a' && letter <= 'z' ? letter - 32 : letter;
    return letter >= 'A' && letter <= 'Z' ? letter + 32 : letter;
  }

 private:
  locale_t locale_;
};

// One character of UTF-8; a byte that starts none is taken as it is.
char32_t decode(std::string_view text, size_t& at) {
  auto byte = [&](size_t i) { return static_cast<unsigned char>(text[i]); };
  unsigned char first = byte(at);
  int extra = first >= 0xf0 && first < 0xf8 ? 3 : first >= 0xe0 ? 2 : first >= 0xc0 ? 1 : 0;
  if (first >= 0xf8 || at + static_cast<size_t>(extra) >= text.size() + (extra == 0 ? 1 : 0)) {
    extra = 0;
  }
  char32_t letter = extra == 0 ? first : first & (0x3fu >> extra);
  for (int k = 1; k <= extra; ++k) {
    letter = letter << 6 | (byte(at + static_cast<size_t>(k)) & 0x3fu);
  }
  at += static_cast<size_t>(extra) + 1;
  return letter;
}

void encode(char32_t letter, std::string& out) {
  if (letter < 0x80) {
    out.push_back(static_cast<char>(letter));
  } else if (letter < 0x800) {
    out.push_back(static_cast<char>(0xc0 | letter >> 6));
    out.push_back(static_cast<char>(0x80 | (letter & 0x3f)));
  } else if (letter < 0x10000) {
    out.push_back(static_cast<char>(0xe0 | letter >> 12));
    out.push_back(static_cast<char>(0x80 | (letter >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (letter & 0x3f)));
  } else {
    out.push_back(static_cast<char>(0xf0 | letter >> 18));
    out.push_back(static_cast<char>(0x80 | (letter >> 12 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (letter >> 6 & 0x3f)));
    out.push_back(static_cast<char>(0x80 | (letter & 0x3f)));
  }
}

std::string with_case(const std::string& text, CaseChange change) {
  static const CaseTable table;
  if (change == CaseChange::kNone) return text;
  std::string result;
  for (size_t at = 0; at < text.size();) {
    size_t begin = at;
    char32_t letter = decode(text, at);
    if (at - begin == 1 && letter >= 0x80) {
      result.push_back(text[begin]);
    } else {
      encode(table.change(letter, change), result);
    }
  }
  return result;
}

struct NormalizerForm {
  CaseChange change = CaseChange::kNone;
  bool case_sensitive = false;
  std::set<std::string> stop_words;
};

void run_normalizer(KernelContext& context, const NormalizerForm& form) {
  const TensorView& input = context.input(0);
  bool row = input.rank() == 1 || (input.rank() == 2 && input.shape[0] == 1);
  check_input(row && input.dtype == DType::kString, "StringNormalizer of {}", to_string(input));
  std::vector<std::string> kept;
  int64_t count = input.count();
  for (int64_t i = 0; i < count; ++i) {
    const std::string& word = input.as<std::string>()[i];
    std::string key = form.case_sensitive ? word : with_case(word, CaseChange::kLower);
    if (!form.stop_words.contains(key)) kept.push_back(with_case(word, form.change));
  }
  if (kept.empty()) kept.emplace_back();
  Shape shape = input.shape;
  shape[shape.rank() - 1] = static_cast<int64_t>(kept.size());
  context.set_output(0, Tensor::from<std::string>(shape, kept));
}

std::unique_ptr<Kernel> make_normalizer(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  NormalizerForm form;
  std::string change = attributes.text("case_change_action", "NONE");
  form.case_sensitive = attributes.integer("is_case_sensitive", 0) != 0;
  attributes.ignore("locale");
  std::vector<std::string> words = attributes.texts("stopwords");
  attributes.finish();
  check_model(change == "NONE" || change == "LOWER" || change == "UPPER",
              "the case change '{}' is not known", change);
  if (change == "LOWER") form.change = CaseChange::kLower;
  if (change == "UPPER") form.change = CaseChange::kUpper;
  for (const std::string& word : words) {
    form.stop_words.insert(form.case_sensitive ? word : with_case(word, CaseChange::kLower));
  }
  return make_kernel([form](KernelContext& context) { run_normalizer(context, form); });
}

}  // namespace

void register_string_normalizer(Registry& registry) {
  registry.add("StringNormalizer").kernel("reference", make_normalizer).dynamic = true;
}

}  // namespace convoy
