#include "ops/kernels/copy/copy.h"

#include "ops/kernels/copy/plane.h"

namespace convoy {
namespace {

constexpr int64_t kPieceElements = 16384;

int64_t magnitude(int64_t value) { return value < 0 ? -value : value; }

// A copy as outer loops around one plane of rows × columns. Columns walk the destination with its
// smallest stride; rows walk the source with its smallest one where that is another axis.
struct Loops {
  int outer_rank = 0;
  int64_t outer_count = 1;
  int64_t size[kMaxRank];
  int64_t from[kMaxRank];
  int64_t to[kMaxRank];
  Plane plane;

  Loops(const TensorView& source, const TensorView& target) {
    int rank = 0;
    for (int i = 0; i < source.rank(); ++i) {
      if (source.shape[i] == 1) continue;
      int j = rank++;
      for (; j > 0 && magnitude(to[j - 1]) < magnitude(target.strides[i]); --j) shift(j);
      size[j] = source.shape[i];
      from[j] = source.strides[i];
      to[j] = target.strides[i];
    }
    rank = merged(rank);
    if (rank > 0) {
      --rank;
      plane.columns = size[rank];
      plane.from_column = from[rank];
      plane.to_column = to[rank];
    }
    if (rank > 0) take_rows(rank);
    outer_rank = rank > 0 ? rank - 1 : 0;
    for (int i = 0; i < outer_rank; ++i) outer_count *= size[i];
  }

 private:
  void shift(int j) {
    size[j] = size[j - 1];
    from[j] = from[j - 1];
    to[j] = to[j - 1];
  }
  int merged(int rank) {
    int kept = 0;
    for (int i = 0; i < rank; ++i) {
      bool joins =
          kept > 0 && from[kept - 1] == from[i] * size[i] && to[kept - 1] == to[i] * size[i];
      int64_t length = joins ? size[kept - 1] * size[i] : size[i];
      int at = joins ? kept - 1 : kept++;
      size[at] = length;
      from[at] = from[i];
      to[at] = to[i];
    }
    return kept;
  }
  void take_rows(int rank) {
    int rows = rank - 1;
    if (magnitude(plane.from_column) > 1) {
      for (int i = 0; i < rank; ++i) {
        if (magnitude(from[i]) < magnitude(from[rows])) rows = i;
      }
    }
    plane.rows = size[rows];
    plane.from_row = from[rows];
    plane.to_row = to[rows];
    for (int i = rows; i + 1 < rank; ++i) {
      size[i] = size[i + 1];
      from[i] = from[i + 1];
      to[i] = to[i + 1];
    }
  }
};

// Walks the outer loops from a given position on.
struct Odometer {
  const Loops& loops;
  int64_t index[kMaxRank];
  int64_t from = 0;
  int64_t to = 0;

  Odometer(const Loops& owner, int64_t position) : loops(owner) {
    for (int i = loops.outer_rank - 1; i >= 0; --i) {
      index[i] = position % loops.size[i];
      position /= loops.size[i];
      from += index[i] * loops.from[i];
      to += index[i] * loops.to[i];
    }
  }
  void advance() {
    for (int i = loops.outer_rank - 1; i >= 0; --i) {
      from += loops.from[i];
      to += loops.to[i];
      if (++index[i] < loops.size[i]) return;
      index[i] = 0;
      from -= loops.from[i] * loops.size[i];
      to -= loops.to[i] * loops.size[i];
    }
  }
};

void run_loops(const Loops& loops, size_t bytes, CopyPlane copy, const TensorView& from,
               const TensorView& to, ThreadPool& threads) {
  const Plane& plane = loops.plane;
  int64_t band = plane.rows;
  if (loops.outer_count < 4 * threads.thread_count()) {
    int64_t fitting = kPieceElements / std::max<int64_t>(1, plane.columns);
    band = std::clamp<int64_t>((fitting + 31) / 32 * 32, 1, std::max<int64_t>(1, plane.rows));
  }
  int64_t bands = (plane.rows + band - 1) / band;
  int64_t grain = std::max<int64_t>(1, kPieceElements / std::max<int64_t>(1, band * plane.columns));
  const auto* source = static_cast<const std::byte*>(from.data);
  auto* target = static_cast<std::byte*>(to.data);
  auto size = static_cast<int64_t>(bytes);
  threads.parallel_for(loops.outer_count * bands, grain, [&](int64_t begin, int64_t end) {
    Odometer at(loops, begin / bands);
    int64_t slot = begin % bands;
    for (int64_t item = begin; item < end; ++item) {
      Plane part = plane;
      int64_t row = slot * band;
      part.rows = std::min(band, plane.rows - row);
      copy(part, source + (at.from + row * plane.from_row) * size,
           target + (at.to + row * plane.to_row) * size);
      if (++slot == bands) {
        slot = 0;
        at.advance();
      }
    }
  });
}

}  // namespace

void copy_parallel(const TensorView& from, const TensorView& to, ThreadPool& threads) {
  bool fits = from.dtype == to.dtype && from.shape == to.shape;
  if (!fits || !from.layout.plain() || !to.layout.plain()) {
    fail(ErrorCode::kInternal, "cannot copy {} to {}", to_string(from), to_string(to));
  }
  if (from.count() == 0) return;
  if (from.dtype == DType::kString) return copy_elements(from, to);
  Loops loops(from, to);
  size_t bytes = size_of(from.dtype);
  run_loops(loops, bytes, plane_copier(bytes), from, to, threads);
}

void fill_parallel(const TensorView& to, const void* element, ThreadPool& threads) {
  TensorView from(to, const_cast<void*>(element));
  from.strides = Strides::filled(to.rank(), 0);
  copy_parallel(from, to, threads);
}

TensorView moved_view(const TensorView& view, const Shape& shape, const Strides& strides,
                      int64_t offset) {
  TensorView moved = view;
  moved.shape = shape;
  moved.strides = strides;
  auto size = static_cast<int64_t>(size_of(view.dtype));
  moved.data = static_cast<std::byte*>(view.data) + offset * size;
  return moved;
}

TensorView sliced_view(const TensorView& view, int axis, int64_t begin, int64_t length,
                       int64_t step) {
  Shape shape = view.shape;
  Strides strides = view.strides;
  shape[axis] = length;
  strides[axis] = view.strides[axis] * step;
  return moved_view(view, shape, strides, begin * view.strides[axis]);
}

}  // namespace convoy
