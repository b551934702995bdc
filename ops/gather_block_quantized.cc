// com.microsoft's GatherBlockQuantized: rows of a table that is stored in blocks of int4, uint4 or
// packed uint8 (2, 4 or 8 bits an element along the last axis), dequantized. An index outside of
// the table gives zeros.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

constexpr int kData = 0, kIndices = 1, kScales = 2, kZeros = 3;

struct Table {
  int64_t bits = 4;
  bool packed = false;  // uint8
  // The elements as [outer, rows, row] around the gathered axis …
  int64_t outer = 1, rows = 0, row = 1;
  // … and as [?, length, inner] around the axis of the blocks.
  int64_t length = 0, inner = 1, block = 128;
  Shape shape;  // of the elements
  int gather_axis = 0;
  int block_axis = 1;

  int64_t blocks() const { return (length + block - 1) / block; }
  int64_t per_byte() const { return packed ? 8 / bits : 1; }
};

Table read_table(const Node& node, const TensorDesc& data) {
  AttributeReader attributes(node);
  Table table;
  table.bits = attributes.integer("bits", 4);
  table.block = attributes.integer("block_size", 128);
  table.packed = data.dtype == DType::kUInt8;
  table.gather_axis = normalize_axis(attributes.integer("gather_axis", 0), data.rank());
  table.block_axis = normalize_axis(attributes.integer("quantize_axis", 1), data.rank());
  attributes.finish();
  check_supported(table.packed || data.dtype == DType::kInt4 || data.dtype == DType::kUInt4,
                  "a table of {}", to_string(data));
  check_model(table.bits == 4 || (table.packed && (table.bits == 2 || table.bits == 8)),
              "{} bits in a table of {}", table.bits, to_string(data.dtype));
  bool power = table.block >= 16 && (table.block & (table.block - 1)) == 0;
  check_model(power, "block_size {} is no power of 2 from 16 on", table.block);
  table.shape = data.shape;
  int last = data.rank() - 1;
  if (table.packed) {
    check_model(table.gather_axis == 0 && table.block_axis == last && last > 0,
                "a uint8 table is gathered along its first axis and has blocks along its last");
    table.shape[last] = checked_multiply(table.shape[last], table.per_byte());
  }
  table.rows = table.shape[table.gather_axis];
  table.length = table.shape[table.block_axis];
  for (int axis = 0; axis <= last; ++axis) {
    if (axis < table.gather_axis) table.outer *= table.shape[axis];
    if (axis > table.gather_axis) table.row = checked_multiply(table.row, table.shape[axis]);
    if (axis > table.block_axis) table.inner *= table.shape[axis];
  }
  return table;
}

void check_operands(const KernelRequest& request, const Table& table) {
  const TensorDesc& scales = request.input(kScales);
  Shape expected = table.shape;
  expected[table.block_axis] = table.blocks();
  check_model(scales.shape == expected, "the scales are {}, expected the shape {}",
              to_string(scales), to_string(expected));
  DType index = request.input(kIndices).dtype;
  check_model(index == DType::kInt64 || index == DType::kInt32, "the indices are {}",
              to_string(index));
  if (!request.has_input(kZeros)) return;
  const TensorDesc& zeros = request.input(kZeros);
  int64_t per_byte = table.per_byte();
  expected[table.block_axis] = (table.blocks() + per_byte - 1) / per_byte;
  check_model(zeros.shape == expected && zeros.dtype == request.input(kData).dtype,
              "the zero points are {}, expected {} of shape {}", to_string(zeros),
              to_string(request.input(kData).dtype), to_string(expected));
}

// Element i of packed bytes, or of one byte an element.
float load(const TensorView& view, const Table& table, int64_t i) {
  if (view.dtype == DType::kInt4) return view.as<const int8_t>()[i];
  const auto* bytes = view.as<const uint8_t>();
  if (!table.packed) return bytes[i];
  int64_t shift = i % table.per_byte() * table.bits;
  return static_cast<float>(bytes[i / table.per_byte()] >> shift & ((1 << table.bits) - 1));
}

float zero_of(const TensorView& zeros, const Table& table, int64_t at) {
  if (!zeros.present()) return table.packed ? static_cast<float>(1 << (table.bits - 1)) : 0.0f;
  if (!table.packed) return load(zeros, table, at);
  int64_t bytes = (table.blocks() + table.per_byte() - 1) / table.per_byte();
  return load(zeros, table, at / table.blocks() * bytes * table.per_byte() + at % table.blocks());
}

// The `row` elements from `first` on.
template <typename T>
void dequantize_row(const KernelContext& context, const Table& table, int64_t first, T* to) {
  const TensorView& data = context.input(kData);
  TensorView zeros = context.has_input(kZeros) ? context.input(kZeros) : TensorView();
  const T* scales = context.input(kScales).as<const T>();
  for (int64_t i = 0; i < table.row;) {
    int64_t at = first + i;
    int64_t along = at / table.inner % table.length;
    int64_t outer = at / table.inner / table.length;
    int64_t block = (outer * table.blocks() + along / table.block) * table.inner + at % table.inner;
    int64_t run = 1;
    if (table.inner == 1) {
      int64_t left = std::min(table.block - along % table.block, table.length - along);
      run = std::min(left, table.row - i);
    }
    float scale = static_cast<float>(scales[block]);
    float zero = zero_of(zeros, table, block);
    for (int64_t k = 0; k < run; ++k) {
      to[i + k] = static_cast<T>((load(data, table, at + k) - zero) * scale);
    }
    i += run;
  }
}

template <typename T>
void run(const Table& table, KernelContext& context) {
  const TensorView& indices = context.input(kIndices);
  const int64_t picked = indices.count();
  T* y = context.output(0).as<T>();
  auto index_of = [&](int64_t i) {
    return indices.dtype == DType::kInt64 ? indices.as<const int64_t>()[i]
                                          : int64_t{indices.as<const int32_t>()[i]};
  };
  int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, table.row));
  context.threads().parallel_for(table.outer * picked, grain, [&](int64_t begin, int64_t end) {
    for (int64_t task = begin; task < end; ++task) {
      int64_t index = index_of(task % picked);
      T* to = y + task * table.row;
      if (index < -table.rows || index >= table.rows) {
        std::fill_n(to, table.row, static_cast<T>(0.0f));
        continue;
      }
      if (index < 0) index += table.rows;
      dequantize_row(context, table, (task / picked * table.rows + index) * table.row, to);
    }
  });
}

Shape output_shape(const Table& table, const Shape& indices) {
  Shape shape = table.shape;
  shape.erase(table.gather_axis);
  for (int axis = 0; axis < indices.rank(); ++axis) {
    shape.insert(table.gather_axis + axis, indices[axis]);
  }
  return shape;
}

std::unique_ptr<Kernel> make(KernelRequest& request) {
  const Table table = read_table(request.node(), request.input(kData));
  check_operands(request, table);
  request.check_output(0, output_shape(table, request.input(kIndices).shape));
  return visit_dtype_among<float, Float16, BFloat16>(request.output(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([table](KernelContext& context) { run<T>(table, context); });
  });
}

void infer(InferRequest& request) {
  check_model(request.has_input(kData) && request.has_input(kIndices) && request.has_input(kScales),
              "the table, indices and scales are needed");
  const Table table = read_table(request.node, request.inputs[kData]);
  request.set_output(0, request.inputs[kScales].dtype,
                     output_shape(table, request.inputs[kIndices].shape));
}

}  // namespace

void register_gather_block_quantized(Registry& registry) {
  registry.add("GatherBlockQuantized", "com.microsoft").kernel("reference", make).infer = infer;
}

}  // namespace convoy
