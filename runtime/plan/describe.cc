#include "runtime/plan/describe.h"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include "runtime/device/machine.h"

namespace convoy {
namespace {

std::string describe_place(const Place& place) {
  switch (place.home) {
    case Home::kAbsent: return "-";
    case Home::kArena: return fmt::format("arena+{}", place.byte_offset);
    case Home::kInput: return fmt::format("input {}+{}", place.index, place.byte_offset);
    case Home::kOutput: return fmt::format("output {}+{}", place.index, place.byte_offset);
    case Home::kConstant: return fmt::format("constant {}", place.index);
  }
  return "-";
}

std::string describe_type(const TensorDesc& desc) {
  std::string text = to_string(desc);
  if (!desc.layout.plain()) return text + fmt::format(" blocked by {}", desc.layout.block);
  if (!desc.is_contiguous()) return text + " strides " + to_string(desc.strides);
  return text;
}

int64_t bytes_of(const Place& place) {
  if (place.home == Home::kAbsent) return 0;
  return element_count(place.desc.shape) * static_cast<int64_t>(size_of(place.desc.dtype));
}

std::string describe_work(const Step& step) {
  int64_t bytes = 0;
  for (const auto* places : {&step.inputs, &step.outputs}) {
    for (const Place& place : *places) bytes += bytes_of(place);
  }
  std::string text = fmt::format(
      "       work: {:.0f} multiply-adds, {:.1f} µs of one core at full speed ({}), {} bytes read "
      "and "
      "written\n",
      step.multiply_adds, machine_of(best_isa()).seconds_of(step.multiply_adds) * 1e6,
      to_string(best_isa()), bytes);
  if (step.seconds) {
    text += fmt::format("       estimate: {:.1f} µs of one core\n", *step.seconds * 1e6);
  }
  return text;
}

std::string describe_candidates(const Step& step) {
  if (step.unasked.empty()) return "";
  return fmt::format("       not asked, as {} accepts: {}\n", step.kernel_name,
                     fmt::join(step.unasked, ", "));
}

}  // namespace

std::string describe_plan(const Plan& plan) {
  std::string text;
  auto out = std::back_inserter(text);
  for (size_t number = 0; number < plan.steps.size(); ++number) {
    const Step& step = plan.steps[number];
    std::string name = "graph output";
    std::string type;
    if (step.node != NodeId::kNone) {
      const Node& node = plan.graph->node(step.node);
      name = node.label(*plan.graph);
      type = node.qualified_type();
    }
    if (step.kind == Step::Kind::kCopy) type = "(for " + (type.empty() ? "output" : type) + ")";
    fmt::format_to(out, "{:4} {:<18} {:<28} {}", number, type, step.kernel_name, name);
    if (plan.memory.size() > 1) fmt::format_to(out, " on {}", to_string(step.device));
    for (const Place& place : step.outputs) {
      if (place.home == Home::kAbsent) continue;
      fmt::format_to(out, " -> {} in {}", describe_type(place.desc), describe_place(place));
    }
    text += "\n";
    for (const std::string& refusal : step.refusals) {
      fmt::format_to(out, "       not {}\n", refusal);
    }
    if (step.multiply_adds > 0) text += describe_candidates(step) + describe_work(step);
  }
  fmt::format_to(out, "{} steps, {} nodes read in place, {} computed while planning\n",
                 plan.steps.size(), plan.viewed_nodes, plan.folded_nodes);
  for (const PlanMemory& memory : plan.memory) {
    std::string where = plan.memory.size() > 1 ? to_string(memory.device) + ": " : "";
    std::string held =
        memory.device.is_host() ? fmt::format(", plan {} bytes", plan.footprint()) : "";
    fmt::format_to(out, "{}arena {} bytes, scratch {} bytes{}\n", where, memory.arena_bytes,
                   memory.scratch_bytes, held);
  }
  return text;
}

}  // namespace convoy
