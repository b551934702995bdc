// Texts of ONNX's library, made fit for Convoy's errors.
#pragma once

#include <string>
#include <string_view>

namespace convoy {

// The first paragraph on one line, without "[ShapeInferenceError] " and the like in front.
std::string one_line(std::string_view message);

}  // namespace convoy
