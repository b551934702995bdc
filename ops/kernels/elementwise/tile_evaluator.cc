#include "ops/kernels/elementwise/tile_evaluator.h"

#include <algorithm>

namespace convoy::elementwise {

template <typename Real>
TileEvaluator<Real>::TileEvaluator(const Program& program, const LoopTable<Real>& table,
                                   std::span<const DType> inputs, std::span<const DType> outputs)
    : outputs_(program.outputs) {
  for (DType dtype : outputs) {
    operands_.push_back({dtype, size_of(dtype), nullptr, row_storer<Real>(dtype)});
    check_supported(operands_.back().store != nullptr, "no elementwise kernel writes {}",
                    to_string(dtype));
  }
  for (DType dtype : inputs) {
    operands_.push_back({dtype, size_of(dtype), row_loader<Real>(dtype), nullptr});
    check_supported(operands_.back().load != nullptr, "no elementwise kernel reads {}",
                    to_string(dtype));
  }
  bind_steps(program, table);
  assign_tiles(program);
  check_supported(static_cast<int>(steps_.size()) <= kMaxSteps &&
                      static_cast<int>(operands_.size()) <= kMaxOperands &&
                      tile_count_ + static_cast<int>(inputs.size()) <= kMaxTiles,
                  "an elementwise program of {} steps on {} operands is too large", steps_.size(),
                  operands_.size());
  grain_ = std::max<int64_t>(kTile, 32768 / program.cost());
}

template <typename Real>
void TileEvaluator<Real>::bind_steps(const Program& program, const LoopTable<Real>& table) {
  for (const Step& step : program.steps) {
    BoundStep bound;
    bound.loop = table[step.formula];
    bound.arity = arity_of(step.formula);
    for (int k = 0; k < bound.arity; ++k) {
      const Operand& operand = step.operands[k];
      bound.sources[k] = {operand.kind, operand.index};
      if (operand.kind == Operand::Kind::kConstant) {
        bound.sources[k].index = static_cast<int>(constants_.size());
        constants_.push_back(operand.constant);
      }
    }
    std::copy(step.parameters, step.parameters + kMaxParameters, bound.parameters);
    steps_.push_back(bound);
  }
  for (size_t j = outputs_.size(); j-- > 0;) {
    steps_[static_cast<size_t>(outputs_[j])].output = static_cast<int>(j);
  }
}

// A tile is free again after the last step that reads it; that step may write over it.
template <typename Real>
void TileEvaluator<Real>::assign_tiles(const Program& program) {
  int count = static_cast<int>(program.steps.size());
  std::vector<int> last_use(static_cast<size_t>(count));
  for (int s = 0; s < count; ++s) {
    last_use[static_cast<size_t>(s)] = s;
    const BoundStep& step = steps_[static_cast<size_t>(s)];
    for (int k = 0; k < step.arity; ++k) {
      if (step.sources[k].kind == Operand::Kind::kStep) {
        last_use[static_cast<size_t>(step.sources[k].index)] = s;
      }
    }
  }
  for (int output : outputs_) last_use[static_cast<size_t>(output)] = count;
  std::vector<int> free_at;  // per tile: the step from which on it can be written
  for (int s = 0; s < count; ++s) {
    auto found = std::find_if(free_at.begin(), free_at.end(), [s](int at) { return at <= s; });
    if (found == free_at.end()) found = free_at.insert(found, 0);
    *found = std::max(last_use[static_cast<size_t>(s)], s + 1);
    steps_[static_cast<size_t>(s)].tile = static_cast<int>(found - free_at.begin());
  }
  tile_count_ = static_cast<int>(free_at.size());
}

// A run over a range: where the walk stands, and what the present tile reads and writes.
template <typename Real>
struct TileEvaluator<Real>::Pass {
  const StridedWalk& walk;
  void* const* addresses;
  WalkPosition position;
  bool by_row;  // a tile lies in one row; otherwise it runs across rows
  int steps[kMaxOperands];

  Bound inputs[kMaxOperands];
  Real* outputs[kMaxOperands];  // nullptr where the result has to be stored from its tile
  const Real* results[kMaxSteps];
  Real single[kMaxOperands];
  alignas(64) Real memory[kMaxTiles][kTile];

  Pass(const StridedWalk& space, void* const* starts, int64_t begin)
      : walk(space),
        addresses(starts),
        position(space, begin),
        by_row(space.rank <= 1 || space.row_length() >= kLongRow) {
    for (int k = 0; k < walk.operands; ++k) steps[k] = element_step(k);
  }

  // How the operand moves from one point of a tile to the next: 0, 1, or -1 where it has to be
  // gathered.
  int element_step(int operand) const {
    if (by_row) {
      int64_t step = walk.row_step(operand);
      return step == 0 || step == 1 ? static_cast<int>(step) : -1;
    }
    bool repeated = true;
    bool flat = true;
    int64_t expected = 1;
    for (int axis = walk.rank - 1; axis >= 0; --axis) {
      repeated = repeated && walk.step[operand][axis] == 0;
      flat = flat && walk.step[operand][axis] == expected;
      expected *= walk.size[axis];
    }
    return repeated ? 0 : flat ? 1 : -1;
  }

  // visit(position, points before it in the tile, points) for the parts of rows in the tile.
  template <typename Visit>
  void for_each_part(int64_t count, const Visit& visit) {
    WalkPosition part = position;
    for (int64_t done = 0; done < count;) {
      int64_t points = std::min(part.left_in_row(), count - done);
      visit(part, done, points);
      part.advance(points);
      done += points;
    }
  }

  void advance(int64_t count) {
    while (count > 0) {
      int64_t points = std::min(position.left_in_row(), count);
      position.advance(points);
      count -= points;
    }
  }
};

template <typename Real>
void* TileEvaluator<Real>::address(const Pass& pass, const WalkPosition& at, int operand) const {
  auto bytes = static_cast<int64_t>(operands_[static_cast<size_t>(operand)].bytes);
  return static_cast<std::byte*>(pass.addresses[operand]) + at.offset(operand) * bytes;
}

template <typename Real>
void TileEvaluator<Real>::load_inputs(Pass& pass, int64_t count) const {
  int first = static_cast<int>(outputs_.size());
  for (int k = first; k < pass.walk.operands; ++k) {
    const Stored& stored = operands_[static_cast<size_t>(k)];
    int input = k - first;
    void* from = address(pass, pass.position, k);
    Real* tile = pass.memory[tile_count_ + input];
    if (pass.steps[k] == 0) {
      stored.load(from, 0, &pass.single[input], 1);
      pass.inputs[input] = {&pass.single[input], true};
      continue;
    }
    if (pass.steps[k] == 1 && stored.dtype == dtype_of<Real>) {
      pass.inputs[input] = {static_cast<const Real*>(from), false};
      continue;
    }
    pass.inputs[input] = {tile, false};
    if (pass.by_row || pass.steps[k] == 1) {
      stored.load(from, pass.by_row ? pass.walk.row_step(k) : 1, tile, count);
      continue;
    }
    pass.for_each_part(count, [&](const WalkPosition& part, int64_t done, int64_t points) {
      stored.load(address(pass, part, k), pass.walk.row_step(k), tile + done, points);
    });
  }
}

template <typename Real>
void TileEvaluator<Real>::run_steps(Pass& pass, int64_t count) const {
  LoopArguments<Real> arguments;
  arguments.count = count;
  for (size_t s = 0; s < steps_.size(); ++s) {
    const BoundStep& step = steps_[s];
    for (int k = 0; k < step.arity; ++k) {
      const Source& source = step.sources[k];
      auto index = static_cast<size_t>(source.index);
      Bound bound{};
      switch (source.kind) {
        case Operand::Kind::kInput: bound = pass.inputs[index]; break;
        case Operand::Kind::kStep: bound = {pass.results[index], false}; break;
        case Operand::Kind::kConstant: bound = {&constants_[index], true}; break;
      }
      arguments.operands[k] = bound.numbers;
      arguments.repeated[k] = bound.repeated;
    }
    Real* direct = step.output >= 0 ? pass.outputs[step.output] : nullptr;
    arguments.result = direct ? direct : pass.memory[step.tile];
    arguments.parameters = step.parameters;
    step.loop(arguments);
    pass.results[s] = arguments.result;
  }
}

template <typename Real>
void TileEvaluator<Real>::store_outputs(Pass& pass, int64_t count) const {
  for (int k = 0; k < static_cast<int>(outputs_.size()); ++k) {
    const Stored& stored = operands_[static_cast<size_t>(k)];
    const Real* result = pass.results[outputs_[static_cast<size_t>(k)]];
    if (result == pass.outputs[k]) continue;
    if (pass.by_row || pass.steps[k] == 1) {
      stored.store(result, address(pass, pass.position, k),
                   pass.by_row ? pass.walk.row_step(k) : 1, count);
      continue;
    }
    pass.for_each_part(count, [&](const WalkPosition& part, int64_t done, int64_t points) {
      stored.store(result + done, address(pass, part, k), pass.walk.row_step(k), points);
    });
  }
}

template <typename Real>
void TileEvaluator<Real>::run(const StridedWalk& walk, void* const* addresses, int64_t begin,
                              int64_t end) const {
  Pass pass(walk, addresses, begin);
  for (int64_t i = begin; i < end;) {
    int64_t count = std::min<int64_t>(kTile, end - i);
    if (pass.by_row) count = std::min(count, pass.position.left_in_row());
    for (int k = 0; k < static_cast<int>(outputs_.size()); ++k) {
      bool direct = pass.steps[k] == 1 &&
                    operands_[static_cast<size_t>(k)].dtype == dtype_of<Real>;
      pass.outputs[k] =
          direct ? static_cast<Real*>(address(pass, pass.position, k)) : nullptr;
    }
    load_inputs(pass, count);
    run_steps(pass, count);
    store_outputs(pass, count);
    pass.advance(count);
    i += count;
  }
}

template class TileEvaluator<float>;
template class TileEvaluator<double>;

}  // namespace convoy::elementwise
