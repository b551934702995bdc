// Kernels: code that computes a node for concrete types, shapes and layouts.
#pragma once

#include <functional>
#include <memory>
#include <span>
#include <string>
#include <utility>
#include <vector>

#include "runtime/base/parallel_for.h"
#include "runtime/device/device.h"
#include "runtime/device/machine.h"
#include "runtime/graph/graph.h"
#include "runtime/op/attribute_reader.h"
#include "runtime/tensor/value.h"

namespace convoy {

// Runs a body of If, Loop, Scan, SequenceMap with the captured values of the enclosing run.
class BodyRunner {
 public:
  virtual ~BodyRunner() = default;
  // Inputs in the order of the body's graph inputs; returns its outputs. The returned tensors own
  // their memory.
  virtual std::vector<Value> run(std::span<const Value> inputs) = 0;
};

[[noreturn]] void fail_missing_operand(int i);

// `i` as an index; throws kInvalidModel where the node has fewer operands: nobody has counted those
// of an operator without a schema.
inline size_t operand_index(int i, size_t count) {
  if (static_cast<size_t>(i) >= count) fail_missing_operand(i);
  return static_cast<size_t>(i);
}

// What a kernel gets for one run. Views are valid until run() returns.
class KernelContext {
 public:
  virtual ~KernelContext() = default;

  // Operands as chosen at planning: shapes and strides equal those of the request. An operand that
  // was left out is not present().
  const TensorView& input(int i) const { return inputs_[operand_index(i, inputs_.size())]; }
  const TensorView& output(int j) const { return outputs_[operand_index(j, outputs_.size())]; }
  int input_count() const { return static_cast<int>(inputs_.size()); }
  int output_count() const { return static_cast<int>(outputs_.size()); }
  bool has_input(int i) const { return i < input_count() && input(i).present(); }
  bool has_output(int j) const { return j < output_count() && output(j).present(); }

  ThreadPool& threads() const { return *threads_; }
  // Where a kernel of a device other than the CPU launches its work.
  Queue& queue() const { return *queue_; }
  // The bytes asked for by KernelRequest::use_scratch, aligned to kAlignment; contents undefined.
  std::byte* scratch() const { return scratch_; }

  // For operators whose outputs have a shape that depends on data, and for values that are no
  // tensors (OpDef::dynamic); throw kInternal elsewhere.
  virtual TensorView allocate_output(int j, DType dtype, const Shape& shape) = 0;
  virtual Value input_value(int i) const = 0;  // undefined when left out
  virtual void set_output(int j, Value value) = 0;
  virtual bool wants_output(int j) const = 0;
  virtual BodyRunner& body(std::string_view attribute) = 0;

 protected:
  std::span<const TensorView> inputs_;
  std::span<const TensorView> outputs_;
  ThreadPool* threads_ = nullptr;
  Queue* queue_ = nullptr;
  std::byte* scratch_ = nullptr;
};

// Immutable after construction: several runs may use one kernel at once.
class Kernel {
 public:
  virtual ~Kernel() = default;
  virtual void run(KernelContext& context) const = 0;
};

// Weights in a kernel's own format, shared by all plans of a session and built once.
class WeightCache {
 public:
  virtual ~WeightCache() = default;
  // Where the buffers lie.
  virtual Device& device() const { return cpu_device(); }
  // The buffer for (constant, format), calling pack(destination) on `bytes` fresh bytes of the host
  // the first time. `format` must name everything that the packed bytes depend on besides the
  // constant.
  virtual std::shared_ptr<const Buffer> get(const Tensor& constant, const std::string& format,
                                            size_t bytes,
                                            const std::function<void(void*)>& pack) = 0;
};

// The form that a kernel needs an operand in.
struct Need {
  DType dtype = DType::kUndefined;
  Layout layout;
  bool any_strides = false;  // of a plain layout
  DeviceId device = {};
};

// The question "can you compute this node, and what do you need for it?" A kernel factory reads the
// operands' types here and states what it needs; the planner provides it by inserting copies.
// Unless it says otherwise, a kernel gets contiguous plain inputs and outputs, of the types that it
// was asked about, on the device that it runs on.
class KernelRequest {
 public:
  KernelRequest(const Graph& graph, const Node& node) : graph_(graph), node_(node) {}

  const Graph& graph() const { return graph_; }
  const Node& node() const { return node_; }
  AttributeReader attributes() const { return AttributeReader(node_); }

  int input_count() const { return static_cast<int>(inputs.size()); }
  int output_count() const { return static_cast<int>(outputs.size()); }
  bool has_input(int i) const {
    return i < input_count() && inputs[static_cast<size_t>(i)].dtype != DType::kUndefined;
  }
  bool has_output(int j) const {
    return j < output_count() && node_.outputs[static_cast<size_t>(j)] != ValueId::kNone;
  }
  const TensorDesc& input(int i) const { return inputs[operand_index(i, inputs.size())]; }
  const TensorDesc& output(int j) const { return outputs[operand_index(j, outputs.size())]; }
  // The value of an input that is the same in every run of the plan; nullptr if it is not known.
  const Tensor* constant(int i) const {
    return i < static_cast<int>(constants.size()) ? constants[static_cast<size_t>(i)] : nullptr;
  }
  // constant(i) as numbers; nullopt if not known. Throws if it is no integer tensor.
  std::optional<std::vector<int64_t>> constant_int64s(int i) const;

  // --- what the kernel needs ---
  void accept_strides(int i) { at(input_needs, i).any_strides = true; }  // any plain ones will do
  void want_layout(int i, Layout layout) { at(input_needs, i).layout = layout; }
  void accept_output_strides(int j) { at(output_needs, j).any_strides = true; }
  void set_output_layout(int j, Layout layout) { at(output_needs, j).layout = layout; }
  // output j may be written over input i if nobody else reads that: equal dtype and descriptors.
  void allow_in_place(int i, int j) { in_place.emplace_back(i, j); }
  void use_scratch(size_t bytes) { scratch_bytes = bytes; }

  // The shape of output j as the kernel works it out from its inputs. Throws kInvalidModel where
  // the planned one differs: the kernel would write past it. For kernels that do not merely walk
  // its output's own shape.
  void check_output(int j, const Shape& computed) const;

  // A no, where a kernel or an estimate is asked for.
  struct Refusal {
    operator std::unique_ptr<Kernel>() const { return nullptr; }
    operator std::optional<double>() const { return std::nullopt; }
  };
  // Says no: `return request.refuse("kernel needs stride 1");`
  Refusal refuse(std::string why) {
    reason = std::move(why);
    return {};
  }

  // --- filled by the planner ---
  std::vector<TensorDesc> inputs;
  std::vector<TensorDesc> outputs;       // of a dynamic operator: undefined
  std::vector<const Tensor*> constants;  // on the host
  DeviceId device;                       // that the kernel is to run on
  WeightCache* weights = nullptr;        // on that device
  int threads = 1;
  Isa isa = Isa::kGeneric;
  std::vector<std::shared_ptr<const Tensor>> widened;  // owns those of `constants` that are copies

  // --- read by the planner ---
  // What the kernel said of the operand, with the type that it was asked about and its device.
  Need input_need(size_t i) const { return need(input_needs, i, inputs); }
  Need output_need(size_t j) const { return need(output_needs, j, outputs); }
  std::vector<Need> input_needs;  // without types and devices
  std::vector<Need> output_needs;
  std::vector<std::pair<int, int>> in_place;
  size_t scratch_bytes = 0;
  std::string reason;

 private:
  static Need& at(std::vector<Need>& needs, int i);
  Need need(const std::vector<Need>& needs, size_t i, const std::vector<TensorDesc>& asked) const;

  const Graph& graph_;
  const Node& node_;
};

// A kernel from a callable (KernelContext&) -> void that captures what it needs by value.
template <typename F>
std::unique_ptr<Kernel> make_kernel(F body) {
  class Callable : public Kernel {
   public:
    explicit Callable(F body) : body_(std::move(body)) {}
    void run(KernelContext& context) const override { body_(context); }

   private:
    F body_;
  };
  return std::make_unique<Callable>(std::move(body));
}

}  // namespace convoy
