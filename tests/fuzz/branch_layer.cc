#include "tests/fuzz/branch_layer.h"

#include <algorithm>
#include <map>
#include <numeric>

#include "tests/fuzz/branch_step.h"

namespace convoy::testing {
namespace {

using Branch = std::vector<SizedValue>;

// What keeps branches from being all alike, or makes them look so though they are not.
enum class Twist {
  kNone,
  kOddBranch,      // one branch has another operator or attribute somewhere
  kDependency,     // a branch reads the result of the one before
  kNeighbour,      // a branch reads the slice of the next one
  kTappedOutput,   // an intermediate value is a graph output too
  kTappedReader,   // … or is read by another operator
  kRepeatedSlice,  // two branches read the same slice
  kUnusedBranch,   // a branch that the join leaves out
  kCount
};

const char* name_of(Twist twist) {
  static constexpr const char* kNames[] = {"",
                                           ", one odd",
                                           ", one feeds the next",
                                           ", neighbours",
                                           ", tapped output",
                                           ", tapped reader",
                                           ", repeated",
                                           ", one left out"};
  return kNames[static_cast<int>(twist)];
}

class LayerWriter {
 public:
  LayerWriter(GraphWriter& writer, std::vector<SizedValue> sources)
      : writer_(writer), dice_(writer.dice()), sources_(std::move(sources)) {}

  SizedValue run() {
    choose_slices();
    choose_steps();
    for (int number = 0; number < count_; ++number) write_branch(number);
    return join();
  }

  const std::string& text() const { return text_; }

 private:
  // --- slices ---

  void choose_slices() {
    const Shape& shape = sources_[0].shape;
    std::vector<int> axes;
    for (int i = 0; i < shape.rank(); ++i) {
      // Late axes are what rows are taken of; the batch hardly ever.
      if (shape[i] >= 2 && is_known(i) && (i > 0 || dice_.chance(10))) axes.push_back(i);
    }
    check_internal(!axes.empty(), "nothing to slice");
    axis_ = dice_.pick(axes);
    length_ = shape[axis_] % 2 == 0 && shape[axis_] >= 4 && dice_.chance(15) ? 2 : 1;
    squeezed_ = length_ == 1 && shape.rank() > 2 && dice_.chance(70);
    int64_t rows = std::min<int64_t>(shape[axis_] / length_, 7);
    rows_.resize(static_cast<size_t>(rows));
    std::iota(rows_.begin(), rows_.end(), 0);
    if (dice_.chance(20)) dice_.shuffle(rows_);
    if (rows > 2 && dice_.chance(15)) rows_.pop_back();
    twist_ = dice_.chance(55) ? Twist::kNone
                              : static_cast<Twist>(dice_.below(static_cast<int>(Twist::kCount)));
    if (dice_.chance(8)) {
      for (int64_t& row : rows_) row = dice_.below(shape[axis_] / length_);
    }
    if (twist_ == Twist::kRepeatedSlice) rows_.push_back(dice_.pick(rows_));
    count_ = static_cast<int>(rows_.size());
    odd_ = twist_ == Twist::kOddBranch ? static_cast<int>(dice_.below(count_)) : -1;
    style_ = static_cast<int>(dice_.below(6));
    text_ = fmt::format("{} slices of axis {}{}{}: ", count_, axis_, squeezed_ ? " squeezed" : "",
                        name_of(twist_));
  }

  bool is_known(int axis) const {
    const ValueType& type = writer_.build().graph().value(sources_[0].value).type;
    return !type.shape || (*type.shape)[static_cast<size_t>(axis)].known();
  }

  ValueId split_part(const SizedValue& source, int64_t row) {
    auto known = splits_.find(source.value);
    if (known == splits_.end()) {
      int64_t parts = source.shape[axis_] / length_;
      std::vector<ValueId> inputs = {source.value};
      Attributes attributes{{"axis", int64_t{axis_}}};
      std::vector<int64_t> sizes(static_cast<size_t>(parts), length_);
      sizes.back() = source.shape[axis_] - length_ * (parts - 1);
      if (writer_.opset() >= 13) {
        inputs.push_back(writer_.ints(sizes));
      } else {
        attributes["split"] = sizes;
      }
      auto values = writer_.build().nodes("Split", inputs, attributes,
                                          std::vector<ValueType>(static_cast<size_t>(parts)));
      known = splits_.emplace(source.value, values).first;
    }
    return known->second[static_cast<size_t>(row)];
  }

  ValueId slice_of(const SizedValue& source, int64_t row) {
    int style = style_ == 5 ? static_cast<int>(dice_.below(5)) : style_;
    int64_t start = row * length_;
    int64_t size = source.shape[axis_];
    int64_t written = writer_.opset() >= 11 && dice_.chance(10) ? start - size : start;
    if (style == 0 && length_ == 1) {
      ValueId index = writer_.constant(Tensor::scalar(written));
      ValueId picked = writer_.node("Gather", {source.value, index}, {{"axis", int64_t{axis_}}});
      return squeezed_ ? picked : writer_.build().unsqueeze(picked, {axis_});
    }
    ValueId slice = ValueId::kNone;
    if (style == 1) {
      std::vector<int64_t> indices(static_cast<size_t>(length_));
      std::iota(indices.begin(), indices.end(), start);
      slice =
          writer_.node("Gather", {source.value, writer_.ints(indices)}, {{"axis", int64_t{axis_}}});
    } else if (style == 2 && size % length_ == 0) {
      slice = split_part(source, row);
    } else {
      if (writer_.opset() < 10) {
        slice = writer_.build().slice(source.value, axis_, start, start + length_);
        return squeezed_ ? writer_.build().squeeze(slice, {axis_}) : slice;
      }
      int64_t end = start + length_ == size && dice_.chance(30) ? INT64_MAX : start + length_;
      std::vector<ValueId> inputs = {
          source.value, writer_.ints({start}), writer_.ints({end}),
          writer_.ints({dice_.chance(20) ? axis_ - source.shape.rank() : int64_t{axis_}})};
      if (style == 3) inputs.push_back(writer_.ints({1}));
      slice = writer_.node("Slice", inputs);
    }
    return squeezed_ ? writer_.build().squeeze(slice, {axis_}) : slice;
  }

  // --- chains ---

  void choose_steps() {
    Shape shape = sources_[0].shape;
    shape[axis_] = length_;
    if (squeezed_) shape.erase(axis_);
    shapes_ = {shape};
    auto wanted = static_cast<size_t>(dice_.chance(40) ? 1 : dice_.between(2, 5));
    for (int tries = 0; steps_.size() < wanted && tries < 20; ++tries) {
      BranchStep step = random_step(writer_, shapes_);
      if (element_count(step.output) > kLargestValue) continue;
      text_ += (steps_.empty() ? "" : ", ") + step.text;
      shapes_.push_back(step.output);
      steps_.push_back(std::move(step));
    }
    odd_step_ =
        steps_.empty() ? 0 : static_cast<size_t>(dice_.below(static_cast<int64_t>(steps_.size())));
  }

  void write_branch(int number) {
    const SizedValue& source = dice_.pick(sources_);
    ValueId leaf = slice_of(source, rows_[static_cast<size_t>(number)]);
    if (twist_ == Twist::kDependency && number > 0) {
      const Branch& before = branches_.back();
      for (size_t i = before.size(); i-- > 0;) {
        if (!(before[i].shape == shapes_[0])) continue;
        leaf = writer_.node("Add", {leaf, before[i].value});
        break;
      }
    }
    if (twist_ == Twist::kNeighbour) {
      int64_t next = rows_[static_cast<size_t>((number + 1) % count_)];
      leaf = writer_.node("Sub", {leaf, slice_of(source, next)});
    }
    Branch branch = {{leaf, shapes_[0]}};
    for (size_t i = 0; i < steps_.size(); ++i) {
      ValueId value = steps_[i].apply(branch, number, number == odd_ && i == odd_step_);
      branch.push_back({value, steps_[i].output});
    }
    branches_.push_back(std::move(branch));
  }

  // --- joins ---

  SizedValue join() {
    std::vector<ValueId> parts;
    for (const Branch& branch : branches_) parts.push_back(branch.back().value);
    tap();
    for (const BranchStep& step : steps_) join_others(step);
    if (twist_ == Twist::kUnusedBranch && parts.size() > 2) parts.pop_back();
    if (dice_.chance(12)) dice_.shuffle(parts);
    int64_t kind = dice_.below(100);
    int64_t sums = sources_.size() > 1 ? 40 : 16;
    if (kind < sums) return sum(parts);
    if (kind < sums + 8) return outputs(parts);
    Shape shape = shapes_.back();
    bool stack = shape.rank() < 5 && dice_.chance(squeezed_ ? 70 : 15);
    if (shape.rank() == 0) stack = true;
    auto axis = static_cast<int>(dice_.below(shape.rank() + (stack ? 1 : 0)));
    if (dice_.chance(60) && axis_ < shape.rank() + (stack ? 1 : 0)) axis = axis_;
    if (stack) {
      for (ValueId& part : parts) part = writer_.build().unsqueeze(part, {axis});
      shape.insert(axis, 1);
    }
    text_ += fmt::format(" → {} {}", stack ? "stack" : "Concat", axis);
    shape[axis] *= static_cast<int64_t>(parts.size());
    int64_t written = writer_.opset() >= 11 && dice_.chance(20) ? axis - shape.rank() : axis;
    ValueId joined = writer_.node("Concat", parts, {{"axis", written}});
    if (dice_.chance(8) && parts.size() > 2) {
      parts.pop_back();
      writer_.output(writer_.node("Concat", parts, {{"axis", written}}));
    }
    if (dice_.chance(10)) {
      int64_t other = dice_.below(shape.rank());
      text_ += fmt::format(" and {}", other);
      writer_.output(writer_.node("Concat", parts, {{"axis", other}}));
    }
    return {joined, shape};
  }

  // Outputs, by themselves or together, of the further results of a step.
  void join_others(const BranchStep& step) {
    if (!step.others || step.others->empty()) return;
    std::vector<ValueId>& values = *step.others;
    int64_t kind = dice_.below(4);
    text_ += kind == 0 ? ", others read" : ", others joined";
    if (kind > 0 && kind < 3) {
      int64_t axis = kind == 1 ? 0 : step.output.rank() > 1 ? 1 : 0;
      writer_.output(writer_.node("Concat", values, {{"axis", axis}}));
    } else if (kind == 3) {
      writer_.output(writer_.node("Sum", values));
    } else {
      for (size_t i = dice_.below(2); i < values.size(); i += 2) writer_.output(values[i]);
    }
  }

  // One after the other, in pairs of pairs, or first in pairs.
  ValueId tree_of_adds(std::vector<ValueId> parts) {
    bool pairs = dice_.chance(50);
    while (pairs && parts.size() > 2) {
      std::vector<ValueId> sums;
      for (size_t i = 0; i + 1 < parts.size(); i += 2) {
        sums.push_back(writer_.node("Add", {parts[i], parts[i + 1]}));
      }
      if (parts.size() % 2 == 1) sums.push_back(parts.back());
      parts = std::move(sums);
      if (dice_.chance(8)) writer_.output(parts[0]);
      pairs = dice_.chance(60);
    }
    ValueId total = parts[0];
    for (size_t i = 1; i < parts.size(); ++i) total = writer_.node("Add", {total, parts[i]});
    return total;
  }

  SizedValue sum(const std::vector<ValueId>& parts) {
    text_ += " → sum";
    if (dice_.chance(50)) {
      const char* type = dice_.chance(70) ? "Sum" : dice_.chance(50) ? "Mean" : "Max";
      return {writer_.node(type, parts), shapes_.back()};
    }
    return {tree_of_adds(parts), shapes_.back()};
  }

  SizedValue outputs(const std::vector<ValueId>& parts) {
    text_ += " → outputs";
    for (ValueId part : parts) writer_.output(part);
    return {parts[0], shapes_.back()};
  }

  void tap() {
    const Branch& branch = dice_.pick(branches_);
    ValueId value =
        branch[static_cast<size_t>(dice_.below(static_cast<int64_t>(branch.size())))].value;
    if (twist_ == Twist::kTappedOutput) writer_.output(value);
    if (twist_ == Twist::kTappedReader) writer_.output(writer_.node("Tanh", {value}));
  }

  GraphWriter& writer_;
  Dice& dice_;
  std::vector<SizedValue> sources_;
  std::map<ValueId, std::vector<ValueId>> splits_;
  std::vector<int64_t> rows_;
  std::vector<Shape> shapes_;
  std::vector<BranchStep> steps_;
  std::vector<Branch> branches_;
  std::string text_;
  Twist twist_ = Twist::kNone;
  int axis_ = 0;
  int64_t length_ = 1;
  bool squeezed_ = false;
  int count_ = 0;
  int odd_ = -1;
  size_t odd_step_ = 0;
  int style_ = 0;
};

}  // namespace

SizedValue write_branch_layer(GraphWriter& writer, const std::vector<SizedValue>& sources,
                              std::string& text) {
  LayerWriter layer(writer, sources);
  SizedValue joined = layer.run();
  text += layer.text();
  return joined;
}

}  // namespace convoy::testing
