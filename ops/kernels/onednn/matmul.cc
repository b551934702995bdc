#include "ops/kernels/onednn/compiled.h"

namespace convoy::onednn {
namespace {

using dnnl::memory;

// [batch…, rows, columns]; batch axes that are repeated have size 1.
memory::desc matrices(const MatMulProblem& problem, const Strides& strides, int64_t rows,
                      int64_t columns) {
  memory::dims dims;
  memory::dims steps(strides.begin(), strides.end());
  int batch = problem.batch.rank();
  for (int i = 0; i < batch; ++i) {
    bool repeated = strides[i] == 0;
    dims.push_back(repeated ? 1 : problem.batch[i]);
    if (repeated) steps[static_cast<size_t>(i)] = rows * columns;
  }
  dims.push_back(rows);
  dims.push_back(columns);
  return {dims, memory::data_type::f32, steps};
}

std::shared_ptr<const Primitive> compile(const MatMulProblem& problem) {
  using Desc = dnnl::matmul::primitive_desc;
  Blueprint blueprint;
  blueprint.source = matrices(problem, problem.a, problem.m, problem.k);
  blueprint.plain_weights = matrices(problem, problem.b, problem.k, problem.n);
  blueprint.destination = matrices(problem, problem.y, problem.m, problem.n);
  blueprint.weights = blueprint.plain_weights;
  if (problem.packed_b) {
    blueprint.weights = {blueprint.plain_weights.get_dims(), memory::data_type::f32,
                         memory::format_tag::any};
  }
  if (problem.has_bias) {
    auto front = static_cast<size_t>(problem.batch.rank()) + 1;
    memory::dims dims(front, 1);
    memory::dims strides(front, problem.n);
    dims.push_back(problem.n);
    strides.push_back(1);
    blueprint.bias = {dims, memory::data_type::f32, strides};
  }
  auto attributes = attributes_for(problem.add_to_output, problem.epilogue, problem.scale);
  ThreadScope scope(problem.threads);
  Desc desc = problem.has_bias ? Desc(engine(), blueprint.source, blueprint.weights, blueprint.bias,
                                      blueprint.destination, attributes, true)
                               : Desc(engine(), blueprint.source, blueprint.weights,
                                      blueprint.destination, attributes, true);
  if (!desc) return nullptr;
  blueprint.implementation = desc.impl_info_str();
  if (blueprint.implementation.find("ref") != std::string::npos) return nullptr;
  blueprint.primitive = dnnl::matmul(desc);
  blueprint.weights = desc.weights_desc();
  blueprint.scratch = desc.scratchpad_desc();
  blueprint.threads = problem.threads;
  return std::make_shared<Compiled>(std::move(blueprint));
}

}  // namespace

std::shared_ptr<const Primitive> matmul(const MatMulProblem& problem) {
  if (problem.batch.rank() > 8) return nullptr;
  return cached(problem, [&]() -> std::shared_ptr<const Primitive> {
    try {
      return compile(problem);
    } catch (const dnnl::error&) {
      return nullptr;
    }
  });
}

}  // namespace convoy::onednn
