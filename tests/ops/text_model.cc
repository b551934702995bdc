#include "tests/ops/text_model.h"

#include <onnx/defs/parser.h>

#include "loaders/onnx/reader.h"

namespace convoy::testing {

std::unique_ptr<Session> session_of_text(const std::string& text, SessionOptions options) {
  ONNX_NAMESPACE::ModelProto model;
  ONNX_NAMESPACE::OnnxParser parser(text.c_str());
  auto status = parser.Parse(model);
  check_model(status.IsOK(), "the text is no model: {}", status.ErrorMessage());
  std::string bytes = model.SerializeAsString();
  auto span = std::as_bytes(std::span<const char>(bytes));
  return std::make_unique<Session>(read_model_bytes(span, "text"), std::move(options));
}

}  // namespace convoy::testing
