// convoy devices: what was built in and found.
#include <cstdio>

#include "runtime/device/device.h"
#include "tools/convoy/command.h"

namespace convoy::cli {
namespace {

struct DevicesOptions {};

int run_devices(const DevicesOptions&) {
  std::printf("cpu   %s\n", cpu_device().description().c_str());
  std::printf("cuda  not built in\n");
  return kDone;
}

}  // namespace

void add_devices(CLI::App& app, Action& chosen) {
  add_command(app, chosen, std::make_shared<DevicesOptions>(), "devices",
              "List the devices that are built in and found", "convoy devices", run_devices);
}

}  // namespace convoy::cli
