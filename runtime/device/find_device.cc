#include "runtime/base/error.h"
#include "runtime/device/cuda/cuda_device.h"
#include "runtime/device/device.h"
#include "runtime/device/mirror.h"

namespace convoy {

Device& find_device(DeviceId id) {
  if (id == DeviceId{DeviceKind::kCpu, 0}) return cpu_device();
  if (id == DeviceId{DeviceKind::kMirror, 0}) return mirror_device();
  if (id.kind == DeviceKind::kCuda || id.kind == DeviceKind::kCudaEmulated) return cuda_device(id);
  fail(ErrorCode::kUnsupported, "there is no device '{}' here", to_string(id));
}

}  // namespace convoy
