// FusedConv, NhwcConv, NhwcFusedConv (channels last), ConvTransposeWithDynamicPads.
#include "ops/microsoft_float/composition.h"

#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

constexpr std::string_view kConvolution =
    R"(c = Conv <auto_pad: string = @auto_pad, dilations: ints = @dilations, group: int = @group,
       kernel_shape: ints = @kernel_shape, pads: ints = @pads, strides: ints = @strides> )";

std::vector<float> activation_parameters(const Node& node) {
  auto found = node.attributes.find("activation_params");
  if (found == node.attributes.end()) return {};
  const auto* list = std::get_if<std::vector<float>>(&found->second);
  check_model(list != nullptr, "the attribute 'activation_params' is no list of numbers");
  return *list;
}

std::string signature(const Node& node) {
  const bool fused = node.op_type != "NhwcConv";
  return fmt::format(
      "{} <auto_pad: string = \"NOTSET\", dilations, group: int = 1, kernel_shape, pads, "
      "strides{}> (X, W, B{}) => (Y)",
      node.op_type, fused ? ", activation, activation_params" : "", fused ? ", Z" : "");
}

std::string fused_conv(const Node& node, const InputTypes&) {
  std::string nodes = std::string(kConvolution) + "(X, W, B) ";
  nodes += node.has_input(3) ? "s = Add(c, Z) " : "s = Identity(c) ";
  nodes += activation_nodes(text_of(node, "activation", ""), activation_parameters(node), "s", "Y");
  return microsoft_function(signature(node), nodes);
}

// Axes of the images, the batch and the channels among them.
int image_rank(const Node& node, const InputTypes& types) {
  if (auto kernel = integers_of(node, "kernel_shape")) return static_cast<int>(kernel->size()) + 2;
  const int rank = std::max(rank_of(types, 0), rank_of(types, 1));
  check_supported(rank >= 3, "the rank of X or W must be known when the model is loaded");
  return rank;
}

std::string channels_last_conv(const Node& node, const InputTypes& types) {
  const int rank = image_rank(node, types);
  std::string nodes = fmt::format("x = {} ", channels_first(rank, "X"));
  nodes += std::string(kConvolution) + "(x, W, B) ";
  if (node.has_input(3)) {
    nodes += fmt::format("z = {} s = Add(c, z) ", channels_first(rank, "Z"));
  } else {
    nodes += "s = Identity(c) ";
  }
  nodes += activation_nodes(text_of(node, "activation", ""), activation_parameters(node), "s", "a");
  nodes += fmt::format("Y = {} ", channels_last(rank, "a"));
  return microsoft_function(signature(node), nodes);
}

// The whole result without pads, then cut (or, for negative pads, widened) at its borders.
std::string transpose_with_dynamic_pads(const Node& node, const InputTypes&) {
  const std::string automatic = text_of(node, "auto_pad", "NOTSET");
  const bool cut = node.has_input(2) && automatic == "NOTSET";
  std::string nodes =
      R"(t = ConvTranspose <auto_pad: string = @auto_pad, dilations: ints = @dilations,
         group: int = @group, kernel_shape: ints = @kernel_shape,
         output_padding: ints = @output_padding, strides: ints = @strides> (X, W, B) )";
  nodes += !cut ? "Y = Identity(t)" : R"(
    begins, ends = Split <axis = 0, num_outputs = 2> (Pads)
    none = Constant <value_ints = [0, 0]> ()
    all = Concat <axis = 0> (none, begins, none, ends)
    less = Neg(all)
    Y = Pad(t, less))";
  return microsoft_function(
      "ConvTransposeWithDynamicPads <auto_pad: string = \"NOTSET\", dilations, group: int = 1, "
      "kernel_shape, output_padding, strides> (X, W, Pads, B) => (Y)",
      nodes);
}

}  // namespace

void register_microsoft_convolutions(Registry& registry) {
  registry.add("FusedConv", kMicrosoftDomain).body = fused_conv;
  registry.add("NhwcConv", kMicrosoftDomain).body = channels_last_conv;
  registry.add("NhwcFusedConv", kMicrosoftDomain).body = channels_last_conv;
  registry.add("ConvTransposeWithDynamicPads", kMicrosoftDomain).body = transpose_with_dynamic_pads;
}

}  // namespace convoy
