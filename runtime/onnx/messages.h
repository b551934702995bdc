// Texts of ONNX's library, made fit for Convoy's errors.
#pragma once

#include <exception>
#include <string>
#include <string_view>

namespace convoy {

// The first paragraph on one line, without "[ShapeInferenceError] " and the like in front.
std::string one_line(std::string_view message);

// What ONNX's library, or an Error, complains of, on one line. Where an exception only names a
// function of the standard library, that the numbers of the node do not fit.
std::string complaint_of(const std::exception& error);

}  // namespace convoy
