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

bool is_convolution(const Node& node) {
  return node.op_type.starts_with("Conv") || node.op_type.ends_with("Conv");
}

int64_t bytes_of(const Place& place) {
  if (place.home == Home::kAbsent) return 0;
  return element_count(place.desc.shape) * static_cast<int64_t>(size_of(place.desc.dtype));
}

// Multiply-adds: every output (of ConvTranspose: every input) meets all weights of one channel.
std::string describe_work(const Node& node, const Step& step) {
  if (step.inputs.size() < 2 || step.outputs.empty()) return "";
  const Shape& weight = step.inputs[1].desc.shape;
  if (weight.rank() < 3 || weight[0] < 1) return "";
  const Place& side = node.is("ConvTranspose") ? step.inputs[0] : step.outputs[0];
  int64_t count = element_count(side.desc.shape) * (element_count(weight) / weight[0]);
  int64_t bytes = 0;
  for (const auto* places : {&step.inputs, &step.outputs}) {
    for (const Place& place : *places) bytes += bytes_of(place);
  }
  std::string text = fmt::format(
      "       work: {} multiply-adds, {:.1f} µs of one core at full speed ({}), {} bytes read and "
      "written\n",
      count, machine_of(best_isa()).seconds_of(static_cast<double>(count)) * 1e6,
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
    if (step.kind != Step::Kind::kKernel || step.node == NodeId::kNone) continue;
    const Node& node = plan.graph->node(step.node);
    if (is_convolution(node)) text += describe_candidates(step) + describe_work(node, step);
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
