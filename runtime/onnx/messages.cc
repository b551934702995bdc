#include "runtime/onnx/messages.h"

namespace convoy {

std::string one_line(std::string_view message) {
  message = message.substr(0, message.find("\n\n"));
  std::string text;
  for (char c : message) {
    bool space = c == '\n' || c == '\r' || c == '\t' || c == ' ';
    if (!space) {
      text += c;
    } else if (!text.empty() && text.back() != ' ') {
      text += ' ';
    }
  }
  while (text.starts_with('[')) {
    size_t end = text.find("Error] ");
    if (end == std::string::npos || text.find(']') < end) break;
    text.erase(0, end + 7);
  }
  while (text.ends_with(' ') || text.ends_with('.')) text.pop_back();
  return text;
}

}  // namespace convoy
