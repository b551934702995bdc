// Operators on strings.
#include <limits>

#include "tests/ops/op_case.h"

namespace convoy {
namespace {

Tensor words(std::initializer_list<std::string> values) {
  return tensor<std::string>({static_cast<int64_t>(values.size())}, values);
}

Tensor ints(std::initializer_list<int64_t> values) {
  return tensor<int64_t>({static_cast<int64_t>(values.size())}, values);
}

Attributes text(const char* name, const char* value) { return {{name, std::string(value)}}; }

std::vector<OpCase> string_cases() {
  Attributes one_cut{{"maxsplit", int64_t{1}}};
  Attributes lower = text("case_change_action", "LOWER");
  Attributes drop{{"stopwords", std::vector<std::string>{"Straße"}},
                  {"case_change_action", std::string("UPPER")}};
  Attributes counts{{"mode", std::string("TFIDF")},
                    {"min_gram_length", int64_t{1}},
                    {"max_gram_length", int64_t{2}},
                    {"max_skip_count", int64_t{1}},
                    {"ngram_counts", std::vector<int64_t>{0, 2}},
                    {"ngram_indexes", std::vector<int64_t>{0, 1, 2}},
                    {"pool_int64s", std::vector<int64_t>{5, 7, 5, 7}},
                    {"weights", std::vector<float>{1, 10, 100}}};
  Attributes pairs = counts;
  pairs["mode"] = std::string("TF");
  pairs.erase("weights");
  pairs.erase("pool_int64s");
  pairs["pool_strings"] = std::vector<std::string>{"a", "b", "a", "b"};
  Attributes any_gap = pairs;
  any_gap["max_skip_count"] = std::numeric_limits<int64_t>::max();
  return {
      {"concat_broadcasts",
       "StringConcat",
       {tensor<std::string>({2, 1}, {"a", "b"}), words({"x", ""})},
       {tensor<std::string>({2, 2}, {"ax", "a", "bx", "b"})}},
      {"split_at_spaces",
       "StringSplit",
       {words({"  a\t b ", "", "c"})},
       {tensor<std::string>({3, 2}, {"a", "b", "", "", "c", ""}), ints({2, 0, 1})}},
      {"split_keeps_the_rest",
       "StringSplit",
       {words({" a  b c "})},
       {tensor<std::string>({1, 2}, {"a", "b c "}), ints({2})},
       one_cut},
      {"split_at_delimiter",
       "StringSplit",
       {words({"a--b----c", ""})},
       {tensor<std::string>({2, 4}, {"a", "b", "", "c", "", "", "", ""}), ints({4, 1})},
       text("delimiter", "--")},
      {"normalizer_lowers_beyond_ascii",
       "StringNormalizer",
       {words({"ÄbC", "\xff"})},
       {words({"äbc", "\xff"})},
       lower},
      {"normalizer_drops_words",
       "StringNormalizer",
       {words({"STRAßE", "weg"})},
       {words({"WEG"})},
       drop},
      {"normalizer_leaves_one_empty",
       "StringNormalizer",
       {tensor<std::string>({1, 1}, {"Straße"})},
       {tensor<std::string>({1, 1}, {""})},
       drop},
      {"ngrams_with_gaps",
       "TfIdfVectorizer",
       {ints({5, 7, 5, 8, 7})},
       {tensor<float>({3}, {2, 20, 200})},
       counts},
      {"pairs_of_words",
       "TfIdfVectorizer",
       {words({"a", "b", "a", "b"})},
       {tensor<float>({3}, {2, 2, 2})},
       pairs},
      {"pairs_of_words_with_any_gap",
       "TfIdfVectorizer",
       {words({"a", "b"})},
       {tensor<float>({3}, {1, 1, 1})},
       any_gap},
  };
}

CONVOY_OP_CASES(Strings, string_cases());

#if defined(CONVOY_HAS_RE2)
TEST(Regex, MatchesWholeStringsOnly) {
  OpCase c{"",
           "RegexFullMatch",
           {words({"ab1", "ab", "ab12"})},
           {tensor<bool>({3}, {true, false, false})},
           text("pattern", "[a-z]+b\\d")};
  run_case(c);
  c.attributes = text("pattern", "(");
  EXPECT_THROW(evaluate_case(c, c.inputs), Error);
}
#endif

}  // namespace
}  // namespace convoy
