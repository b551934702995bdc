// RotaryEmbedding of com.microsoft, opset 1: [batch, rows, heads · size] or [batch, heads, rows,
// size] turned by the rows of the tables that the positions name: one position, of the first row,
// or one for each row of each sequence. float32; 16-bit floats in float32.
#include <algorithm>

#include "ops/attention/heads.h"
#include "ops/attention/rotary.h"
#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Rotary {
  HeadBlock block;
  Heads heads;  // strides alone, of input and output
  int64_t pairs = 0;
  int64_t positions = 0;
  bool interleaved = false;
};

Rotary read(const KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  Rotary rotary;
  rotary.interleaved = attributes.integer("interleaved", 0) != 0;
  const int64_t turned = attributes.integer("rotary_embedding_dim", 0);
  const int64_t num_heads = attributes.integer("num_heads", 0);
  attributes.ignore("scale");  // without meaning in ONNX Runtime too
  attributes.ignore("is_packed_batching");
  attributes.finish();
  check_model(turned >= 0 && num_heads >= 0, "num_heads or rotary_embedding_dim is negative");
  check_model(turned == 0 || num_heads > 0, "rotary_embedding_dim needs num_heads");

  const Shape& x = request.input(0).shape;
  const Shape& table = request.input(2).shape;
  check_input(table.rank() == 2 && request.input(3).shape == table,
              "the tables of shapes {} and {} do not fit each other", to_string(table),
              to_string(request.input(3).shape));
  rotary.positions = table[0];
  rotary.pairs = table[1];
  check_input(x.rank() == 3 || x.rank() == 4, "the input of shape {} has no heads", to_string(x));
  HeadBlock& block = rotary.block;
  block.batch = x[0];
  if (x.rank() == 4) {
    block.heads = x[1];
    block.rows = x[2];
    block.size = x[3];
    rotary.heads = one_by_one(nullptr, block.rows, block.heads, block.size);
  } else {
    block.rows = x[1];
    const int64_t size = num_heads > 0 ? x[2] / num_heads : 2 * rotary.pairs;
    check_input(size > 0 && x[2] % size == 0, "{} columns are not divisible into heads of {}", x[2],
                size);
    block.size = size;
    block.heads = x[2] / size;
    rotary.heads = side_by_side(nullptr, block.rows, block.heads, block.size);
  }
  check_input(2 * rotary.pairs <= block.size && (turned == 0 || turned == 2 * rotary.pairs),
              "tables of {} columns do not fit heads of {}", rotary.pairs, block.size);
  const Shape& places = request.input(1).shape;
  check_input(element_count(places) == 1 || places == Shape({block.batch, block.rows}),
              "positions of shape {} do not fit {} sequences of {}", to_string(places), block.batch,
              block.rows);
  return rotary;
}

void run(const Rotary& rotary, KernelContext& context) {
  const auto [batch, heads, rows, size] = rotary.block;
  const TensorView& places = context.input(1);
  const bool first_only = places.count() == 1;
  Heads x = rotary.heads;
  Heads y = rotary.heads;
  x.data = context.input(0).as<float>();
  y.data = context.output(0).as<float>();
  const float* cosines = context.input(2).as<float>();
  const float* sines = context.input(3).as<float>();
  const int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, heads * size));
  context.threads().parallel_for(batch * rows, grain, [&](int64_t begin, int64_t end) {
    for (int64_t i = begin; i < end; ++i) {
      const int64_t row = i % rows;
      int64_t position = index_at(places, first_only ? 0 : i);
      const bool inside = position >= 0 && position < rotary.positions;
      if (first_only && inside) position += row;
      check_input(position >= 0 && position < rotary.positions,
                  "position {} is not among the {} of the tables", position, rotary.positions);
      const int64_t at = position * rotary.pairs;
      for (int64_t head = 0; head < heads; ++head) {
        rotate(x.at(i / rows, head, row), y.at(i / rows, head, row), size, cosines + at, sines + at,
               rotary.pairs, rotary.interleaved);
      }
    }
  });
}

std::unique_ptr<Kernel> make(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  const Rotary rotary = read(request);
  request.check_output(0, request.input(0).shape);
  request.allow_in_place(0, 0);
  return make_kernel([rotary](KernelContext& context) { run(rotary, context); });
}

}  // namespace

void register_rotary_embedding(Registry& registry) {
  OpDef& definition = registry.add("RotaryEmbedding", "com.microsoft");
  definition.infer = [](InferRequest& request) {
    request.set_output(0, request.inputs[0].dtype, request.inputs[0].shape);
  };
  definition.kernel("direct", make);
}

}  // namespace convoy
