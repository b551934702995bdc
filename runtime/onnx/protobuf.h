// ONNX's protobuf classes. For files of runtime/onnx and loaders only.
#pragma once

#include <onnx/onnx_pb.h>

namespace convoy {
namespace onnx = ONNX_NAMESPACE;
}
