// Errors: one exception type with a code, a message and the place in the model it speaks of.
#pragma once

#include <exception>
#include <string>
#include <string_view>
#include <utility>

#include <fmt/core.h>

namespace convoy {

enum class ErrorCode {
  kInvalidModel = 1,  // the model file or graph is malformed
  kInvalidInput,      // a feed, shape, option or file given by the user is wrong
  kUnsupported,       // valid ONNX that this build cannot run
  kOutOfMemory,       // an allocation failed or would exceed the configured limit
  kDeviceFailure,     // a device or its driver reported an error
  kInternal,          // a broken invariant of Convoy itself
};

std::string_view to_string(ErrorCode code);

// Where an error happened; empty fields are left out of the message.
struct ErrorContext {
  std::string file;
  std::string node;      // node name, or its first output if unnamed
  std::string op_type;   // "Conv", "com.example::Foo"
  std::string operands;  // "float32[1,3,224,224], float32[8,3,3,3]"
};

// what() is one line: "FILE: node 'NAME' (OP on OPERANDS): MESSAGE".
class Error : public std::exception {
 public:
  Error(ErrorCode code, std::string message, ErrorContext context = {});

  ErrorCode code() const { return code_; }
  const std::string& message() const { return message_; }
  const ErrorContext& context() const { return context_; }
  const char* what() const noexcept override { return text_.c_str(); }

  // Fills the fields of the context that are still empty: outer layers know more than inner ones.
  void add_context(const ErrorContext& context);

 private:
  void format();

  ErrorCode code_;
  std::string message_;
  ErrorContext context_;
  std::string text_;
};

template <typename... Args>
[[noreturn]] void fail(ErrorCode code, fmt::format_string<Args...> format, Args&&... args) {
  throw Error(code, fmt::format(format, std::forward<Args>(args)...));
}

// Checks that depend on a model's content, an input's, or on Convoy itself.
template <typename... Args>
void check_model(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) fail(ErrorCode::kInvalidModel, format, std::forward<Args>(args)...);
}
template <typename... Args>
void check_input(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) fail(ErrorCode::kInvalidInput, format, std::forward<Args>(args)...);
}
template <typename... Args>
void check_supported(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) fail(ErrorCode::kUnsupported, format, std::forward<Args>(args)...);
}
template <typename... Args>
void check_internal(bool ok, fmt::format_string<Args...> format, Args&&... args) {
  if (!ok) fail(ErrorCode::kInternal, format, std::forward<Args>(args)...);
}

}  // namespace convoy
