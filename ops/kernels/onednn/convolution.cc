#include <algorithm>
#include <limits>

#include "ops/kernels/onednn/compiled.h"

namespace convoy::onednn {
namespace {

using dnnl::memory;
using Tag = memory::format_tag;

memory::dims to_dims(std::initializer_list<int64_t> front, const Dims& rest) {
  memory::dims dims(front);
  dims.insert(dims.end(), rest.begin(), rest.end());
  return dims;
}

Tag plain_tag(size_t rank) {
  constexpr Tag kTags[] = {Tag::undef, Tag::a,     Tag::ab,    Tag::abc,
                           Tag::abcd,  Tag::abcde, Tag::abcdef};
  return rank < std::size(kTags) ? kTags[rank] : Tag::undef;
}

Tag blocked_tag(size_t rank, int block) {
  if (block == 8) {
    return rank == 3 ? Tag::aBc8b : rank == 4 ? Tag::aBcd8b : rank == 5 ? Tag::aBcde8b : Tag::undef;
  }
  if (block == 16) {
    return rank == 3   ? Tag::aBc16b
           : rank == 4 ? Tag::aBcd16b
           : rank == 5 ? Tag::aBcde16b
                       : Tag::undef;
  }
  return Tag::undef;
}

memory::desc float_desc(const memory::dims& dims, Tag tag) {
  return {dims, memory::data_type::f32, tag};
}

memory::desc activation_desc(const memory::dims& dims, int block) {
  return float_desc(dims, block > 0 ? blocked_tag(dims.size(), block) : plain_tag(dims.size()));
}

// Weights as ONNX has them, in oneDNN's order of axes: outputs before inputs.
memory::desc plain_weights_desc(const ConvProblem& problem) {
  int64_t out = problem.out_channels / problem.groups;
  int64_t in = problem.in_channels / problem.groups;
  memory::dims dims = problem.groups > 1
                          ? to_dims({problem.groups, out, in}, problem.window.kernel())
                          : to_dims({out, in}, problem.window.kernel());
  if (!problem.transposed) return float_desc(dims, plain_tag(dims.size()));
  size_t first = problem.groups > 1 ? 1 : 0;
  memory::dims strides(dims.size());
  int64_t stride = 1;
  for (size_t i = dims.size(); i-- > first + 2;) {
    strides[i] = stride;
    stride *= dims[i];
  }
  strides[first] = stride;
  strides[first + 1] = stride * out;
  if (first == 1) strides[0] = stride * out * in;
  return {dims, memory::data_type::f32, strides};
}

struct Descs {
  memory::desc source, weights, plain_weights, bias, destination;
  memory::dims strides, dilations, pads_begin, pads_end;

  explicit Descs(const ConvProblem& problem) {
    source = activation_desc(to_dims({problem.batch, problem.in_channels}, problem.window.input()),
                             problem.input_block);
    destination =
        activation_desc(to_dims({problem.batch, problem.out_channels}, problem.window.output()),
                        problem.output_block);
    plain_weights = plain_weights_desc(problem);
    weights = plain_weights;
    if (problem.packed_weights) weights = float_desc(plain_weights.get_dims(), Tag::any);
    if (problem.has_bias) bias = float_desc({problem.out_channels}, Tag::a);
    for (const SizedWindow& axis : problem.window.axes) {
      strides.push_back(axis.stride);
      dilations.push_back(axis.dilation - 1);
      pads_begin.push_back(axis.pad_begin);
      pads_end.push_back(axis.pad_end);
    }
  }
};

template <typename Forward>
std::shared_ptr<const Primitive> compile(const ConvProblem& problem, dnnl::algorithm algorithm) {
  Descs descs(problem);
  auto attributes = attributes_for(problem.add_to_output, problem.epilogue);
  auto kind = dnnl::prop_kind::forward_inference;
  ThreadScope scope(problem.threads);
  typename Forward::primitive_desc desc =
      problem.has_bias
          ? typename Forward::primitive_desc(engine(), kind, algorithm, descs.source, descs.weights,
                                             descs.bias, descs.destination, descs.strides,
                                             descs.dilations, descs.pads_begin, descs.pads_end,
                                             attributes, true)
          : typename Forward::primitive_desc(engine(), kind, algorithm, descs.source, descs.weights,
                                             descs.destination, descs.strides, descs.dilations,
                                             descs.pads_begin, descs.pads_end, attributes, true);
  if (!desc) return nullptr;
  std::string implementation = desc.impl_info_str();
  if (implementation.find("ref") != std::string::npos) return nullptr;
  Blueprint blueprint;
  blueprint.primitive = Forward(desc);
  blueprint.source = desc.src_desc();
  blueprint.weights = desc.weights_desc();
  blueprint.plain_weights = descs.plain_weights;
  blueprint.bias = descs.bias;
  blueprint.destination = desc.dst_desc();
  blueprint.scratch = desc.scratchpad_desc();
  blueprint.implementation = implementation;
  blueprint.threads = problem.threads;
  return std::make_shared<Compiled>(std::move(blueprint));
}

// oneDNN keeps these as int.
bool fits_int(const Window& window) {
  constexpr int64_t kMost = std::numeric_limits<int>::max() / 4;
  return std::ranges::all_of(window.axes, [](const SizedWindow& axis) {
    return axis.stride <= kMost && axis.extent() <= kMost && std::abs(axis.pad_begin) <= kMost &&
           axis.input_size <= kMost && axis.output_size <= kMost;
  });
}

}  // namespace

std::shared_ptr<const Primitive> convolution(const ConvProblem& problem) {
  int rank = problem.window.rank();
  if (rank < 1 || rank > 3 || !fits_int(problem.window)) return nullptr;
  return cached(problem, [&]() -> std::shared_ptr<const Primitive> {
    try {
      return problem.transposed
                 ? compile<dnnl::deconvolution_forward>(problem,
                                                        dnnl::algorithm::deconvolution_direct)
                 : compile<dnnl::convolution_forward>(problem, dnnl::algorithm::convolution_direct);
    } catch (const dnnl::error&) {
      return nullptr;
    }
  });
}

}  // namespace convoy::onednn
