// Models written in ONNX's text form, for tests of what a single node cannot show.
#pragma once

#include <string>

#include "runtime/session/session.h"

namespace convoy::testing {

// A session of `text`; throws kInvalidModel where ONNX's parser refuses it.
std::unique_ptr<Session> session_of_text(const std::string& text, SessionOptions options = {});

}  // namespace convoy::testing
