// Random recurrent layers, and Clip with bounds of each branch.
#include "tests/fuzz/branch_step.h"

namespace convoy::testing {

using Branch = std::vector<SizedValue>;

std::optional<BranchStep> recurrent_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  const Shape& shape = so_far.back();
  Dice& dice = writer.dice();
  if (shape.rank() != 3 || !writer.is_static() || shape[2] > 9) return std::nullopt;
  static const std::vector<std::pair<std::string, int64_t>> kLayers = {
      {"LSTM", 4}, {"GRU", 3}, {"RNN", 1}};
  auto [type, gates] = dice.pick(kLayers);
  int64_t hidden = dice.between(1, 4);
  int64_t directions = dice.between(1, 2);
  bool batch_first = writer.opset() >= 14 && dice.chance(30);
  int64_t length = shape[batch_first ? 1 : 0];
  int64_t batch = shape[batch_first ? 0 : 1];
  bool state = dice.chance(40);
  Shape of_state =
      batch_first ? Shape{batch, directions, hidden} : Shape{directions, batch, hidden};
  Shape of_all = batch_first ? Shape{batch, length, directions, hidden}
                             : Shape{length, directions, batch, hidden};
  Sharing sharing = dice.chance(70) ? Sharing::kOne : writer.random_sharing();
  Parameter w = writer.parameter({directions, gates * hidden, shape[2]}, sharing);
  Parameter r = writer.parameter({directions, gates * hidden, hidden}, sharing);
  Parameter b = writer.parameter({directions, 2 * gates * hidden}, sharing);
  Parameter first = writer.parameter(of_state, writer.random_sharing());
  bool started = dice.chance(30);
  auto others = std::make_shared<std::vector<ValueId>>();
  int64_t further = dice.chance(40) ? dice.below(type == "LSTM" ? 3 : 2) : -1;
  return BranchStep{type, state ? of_state : of_all,
                    [=, &writer](const Branch& branch, int number, bool odd) {
                      std::vector<ValueId> inputs = {branch.back().value, w(number), r(number)};
                      inputs.push_back(odd ? ValueId::kNone : b(number));
                      if (started) {
                        inputs.push_back(ValueId::kNone);
                        inputs.push_back(first(number));
                      }
                      Attributes attributes{{"hidden_size", hidden}};
                      attributes["direction"] =
                          std::string(directions == 2 ? "bidirectional" : "forward");
                      if (batch_first) attributes["layout"] = int64_t{1};
                      auto made = writer.nodes(type, inputs, attributes, type == "LSTM" ? 3 : 2);
                      if (further >= 0) others->push_back(made[static_cast<size_t>(further)]);
                      return made[state ? 1 : 0];
                    },
                    others};
}

std::optional<BranchStep> clip_step(GraphWriter& writer, const std::vector<Shape>& so_far) {
  Dice& dice = writer.dice();
  if (writer.opset() < 11) return std::nullopt;
  int64_t kind = dice.below(3);  // both bounds, the upper, the lower
  Parameter low = writer.parameter({}, writer.random_sharing(), -1, 0.2F);
  Parameter high = writer.parameter({}, writer.random_sharing(), 0, 1);
  return BranchStep{"Clip", so_far.back(),
                    [=, &writer](const Branch& branch, int number, bool odd) {
                      bool without_low = kind == 1 || odd;
                      std::vector<ValueId> inputs = {branch.back().value,
                                                     without_low ? ValueId::kNone : low(number)};
                      if (kind != 2) inputs.push_back(high(number));
                      return writer.node("Clip", inputs);
                    }};
}

}  // namespace convoy::testing
