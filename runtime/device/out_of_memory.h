// What a device other than the host throws when it has no memory left: others than the one who
// asked may give some back.
#pragma once

#include "runtime/base/error.h"

namespace convoy {

class DeviceOutOfMemory : public Error {
 public:
  explicit DeviceOutOfMemory(std::string message)
      : Error(ErrorCode::kOutOfMemory, std::move(message)) {}
};

}  // namespace convoy
