// Looks up ONNX's operator schemas.
#pragma once

#include <string>

#include <onnx/defs/schema.h>

#include "runtime/onnx/protobuf.h"

namespace convoy {

// "ai.onnx" is another name of ""; everything else stays as it is.
const std::string& canonical_domain(const std::string& domain);

// The schema in force at `version`, deprecated ones included; nullptr if there is none.
// Thread-safe; a repeated look-up costs one hash.
const onnx::OpSchema* find_schema(const std::string& domain, const std::string& name, int version);

// The newest version of a domain that ONNX's library knows; 0 for other domains.
int newest_version(const std::string& domain);

}  // namespace convoy
