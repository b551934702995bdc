// Operators of the domain that ONNX has as well, or got later, in a somewhat different form: Trilu,
// Unique, GatherND, Pad, Range, ExpandDims, GridSample, SampleOp; and IsAllFinite, Rfft, Irfft,
// UnfoldTensor, ComplexMul, ComplexMulConj.
#include "ops/microsoft_float/composition.h"

#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"

namespace convoy {
namespace {

std::string trilu(const Node& node, const InputTypes&) {
  return microsoft_function("Trilu <upper: int = 1> (X, k) => (Y)",
                            node.has_input(1) ? "Y = Trilu <upper: int = @upper> (X, k)"
                                              : "Y = Trilu <upper: int = @upper> (X)");
}

std::string range(const Node& node, const InputTypes&) {
  return microsoft_function("Range (start, limit, delta) => (Y)",
                            fmt::format(R"(none = Constant <value_ints: ints = []> ()
                     first = Reshape(start, none) last = Reshape(limit, none)
                     {} step = CastLike(d, first) Y = Range(first, last, step))",
                                        node.has_input(2) ? "d = Reshape(delta, none)"
                                                          : "d = Constant <value_int = 1> ()"));
}

std::string pad(const Node& node, const InputTypes&) {
  return microsoft_function(
      R"(Pad <mode: string = "constant"> (data, pads, value) => (output))",
      fmt::format(R"(all = Constant <value_ints = [-1]> () list = Reshape(pads, all) {})",
                  node.has_input(2)
                      ? R"(none = Constant <value_ints: ints = []> () v = Reshape(value, none)
                           output = Pad <mode: string = @mode> (data, list, v))"
                      : "output = Pad <mode: string = @mode> (data, list)"));
}

std::string is_all_finite(const Node& node, const InputTypes&) {
  const bool nan_only = integer_of(node, "isnan_only", 0) != 0;
  const bool infinite_only = integer_of(node, "isinf_only", 0) != 0;
  check_model(!(nan_only && infinite_only), "isnan_only and isinf_only cannot both be set");
  std::string inputs;
  std::string nodes = "one = Constant <value_ints = [1]> () ";
  std::string sums;
  for (size_t i = 0; i < node.inputs.size(); ++i) {
    inputs += fmt::format("{}x{}", i > 0 ? ", " : "", i);
    for (std::string_view test : {"IsNaN", "IsInf"}) {
      if (test == "IsNaN" ? infinite_only : nan_only) continue;
      nodes += fmt::format(
          "b_{0}{1} = {0}(x{1}) c_{0}{1} = Cast <to = 7> (b_{0}{1}) "
          "t_{0}{1} = ReduceSum <keepdims = 0> (c_{0}{1}) "
          "s_{0}{1} = Reshape(t_{0}{1}, one) ",
          test, i);
      sums += fmt::format("{}s_{}{}", sums.empty() ? "" : ", ", test, i);
    }
  }
  check_model(!sums.empty(), "there is no input");
  nodes += fmt::format(
      "found = Concat <axis = 0> ({}) total = ReduceSum <keepdims = 0> (found) "
      "some = Cast <to = 9> (total) output = Not(some)",
      sums);
  return microsoft_function(
      fmt::format("IsAllFinite <isinf_only: int = 0, isnan_only: int = 0> ({}) => (output)",
                  inputs),
      nodes);
}

std::string unfold(const Node& node, const InputTypes& types) {
  const int64_t size = integer_of(node, "size", 0);
  const int64_t step = integer_of(node, "step", 1);
  check_model(size > 0 && step > 0, "size {} and step {} must be positive", size, step);
  const int rank = rank_of(types, 0);
  check_supported(rank > 0, "the rank of the input must be known when the model is loaded");
  const int axis = normalize_axis(integer_of(node, "dim", -1), rank);
  // starts[i] + [0, size) as indices of a Gather, whose second axis then goes last.
  std::string order;
  for (int i = 0; i <= rank; ++i) {
    const int from = i == rank ? axis + 1 : i <= axis ? i : i + 1;
    order += fmt::format("{}{}", i > 0 ? ", " : "", from);
  }
  return microsoft_function(
      "UnfoldTensor <dim: int = -1, size, step: int = 1> (input) => (output)",
      fmt::format(R"(zero = Constant <value_int = 0> () one = Constant <value_int = 1> ()
        size = Constant <value_int = {1}> () step = Constant <value_int = {2}> ()
        most = Constant <value_int = {3}> ()
        long = Shape <start = {0}, end = {4}> (input) none = Constant <value_ints: ints = []> ()
        length = Reshape(long, none) limit = Sub(length, most)
        starts = Range(zero, limit, step) within = Range(zero, size, one)
        last = Constant <value_ints = [1]> () column = Unsqueeze(starts, last)
        indices = Add(column, within) slices = Gather <axis = {0}> (input, indices)
        output = Transpose <perm = [{5}]> (slices))",
                  axis, size, step, size - 1, axis + 1, order));
}

struct Composition {
  const char* name;
  const char* signature;
  const char* nodes;
};

constexpr Composition kCompositions[] = {
    {"SampleOp", "SampleOp (X) => (Y)", "Y = Identity(X)"},
    {"Unique", "Unique (x) => (y, idx, counts)", "y, first, idx, counts = Unique <sorted = 0> (x)"},
    {"GatherND", "GatherND (data, indices) => (output)",
     "places = Cast <to = 7> (indices) output = GatherND(data, places)"},
    {"ExpandDims", "ExpandDims (X, axis) => (Y)",
     "wide = Cast <to = 7> (axis) all = Constant <value_ints = [-1]> () "
     "list = Reshape(wide, all) Y = Unsqueeze(X, list)"},
    {"Rfft", "Rfft <normalized: int = 0, onesided: int = 1, signal_ndim: int = 1> (X) => (Y)",
     R"(last = Constant <value_ints = [-1]> () real = Unsqueeze(X, last)
        axis = Constant <value_int = -2> ()
        Y = DFT <onesided = 1> (real, , axis))"},
    // The half that is left out is the other one in reverse order, conjugated.
    {"Irfft", "Irfft <normalized: int = 0, onesided: int = 1, signal_ndim: int = 1> (X) => (Y)",
     R"(axis = Constant <value_int = -2> () axes = Constant <value_ints = [-2]> ()
        from = Constant <value_ints = [-2]> () to = Constant <value_ints = [0]> ()
        back = Constant <value_ints = [-1]> ()
        rest = Slice(X, from, to, axes, back)
        signs = Constant <value_floats = [1.0, -1.0]> () s = CastLike(signs, X)
        other = Mul(rest, s) whole = Concat <axis = -2> (X, other)
        signal = DFT <inverse = 1> (whole, , axis)
        last = Constant <value_ints = [-1]> () zero = Constant <value_int = 0> ()
        Y = Gather <axis = -1> (signal, zero))"},
    {"ComplexMul", "ComplexMul (A, B) => (C)",
     R"(ar, ai = Split <axis = -1, num_outputs = 2> (A)
        br, bi = Split <axis = -1, num_outputs = 2> (B)
        rr = Mul(ar, br) ii = Mul(ai, bi) ri = Mul(ar, bi) ir = Mul(ai, br)
        cr = Sub(rr, ii) ci = Add(ri, ir) C = Concat <axis = -1> (cr, ci))"},
    {"ComplexMulConj", "ComplexMulConj (A, B) => (C)",
     R"(ar, ai = Split <axis = -1, num_outputs = 2> (A)
        br, bi = Split <axis = -1, num_outputs = 2> (B)
        rr = Mul(ar, br) ii = Mul(ai, bi) ri = Mul(ar, bi) ir = Mul(ai, br)
        cr = Add(rr, ii) ci = Sub(ir, ri) C = Concat <axis = -1> (cr, ci))"},
};

// Modes are named as in opset 16.
constexpr const char* kGridSample = R"(<opset_import: ["" : 16], domain: "com.microsoft">
  GridSample <align_corners: int = 0, mode: string = "bilinear", padding_mode: string = "zeros">
  (X, Grid) => (Y) {
    Y = GridSample <align_corners: int = @align_corners, mode: string = @mode,
                    padding_mode: string = @padding_mode> (X, Grid)
  })";

}  // namespace

void register_microsoft_twins(Registry& registry) {
  for (const Composition& entry : kCompositions) {
    registry.add(entry.name, kMicrosoftDomain)
        .composition(microsoft_function(entry.signature, entry.nodes));
  }
  registry.add("GridSample", kMicrosoftDomain).composition(kGridSample);
  registry.add("Trilu", kMicrosoftDomain).body = trilu;
  registry.add("Range", kMicrosoftDomain).body = range;
  registry.add("Pad", kMicrosoftDomain).body = pad;
  registry.add("IsAllFinite", kMicrosoftDomain).body = is_all_finite;
  registry.add("UnfoldTensor", kMicrosoftDomain).body = unfold;
}

}  // namespace convoy
