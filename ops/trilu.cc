// Trilu, opset 14 and up: the upper or lower triangle of the last two axes, zeros elsewhere.
// The diagonal k is an optional input. Any element type but strings.
#include <cstring>

#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Columns [keep_begin, keep_end) of a row are copied, the others set to zero bytes.
void triangle_row(const std::byte* in, std::byte* out, int64_t columns, int64_t keep_begin,
                  int64_t keep_end, size_t size) {
  auto bytes = [size](int64_t count) { return static_cast<size_t>(count) * size; };
  std::memset(out, 0, bytes(keep_begin));
  std::memcpy(out + bytes(keep_begin), in + bytes(keep_begin), bytes(keep_end - keep_begin));
  std::memset(out + bytes(keep_end), 0, bytes(columns - keep_end));
}

void run_trilu(KernelContext& context, bool upper) {
  const TensorView& in = context.input(0);
  const TensorView& out = context.output(0);
  int rank = in.rank();
  int64_t rows = in.shape[rank - 2];
  int64_t columns = in.shape[rank - 1];
  int64_t k = 0;
  if (context.has_input(1)) {
    k = std::clamp(single_index(context.input(1), "k"), -rows - 1, columns + 1);
  }
  size_t size = size_of(in.dtype);
  if (in.count() == 0) return;
  int64_t all_rows = in.count() / columns;
  int64_t grain = std::max<int64_t>(1, 16384 / columns);
  context.threads().parallel_for(all_rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t r = begin; r < end; ++r) {
      int64_t diagonal = r % rows + k;
      int64_t first = upper ? std::clamp<int64_t>(diagonal, 0, columns) : 0;
      int64_t last = upper ? columns : std::clamp<int64_t>(diagonal + 1, 0, columns);
      auto offset = static_cast<size_t>(r * columns) * size;
      triangle_row(in.as<std::byte>() + offset, out.as<std::byte>() + offset, columns, first, last,
                   size);
    }
  });
}

std::unique_ptr<Kernel> make_trilu(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  bool upper = attributes.integer("upper", 1) != 0;
  attributes.finish();
  check_input(request.input(0).rank() >= 2, "Trilu of a tensor of rank {}",
              request.input(0).rank());
  check_supported(request.input(0).dtype != DType::kString, "Trilu of strings");
  request.check_output(0, request.input(0).shape);
  return make_kernel([upper](KernelContext& context) { run_trilu(context, upper); });
}

}  // namespace

void register_trilu(Registry& registry) {
  registry.add("Trilu")
      .versions(14, std::numeric_limits<int>::max())
      .kernel("reference", make_trilu);
}

}  // namespace convoy
