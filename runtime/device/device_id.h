// Names a device of this machine.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace convoy {

enum class DeviceKind : uint8_t {
  kCpu,
  kMirror,  // for tests: kernels of the CPU, memory of its own (mirror.h)
  kCuda,
  kCudaEmulated,  // the kernels of kCuda, run on the host
};

std::string_view to_string(DeviceKind kind);

struct DeviceId {
  DeviceKind kind = DeviceKind::kCpu;
  uint8_t index = 0;  // among those of its kind

  // Its memory is the program's own.
  bool is_host() const { return kind == DeviceKind::kCpu; }
  friend bool operator==(const DeviceId&, const DeviceId&) = default;
};

// "cpu", "cuda", "cuda:1": the index where it is not 0.
std::string to_string(DeviceId device);

// Throws kInvalidInput, naming the kinds that there are.
DeviceId parse_device(std::string_view text);

}  // namespace convoy
