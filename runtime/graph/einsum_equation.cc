#include "runtime/graph/einsum_equation.h"

#include <algorithm>
#include <string_view>

namespace convoy {
namespace {

constexpr std::string_view kEllipsis = "...";
constexpr char kPastEllipsis = 0x20;  // labels of an ellipsis end with the character before it

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

bool has_ellipsis(const std::string& labels) { return labels.find(kEllipsis) != std::string::npos; }

std::string expand_ellipsis(const std::string& labels, int axes) {
  size_t at = labels.find(kEllipsis);
  if (at == std::string::npos) return labels;
  std::string expanded = labels.substr(0, at);
  for (int i = axes; i > 0; --i) expanded.push_back(static_cast<char>(kPastEllipsis - i));
  return expanded + labels.substr(at + kEllipsis.size());
}

// Letters and at most one ellipsis.
void check_labels(const std::string& labels, const std::string& text) {
  std::string letters = expand_ellipsis(labels, 0);
  bool valid = std::all_of(letters.begin(), letters.end(), is_letter);
  check_model(valid, "'{}' in the equation '{}' is not made of letters and '...'", labels, text);
}

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> parts;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find(separator, begin), text.size());
    parts.push_back(text.substr(begin, end - begin));
    begin = end + 1;
  }
  return parts;
}

std::string implicit_output(const std::string& all) {
  std::string sorted = all;
  std::sort(sorted.begin(), sorted.end());
  std::string output(kEllipsis);
  for (char c : sorted) {
    if (is_letter(c) && std::count(sorted.begin(), sorted.end(), c) == 1) output.push_back(c);
  }
  return output;
}

// NumPy's broadcast, as far as the sizes are known.
Dimension broadcast(const Dimension& a, const Dimension& b) {
  if (a.size == 1) return b;
  if (b.size == 1) return a;
  if (a.known()) return a;
  if (b.known()) return b;
  return a.symbol == b.symbol ? a : Dimension{};
}

}  // namespace

EinsumEquation parse_einsum(const std::string& text, std::span<const int> ranks) {
  std::string equation = text;
  std::erase(equation, ' ');
  size_t arrow = equation.find("->");
  EinsumEquation result;
  result.operands = split(equation.substr(0, arrow), ',');
  check_model(result.operands.size() == ranks.size(), "the equation '{}' does not fit {} operands",
              text, ranks.size());
  int widest = 0;
  std::string all;
  for (size_t i = 0; i < ranks.size(); ++i) {
    std::string& labels = result.operands[i];
    check_labels(labels, text);
    bool open = has_ellipsis(labels);
    int rest = ranks[i] - static_cast<int>(labels.size() - (open ? kEllipsis.size() : 0));
    check_model(open ? rest >= 0 && rest <= kMaxRank : rest == 0,
                "'{}' in the equation '{}' does not fit an operand of rank {}", labels, text,
                ranks[i]);
    if (open) widest = std::max(widest, rest);
    labels = expand_ellipsis(labels, rest);
    all += labels;
  }
  bool is_explicit = arrow != std::string::npos;
  std::string output = is_explicit ? equation.substr(arrow + 2) : implicit_output(all);
  check_labels(output, text);
  result.output = expand_ellipsis(output, widest);
  for (char c : result.output) {
    bool once = std::count(result.output.begin(), result.output.end(), c) == 1;
    check_model(once && all.find(c) != std::string::npos,
                "an output label of the equation '{}' is repeated or unknown", text);
  }
  return result;
}

ValueType infer_einsum(const std::string& text, const std::vector<ValueType>& operands) {
  ValueType result = ValueType::tensor(operands.empty() ? DType::kUndefined : operands[0].dtype);
  std::vector<int> ranks;
  for (const ValueType& operand : operands) {
    if (operand.rank() < 0) return result;
    ranks.push_back(operand.rank());
  }
  EinsumEquation equation = parse_einsum(text, ranks);
  result.shape.emplace(equation.output.size(), Dimension{1, ""});
  for (size_t i = 0; i < operands.size(); ++i) {
    for (size_t axis = 0; axis < equation.operands[i].size(); ++axis) {
      size_t to = equation.output.find(equation.operands[i][axis]);
      if (to == std::string::npos) continue;
      (*result.shape)[to] = broadcast((*result.shape)[to], (*operands[i].shape)[axis]);
    }
  }
  return result;
}

}  // namespace convoy
