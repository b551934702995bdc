#include "runtime/base/error.h"
#include "runtime/device/device.h"
#include "runtime/device/mirror.h"

namespace convoy {

Device& find_device(DeviceId id) {
  if (id == cpu_device().id()) return cpu_device();
  if (id == mirror_device().id()) return mirror_device();
  fail(ErrorCode::kUnsupported, "there is no device '{}' here", to_string(id));
}

}  // namespace convoy
