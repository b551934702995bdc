// A device for tests: what a program gets wrong on another device's memory, it gets wrong here,
// on any machine and for certain.
//
// Its kernels are the CPU's. Its memory is readable and writable only while one of them, or a copy
// that was queued, is running: any other access ends the process. Its queue does nothing until it
// is synchronized.
#pragma once

#include <cstdint>

#include "runtime/device/device.h"

namespace convoy {

class MirrorDevice : public Device {
 public:
  struct Copies {
    int64_t from_host = 0;
    int64_t to_host = 0;
  };
  // That were queued since the process began.
  virtual Copies copies() const = 0;

  // From now on about half of the operators have no kernel here; which ones follows from the seed.
  // 0: all have, as at first, unless CONVOY_MIRROR_MISSING says otherwise. Plans that exist keep
  // their kernels.
  virtual void leave_out_kernels(uint64_t seed) = 0;
};

MirrorDevice& mirror_device();

}  // namespace convoy
