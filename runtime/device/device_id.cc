#include "runtime/device/device_id.h"

#include <charconv>

#include "runtime/base/error.h"

namespace convoy {

std::string_view to_string(DeviceKind kind) {
  switch (kind) {
    case DeviceKind::kCpu: return "cpu";
    case DeviceKind::kMirror: return "mirror";
    case DeviceKind::kCuda: return "cuda";
    case DeviceKind::kCudaEmulated: return "cuda-emulated";
  }
  return "cpu";
}

std::string to_string(DeviceId device) {
  std::string text(to_string(device.kind));
  return device.index == 0 ? text : text + fmt::format(":{}", device.index);
}

DeviceId parse_device(std::string_view text) {
  std::string_view name = text.substr(0, text.find(':'));
  for (DeviceKind kind :
       {DeviceKind::kCpu, DeviceKind::kMirror, DeviceKind::kCuda, DeviceKind::kCudaEmulated}) {
    if (name != to_string(kind)) continue;
    if (name == text) return {kind, 0};
    DeviceId device{kind, 0};
    const char* end = text.data() + text.size();
    auto [stopped, error] = std::from_chars(text.data() + name.size() + 1, end, device.index);
    if (error == std::errc() && stopped == end) return device;
  }
  fail(ErrorCode::kInvalidInput,
       "'{}' names no device; there are cpu, cuda, cuda:1 …, cuda-emulated", text);
}

}  // namespace convoy
