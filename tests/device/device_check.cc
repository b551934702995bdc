#include "tests/device/device_check.h"

#include <algorithm>
#include <optional>

#include "runtime/base/caught.h"
#include "runtime/device/mirror.h"
#include "runtime/op/registry.h"
#include "tests/fuzz/compare_outputs.h"

namespace convoy::testing {
namespace {

bool is_random(const Graph& graph) {
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    const OpDef* definition = Registry::standard().find(node);
    bool random = definition != nullptr && definition->random;
    node.for_each_body([&](const Graph& body) { random = random || is_random(body); });
    if (random) return true;
  }
  return false;
}

// What a run gave: outputs, or the error.
struct Outcome {
  std::vector<Value> outputs;
  std::optional<ErrorCode> error;
  std::string message;
};

Outcome outcome_of(const std::function<Model()>& make_model, const Feeds& feeds,
                   const SessionOptions& options) {
  Outcome outcome;
  try {
    outcome.outputs = Session(make_model(), options).run(feeds);
  } catch (const std::exception&) {
    Error error = caught_error();
    outcome.error = error.code();
    outcome.message = error.what();
  }
  return outcome;
}

bool same(const Value& a, const Value& b);

bool near(const Value& a, const Value& b) {
  if (same(a, b)) return true;
  if (!a.is_tensor() || !b.is_tensor()) return false;
  const bool half = is_half(b.tensor().dtype());
  const bool floats = half || b.tensor().dtype() == DType::kFloat32;
  return floats && difference({a}, {b}, half ? kHalfTolerance : kFloatTolerance).empty();
}

bool same(const Value& a, const Value& b) {
  if (a.is_tensor() && b.is_tensor()) return identical(a.tensor(), b.tensor());
  if (a.is_sequence() && b.is_sequence()) {
    return std::ranges::equal(a.sequence().elements, b.sequence().elements, same);
  }
  if (a.is_optional() && b.is_optional()) {
    if (a.optional().empty() || b.optional().empty()) {
      return a.optional().empty() == b.optional().empty();
    }
    return same(*a.optional().element, *b.optional().element);
  }
  if (a.is_map() && b.is_map()) {
    return a.map().keys == b.map().keys && identical(a.map().values, b.map().values);
  }
  return a.defined() == b.defined();
}

std::string compare(const Outcome& mirror, const Outcome& cpu, bool bits) {
  if (mirror.error != cpu.error) {
    return mirror.error ? "only there: " + mirror.message : "not there: " + cpu.message;
  }
  for (size_t k = 0; k < cpu.outputs.size(); ++k) {
    auto equal = bits ? same : near;
    const Value &there = mirror.outputs[k], &here = cpu.outputs[k];
    if (equal(there, here)) continue;
    const bool tensors = there.is_tensor() && here.is_tensor();
    const std::string how = tensors ? difference({there}, {here}, 0) : "";
    return fmt::format("output {} differs{}{}", k, how.empty() ? "" : ": ", how);
  }
  return "";
}

Feeds moved_to(Device& device, const Feeds& feeds) {
  Feeds moved = feeds;
  for (auto& [name, value] : moved) {
    if (!value.is_tensor() || value.tensor().dtype() == DType::kString) continue;
    value = value.tensor().on(device);
  }
  return moved;
}

// With the feeds on the host and on the device.
std::string difference_on(Device& device, const std::function<Model()>& make_model,
                          const Feeds& feeds, SessionOptions options, const Outcome& cpu,
                          bool bits) {
  options.device = device.id();
  const Feeds moved = moved_to(device, feeds);
  for (const Feeds* given : {&feeds, &moved}) {
    std::string text = compare(outcome_of(make_model, *given, options), cpu, bits);
    if (text.empty()) continue;
    return fmt::format("feeds on the {}: {}", given == &feeds ? "host" : "device", text);
  }
  return "";
}

}  // namespace

std::string difference_on_device(Device& device, const std::function<Model()>& make_model,
                                 const Feeds& feeds, uint64_t seed, SessionOptions options) {
  if (is_random(make_model().graph)) return "";
  options.device = {};
  const Outcome cpu = outcome_of(make_model, feeds, options);
  if (&device != &mirror_device()) {
    return difference_on(device, make_model, feeds, options, cpu, false);
  }
  std::string text;
  for (uint64_t missing : {uint64_t{0}, std::max<uint64_t>(1, seed)}) {
    mirror_device().leave_out_kernels(missing);
    text = difference_on(device, make_model, feeds, options, cpu, missing == 0);
    if (text.empty()) continue;
    text =
        missing == 0 ? "all kernels, " + text : fmt::format("CONVOY_FUZZ_SEED={}, {}", seed, text);
    break;
  }
  mirror_device().leave_out_kernels(0);
  return text;
}

Device* emulated_gpu() {
  static Device* const device = []() -> Device* {
    try {
      return &find_device({DeviceKind::kCudaEmulated, 0});
    } catch (const Error&) {
      return nullptr;
    }
  }();
  return device;
}

}  // namespace convoy::testing
