// convoy devices: what was built in and found.
#include <cstdio>

#include "runtime/base/error.h"
#include "runtime/device/device.h"
#include "tools/convoy/command.h"

namespace convoy::cli {
namespace {

struct DevicesOptions {};

// Its description, or why it is not there.
std::string description_of(DeviceId id) {
  try {
    return find_device(id).description();
  } catch (const Error& error) {
    return "none: " + error.message();
  }
}

int run_devices(const DevicesOptions&) {
  for (DeviceKind kind : {DeviceKind::kCpu, DeviceKind::kCuda, DeviceKind::kCudaEmulated}) {
    const DeviceId id{kind, 0};
    std::printf("%-14s %s\n", to_string(id).c_str(), description_of(id).c_str());
  }
  return kDone;
}

}  // namespace

void add_devices(CLI::App& app, Action& chosen) {
  add_command(app, chosen, std::make_shared<DevicesOptions>(), "devices",
              "List the devices that are built in and found", "convoy devices", run_devices);
}

}  // namespace convoy::cli
