#include "runtime/base/error.h"

namespace convoy {

std::string_view to_string(ErrorCode code) {
  switch (code) {
    case ErrorCode::kInvalidModel: return "InvalidModel";
    case ErrorCode::kInvalidInput: return "InvalidInput";
    case ErrorCode::kUnsupported: return "Unsupported";
    case ErrorCode::kOutOfMemory: return "OutOfMemory";
    case ErrorCode::kDeviceFailure: return "DeviceFailure";
    case ErrorCode::kInternal: return "Internal";
  }
  return "Internal";
}

Error::Error(ErrorCode code, std::string message, ErrorContext context)
    : code_(code), message_(std::move(message)), context_(std::move(context)) {
  format();
}

void Error::add_context(const ErrorContext& context) {
  if (context_.file.empty()) context_.file = context.file;
  if (context_.node.empty() && context_.op_type.empty()) {
    context_.node = context.node;
    context_.op_type = context.op_type;
    context_.operands = context.operands;
  }
  format();
}

void Error::format() {
  text_.clear();
  if (!context_.file.empty()) text_ += context_.file + ": ";
  if (!context_.node.empty() || !context_.op_type.empty()) {
    text_ += fmt::format("node '{}' ({}", context_.node, context_.op_type);
    if (!context_.operands.empty()) text_ += " on " + context_.operands;
    text_ += "): ";
  }
  text_ += message_;
  for (char& c : text_) {
    if (c == '\n' || c == '\r') c = ' ';
  }
}

}  // namespace convoy
