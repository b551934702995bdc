// Evaluates a program over strided operands, a tile of numbers at a time: one pass over memory,
// results between steps stay in the first-level cache.
#pragma once

#include "ops/kernels/elementwise/convert_rows.h"
#include "ops/kernels/elementwise/loops.h"
#include "ops/kernels/elementwise/program.h"
#include "ops/kernels/elementwise/strided_walk.h"

namespace convoy::elementwise {

// Immutable once made; Real is what is computed in, float or double.
template <typename Real>
class TileEvaluator {
 public:
  // The program must have passed check(). Throws kUnsupported for element types that cannot be
  // loaded or stored, and for programs of too many steps, operands or live results.
  TileEvaluator(const Program& program, const LoopTable<Real>& table, std::span<const DType> inputs,
                std::span<const DType> outputs);

  // Points [begin, end) of the walk, whose operands are the outputs and then the inputs.
  // addresses: of element 0 of each operand. Thread-safe.
  void run(const StridedWalk& walk, void* const* addresses, int64_t begin, int64_t end) const;

  int64_t grain() const { return grain_; }

 private:
  static constexpr int kTile = 512;
  static constexpr int kMaxTiles = 32;
  static constexpr int kMaxSteps = 128;
  static constexpr int64_t kLongRow = 64;

  struct Source {
    Operand::Kind kind;
    int index;
  };
  struct BoundStep {
    Loop<Real> loop;
    int arity;
    Source sources[kMaxArity];
    float parameters[kMaxParameters];
    int tile;         // where the result goes …
    int output = -1;  // … unless it can be written to this output at once
  };
  struct Bound {
    const Real* numbers;
    bool repeated;
  };
  struct Pass;

  void bind_steps(const Program& program, const LoopTable<Real>& table);
  void assign_tiles(const Program& program);
  void* address(const Pass& pass, int operand, int64_t offset) const;
  void gather(Pass& pass, int operand, Real* tile, int64_t count) const;
  void load_inputs(Pass& pass, int64_t count, bool first_tile) const;
  void run_steps(Pass& pass, int64_t count) const;
  void store_outputs(Pass& pass, int64_t count) const;

  std::vector<BoundStep> steps_;
  std::vector<Real> constants_;
  std::vector<int> outputs_;  // the step of each
  struct Stored {
    DType dtype;
    size_t bytes;
    LoadRow<Real> load;
    StoreRow<Real> store;
  };
  std::vector<Stored> operands_;  // outputs, then inputs
  int tile_count_ = 0;            // of results; those of inputs follow
  int64_t grain_ = 1;
};

}  // namespace convoy::elementwise
