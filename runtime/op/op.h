// The definition of an operator: everything Convoy knows of it, made in one file under ops/.
#pragma once

#include <functional>
#include <limits>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "runtime/device/device.h"
#include "runtime/op/batching.h"
#include "runtime/op/kernel.h"
#include "runtime/op/work.h"

namespace convoy {

// Returns the kernel, or nullptr through request.refuse(reason). Throws kInvalidModel or
// kInvalidInput for a node that is wrong for every kernel.
using KernelFactory = std::function<std::unique_ptr<Kernel>(KernelRequest&)>;

// What a kernel is expected to take on one core, in seconds, before it is made; nullopt through
// request.refuse(reason). Estimates err: one that changes layouts or digits asks for more than it
// expects, by what it must promise to be worth that.
using KernelEstimate = std::function<std::optional<double>(KernelRequest&)>;

struct KernelDef {
  std::string name;  // "reference", "onednn", "avx2"
  DeviceKind device = DeviceKind::kCpu;
  KernelFactory make;  // is only called where the estimate, if there is one, does not refuse
  KernelEstimate seconds = {};
};

// The types of a node's operands; kUndefined where left out.
class GivenTypes {
 public:
  GivenTypes(const std::vector<TensorDesc>& types) : types_(types) {}
  operator const std::vector<TensorDesc>&() const { return types_; }

  size_t size() const { return types_.size(); }
  bool empty() const { return types_.empty(); }
  auto begin() const { return types_.begin(); }
  auto end() const { return types_.end(); }
  bool has(size_t i) const { return i < types_.size() && types_[i].dtype != DType::kUndefined; }
  // Throws kInvalidModel where the operand is missing: nobody has counted those of an operator
  // without a schema.
  const TensorDesc& operator[](size_t i) const {
    if (!has(i)) fail_missing_operand(static_cast<int>(i));
    return types_[i];
  }

 private:
  const std::vector<TensorDesc>& types_;
};

// Output types from concrete input types. `outputs` has one entry for each output of the node;
// entries left kUndefined are unknown until the node has run.
struct InferRequest {
  const Node& node;
  GivenTypes inputs;
  const std::vector<const Tensor*>& constants;  // nullptr where not known
  std::vector<TensorDesc> outputs;

  bool has_input(size_t i) const { return inputs.has(i); }
  const Tensor* constant(size_t i) const { return i < constants.size() ? constants[i] : nullptr; }
  void set_output(size_t j, DType dtype, const Shape& shape) {
    if (j < outputs.size()) outputs[j] = TensorDesc::contiguous(dtype, shape);
  }
};

// Output `j` read in place from input 0: strides in elements of the input's type, and the offset of
// its first element from the input's first.
struct ViewSpec {
  Shape shape;
  Strides strides;
  int64_t offset = 0;
};

struct OpDef {
  std::string domain;  // "" is ONNX's own
  std::string name;
  int first_version = 1;
  int last_version = std::numeric_limits<int>::max();  // inclusive

  // Those with an estimate are tried first, cheapest first, then the others in their order; the
  // reference comes last.
  std::vector<KernelDef> kernels;

  // Overrides ONNX's inference; may leave outputs unknown.
  std::function<void(InferRequest&)> infer;

  // Outputs that are known from the types alone (Shape, Size); nullopt when they are not.
  std::function<std::optional<std::vector<Tensor>>(const KernelRequest&)> fold;

  // Operators that only re-arrange: how output j reads input 0; nullopt when that takes a copy.
  // The kernels must compute the copy.
  std::function<std::optional<ViewSpec>(const KernelRequest&, int j)> view;

  // Operators that only lay inputs side by side (Concat): the region of output 0, with the strides
  // that request.output(0) has, that equals input i. The planner has producers write there.
  std::function<ViewSpec(const KernelRequest&, int i)> part;

  // A composition: the function that defines the operator where it has no kernels, in ONNX's text
  // syntax, `<opset_import: ["" : 18], domain: "d"> Name <alpha: float = 1.0> (x) => (y) {...}`.
  // Attributes that the node sets replace the defaults. An empty text: no body for such a node.
  std::function<std::string(const Node&, const std::vector<ValueType>& input_types)> body;

  // How siblings of this operator become one; empty when they cannot.
  BatchingRule batching;
  // Two operands in either order mean the same.
  bool commutative = false;
  // Transposes of its operands may become one of its only output: it computes element by element,
  // and operands broadcast to each other from opset 7 on.
  bool passes_transposes = false;
  // Its output holds the elements of input 0 in their order: a Reshape by one name or another.
  bool reshapes = false;
  // Of a single operand it makes that operand.
  bool folds_operands = false;
  // Output 0 names a class, which may be a text.
  bool classifies = false;
  // Where its work lies in products with kernels or matrices, how many: passes over memory matter
  // little beside it. Empty for all others. Sizes that are not known count as 1.
  std::function<double(const Node&, const OperandTypes&)> multiply_adds;

  // Subnormal numbers mean nothing to it but time: its kernels may take them for 0. Operators that
  // state multiply_adds need not say so.
  bool sums = false;
  bool may_flush_subnormals() const { return sums || multiply_adds != nullptr; }

  // Outputs are allocated by the kernel (shapes that depend on data), or values that are no
  // tensors.
  bool dynamic = false;
  // Two runs on equal inputs may differ: never folded, merged or removed as a duplicate.
  bool random = false;

  OpDef& versions(int first, int last) {
    first_version = first;
    last_version = last;
    return *this;
  }
  OpDef& batched(BatchingRule rule) {
    batching = std::move(rule);
    return *this;
  }
  OpDef& summing() {
    sums = true;
    return *this;
  }
  // The same body for every node.
  OpDef& composition(std::string text) {
    body = [text = std::move(text)](const Node&, const std::vector<ValueType>&) { return text; };
    return *this;
  }
  OpDef& kernel(std::string kernel_name, KernelFactory make, DeviceKind device = DeviceKind::kCpu) {
    kernels.push_back({std::move(kernel_name), device, std::move(make)});
    return *this;
  }
  OpDef& estimated_kernel(std::string kernel_name, KernelEstimate seconds, KernelFactory make) {
    kernels.push_back(
        {std::move(kernel_name), DeviceKind::kCpu, std::move(make), std::move(seconds)});
    return *this;
  }
};

}  // namespace convoy
