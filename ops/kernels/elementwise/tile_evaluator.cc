#include "ops/kernels/elementwise/tile_evaluator.h"

#include <algorithm>
#include <numeric>

#include "ops/kernels/elementwise/cursor.h"

namespace convoy::elementwise {

template <typename Real>
TileEvaluator<Real>::TileEvaluator(const Program& program, const LoopTable<Real>& table,
                                   std::span<const DType> inputs, std::span<const DType> outputs)
    : outputs_(program.outputs) {
  for (DType dtype : outputs) {
    operands_.push_back({dtype, size_of(dtype), nullptr, row_storer<Real>(dtype)});
    if (dtype == DType::kFloat16 && table.store_half) operands_.back().store = table.store_half;
    check_supported(operands_.back().store != nullptr, "no elementwise kernel writes {}",
                    to_string(dtype));
  }
  for (DType dtype : inputs) {
    operands_.push_back({dtype, size_of(dtype), row_loader<Real>(dtype), nullptr});
    if (dtype == DType::kFloat16 && table.load_half) operands_.back().load = table.load_half;
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

// A run over a range: where it stands, and what the present tile reads and writes.
template <typename Real>
struct TileEvaluator<Real>::Pass {
  const StridedWalk& walk;
  void* const* addresses;
  bool by_row;  // a tile lies in one row; otherwise it runs across rows
  int steps[kMaxOperands];
  int64_t tile = kTile;          // points of a tile at most
  bool same_in_tiles = false;    // what is gathered for one tile serves all
  WalkPosition position;         // by row
  int64_t point;                 // across rows
  Cursor cursors[kMaxOperands];  // across rows, of operands that are gathered or scattered

  Bound inputs[kMaxOperands];
  Real* outputs[kMaxOperands];  // nullptr where the result has to be stored from its tile
  const Real* results[kMaxSteps];
  Real single[kMaxOperands];
  alignas(64) Real memory[kMaxTiles][kTile];

  Pass(const StridedWalk& space, void* const* starts, int64_t begin, int outputs_first)
      : walk(space),
        addresses(starts),
        by_row(space.rank <= 1 || space.row_length() >= kLongRow),
        position(space, by_row ? begin : 0),
        point(begin) {
    for (int k = 0; k < walk.operands; ++k) steps[k] = element_step(k);
    if (!by_row) start_cursors(begin, outputs_first);
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

  // Tiles of whole periods let what was gathered once serve them all.
  void start_cursors(int64_t begin, int outputs_first) {
    int64_t period = 1;
    for (int k = 0; k < walk.operands; ++k) {
      if (steps[k] >= 0) continue;
      cursors[k] = Cursor(walk, k, begin);
      if (k < outputs_first) continue;
      period = std::lcm(period, std::min<int64_t>(cursors[k].period(), kTile + 1));
    }
    if (period > kTile) return;
    tile = kTile / period * period;
    same_in_tiles = true;
  }

  // Points in the tile that starts here.
  int64_t tile_points(int64_t left) const {
    int64_t points = std::min(tile, left);
    return by_row ? std::min(points, position.left_in_row()) : points;
  }

  // The element of an operand that is not gathered, from which the tile goes on.
  int64_t offset(int operand) const {
    if (by_row) return position.offset(operand);
    return steps[operand] == 1 ? point : 0;
  }

  // visit(offset, step, points before it in the tile, points) for each row of a gathered operand.
  template <typename Visit>
  void for_each_row_of(int operand, int64_t count, const Visit& visit) {
    Cursor& cursor = cursors[operand];
    for (int64_t done = 0; done < count;) {
      int64_t points = std::min(cursor.left_in_row(), count - done);
      visit(cursor.offset(), cursor.row_step(), done, points);
      cursor.advance(points);
      done += points;
    }
  }

  void advance(int64_t count) {
    if (by_row) position.advance(count);
    point += count;
  }
};

template <typename Real>
void* TileEvaluator<Real>::address(const Pass& pass, int operand, int64_t offset) const {
  auto bytes = static_cast<int64_t>(operands_[static_cast<size_t>(operand)].bytes);
  return static_cast<std::byte*>(pass.addresses[operand]) + offset * bytes;
}

namespace {

// A few numbers at once: short rows do not pay for a call each.
template <typename Real>
void gather_row(const Real* from, int64_t step, Real* to, int64_t count) {
  if (step == 0) {
    Real value = *from;
    for (int64_t i = 0; i < count; ++i) to[i] = value;
  } else {
    for (int64_t i = 0; i < count; ++i) to[i] = from[i * step];
  }
}

}  // namespace

template <typename Real>
void TileEvaluator<Real>::gather(Pass& pass, int operand, Real* tile, int64_t count) const {
  const Stored& stored = operands_[static_cast<size_t>(operand)];
  if (stored.dtype == dtype_of<Real>) {
    const Real* base = static_cast<const Real*>(pass.addresses[operand]);
    pass.for_each_row_of(operand, count,
                         [&](int64_t offset, int64_t step, int64_t done, int64_t points) {
                           gather_row(base + offset, step, tile + done, points);
                         });
    return;
  }
  pass.for_each_row_of(operand, count,
                       [&](int64_t offset, int64_t step, int64_t done, int64_t points) {
                         stored.load(address(pass, operand, offset), step, tile + done, points);
                       });
}

template <typename Real>
void TileEvaluator<Real>::load_inputs(Pass& pass, int64_t count, bool first_tile) const {
  int first = static_cast<int>(outputs_.size());
  for (int k = first; k < pass.walk.operands; ++k) {
    const Stored& stored = operands_[static_cast<size_t>(k)];
    int input = k - first;
    Real* tile = pass.memory[tile_count_ + input];
    if (!pass.by_row && pass.steps[k] < 0) {
      if (first_tile || !pass.same_in_tiles) gather(pass, k, tile, count);
      pass.inputs[input] = {tile, false};
      continue;
    }
    void* from = address(pass, k, pass.offset(k));
    if (pass.steps[k] == 0) {
      stored.load(from, 0, &pass.single[input], 1);
      pass.inputs[input] = {&pass.single[input], true};
    } else if (pass.steps[k] == 1 && stored.dtype == dtype_of<Real>) {
      pass.inputs[input] = {static_cast<const Real*>(from), false};
    } else {
      stored.load(from, pass.by_row ? pass.walk.row_step(k) : 1, tile, count);
      pass.inputs[input] = {tile, false};
    }
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
      stored.store(result, address(pass, k, pass.offset(k)),
                   pass.by_row ? pass.walk.row_step(k) : 1, count);
      continue;
    }
    pass.for_each_row_of(k, count, [&](int64_t offset, int64_t step, int64_t done, int64_t points) {
      stored.store(result + done, address(pass, k, offset), step, points);
    });
  }
}

template <typename Real>
void TileEvaluator<Real>::run(const StridedWalk& walk, void* const* addresses, int64_t begin,
                              int64_t end) const {
  int outputs = static_cast<int>(outputs_.size());
  Pass pass(walk, addresses, begin, outputs);
  for (int64_t i = begin; i < end;) {
    int64_t count = pass.tile_points(end - i);
    for (int k = 0; k < outputs; ++k) {
      bool direct = pass.steps[k] == 1 && operands_[static_cast<size_t>(k)].dtype == dtype_of<Real>;
      pass.outputs[k] = direct ? static_cast<Real*>(address(pass, k, pass.offset(k))) : nullptr;
    }
    load_inputs(pass, count, i == begin);
    run_steps(pass, count);
    store_outputs(pass, count);
    pass.advance(count);
    i += count;
  }
}

template class TileEvaluator<float>;
template class TileEvaluator<double>;

}  // namespace convoy::elementwise
