#include "runtime/onnx/messages.h"

#include <stdexcept>
#include <typeinfo>

#include "runtime/base/error.h"

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

std::string complaint_of(const std::exception& error) {
  if (dynamic_cast<const Error*>(&error) != nullptr) return error.what();
  // ONNX throws its own kinds, and these three with sentences of its own.
  const std::type_info& kind = typeid(error);
  bool standard = dynamic_cast<const std::runtime_error*>(&error) == nullptr &&
                  kind != typeid(std::logic_error) && kind != typeid(std::invalid_argument);
  std::string text = standard ? "" : one_line(error.what());
  bool sentence = text.find(' ') != std::string::npos;
  return sentence ? text : "its attributes and inputs do not fit the operator";
}

}  // namespace convoy
