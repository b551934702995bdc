#include "runtime/device/machine.h"

#include <algorithm>
#include <cstdlib>
#include <fstream>

namespace convoy {
namespace {

Isa machine_isa() {
#if defined(__x86_64__)
  __builtin_cpu_init();
  bool avx2 = __builtin_cpu_supports("avx2") && __builtin_cpu_supports("fma") &&
              __builtin_cpu_supports("f16c");
  if (!avx2) return Isa::kGeneric;
  bool avx512 = __builtin_cpu_supports("avx512f") && __builtin_cpu_supports("avx512bw") &&
                __builtin_cpu_supports("avx512vl") && __builtin_cpu_supports("avx512dq");
  if (!avx512) return Isa::kAvx2;
  return __builtin_cpu_supports("avx512vnni") ? Isa::kAvx512Vnni : Isa::kAvx512;
#else
  return Isa::kGeneric;
#endif
}

Isa allowed_isa() {
  const char* text = std::getenv("CONVOY_ISA");
  std::string_view name = text ? text : "";
  if (name == "generic") return Isa::kGeneric;
  if (name == "avx2") return Isa::kAvx2;
  if (name == "avx512") return Isa::kAvx512;
  return Isa::kAvx512Vnni;
}

// What the kernel says of the first processor; empty if it does not.
std::string cpu_fact(std::string_view key) {
  std::ifstream file("/proc/cpuinfo");
  for (std::string line; std::getline(file, line);) {
    if (!line.starts_with(key)) continue;
    size_t colon = line.find(':');
    if (colon != std::string::npos && colon + 2 < line.size()) return line.substr(colon + 2);
  }
  return {};
}

double clock_rate() {
  constexpr double kUsual = 3e9;
  double megahertz = std::strtod(cpu_fact("cpu MHz").c_str(), nullptr);
  return megahertz > 0 ? megahertz * 1e6 : kUsual;
}

}  // namespace

std::string_view to_string(Isa isa) {
  switch (isa) {
    case Isa::kGeneric: return "generic";
    case Isa::kAvx2: return "avx2";
    case Isa::kAvx512: return "avx512";
    case Isa::kAvx512Vnni: return "avx512vnni";
  }
  return "generic";
}

Isa best_isa() {
  static const Isa isa = std::min(machine_isa(), allowed_isa());
  return isa;
}

std::string cpu_model_name() {
  std::string name = cpu_fact("model name");
  return name.empty() ? "unknown processor" : name;
}

Machine machine_of(Isa isa) {
  static const double hertz = clock_rate();
  switch (isa) {
    case Isa::kGeneric: return {4, 1, hertz};
    case Isa::kAvx2: return {8, 2, hertz};
    case Isa::kAvx512:
    case Isa::kAvx512Vnni: return {16, 2, hertz};
  }
  return {4, 1, hertz};
}

}  // namespace convoy
