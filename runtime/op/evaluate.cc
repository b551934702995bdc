#include "runtime/op/evaluate.h"

#include <algorithm>

#include "runtime/base/caught.h"
#include "runtime/base/machine_memory.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/operand_types.h"
#include "runtime/op/select_kernel.h"
#include "runtime/op/weight_cache.h"
#include "runtime/tensor/convert_layout.h"

namespace convoy {
namespace {

class Evaluation : public KernelContext {
 public:
  Evaluation(const Graph& graph, const Node& node, std::span<const Value> inputs,
             const EvaluateEnvironment& environment)
      : graph_(graph), node_(node), values_(inputs), environment_(environment) {
    threads_ = &environment.threads;
    outputs_values_.resize(node.outputs.size());
    for (const Value& value : inputs) {
      descs_.push_back(value.is_tensor() ? value.tensor().desc() : TensorDesc{});
    }
  }

  std::vector<Value> run(const std::vector<bool>& lasting) {
    const OpDef* definition = environment_.registry.find(node_);
    check_supported(definition != nullptr, "the operator {}-{} is not supported",
                    node_.qualified_type(), node_.version);
    KernelRequest request(graph_, node_);
    request.inputs = descs_;
    request.threads = threads_->thread_count();
    request.isa = best_isa();
    std::vector<const Tensor*> lasting_tensors;
    for (size_t i = 0; i < values_.size(); ++i) {
      bool lasts = i < lasting.size() && lasting[i];
      bool known = values_[i].is_tensor() && (lasts || is_small_operand(descs_[i]));
      request.constants.push_back(known ? &values_[i].tensor() : nullptr);
      if (lasts && known) lasting_tensors.push_back(&values_[i].tensor());
    }
    TransientWeights weights(environment_.weights, std::move(lasting_tensors));
    request.weights = &weights;
    request.outputs.resize(node_.outputs.size());
    check_values();
    if (definition->dynamic) {
      check_operand_types(node_, descs_);
    } else {
      request.outputs = infer_node(*definition, node_, descs_, request.constants);
      if (view_outputs(*definition, request)) return std::move(outputs_values_);
    }
    KernelChoice choice = select_kernel(*definition, request);
    prepare_inputs(request);
    prepare_outputs(*definition, request);
    auto scratch = Buffer::allocate(request.scratch_bytes);
    scratch_ = scratch->data();
    choice.kernel->run(*this);
    finish_outputs();
    return std::move(outputs_values_);
  }

  const std::vector<TensorDesc>& descs() const { return descs_; }

  TensorView allocate_output(int j, DType dtype, const Shape& shape) override {
    Tensor tensor = Tensor::allocate(dtype, shape);
    set_output(j, tensor);
    return tensor.view();
  }
  Value input_value(int i) const override {
    auto index = static_cast<size_t>(i);
    return index < values_.size() ? values_[index] : Value();
  }
  void set_output(int j, Value value) override {
    check_model(static_cast<size_t>(j) < outputs_values_.size(), "the node has no output {}", j);
    outputs_values_[static_cast<size_t>(j)] = std::move(value);
  }
  bool wants_output(int j) const override {
    auto index = static_cast<size_t>(j);
    return index < node_.outputs.size() && node_.outputs[index] != ValueId::kNone;
  }
  BodyRunner& body(std::string_view attribute) override {
    check_internal(static_cast<bool>(environment_.body), "no runner for bodies here");
    return environment_.body(node_, attribute);
  }

 private:
  bool view_outputs(const OpDef& definition, const KernelRequest& request) {
    if (!definition.view || values_.empty() || !values_[0].is_tensor()) return false;
    const Tensor& source = values_[0].tensor();
    std::vector<Value> views(node_.outputs.size());
    for (size_t j = 0; j < views.size(); ++j) {
      if (node_.outputs[j] == ValueId::kNone) continue;
      auto spec = definition.view(request, static_cast<int>(j));
      if (!spec) return false;
      TensorDesc desc{source.dtype(), spec->shape, spec->strides, {}};
      views[j] = source.sub_view(spec->offset, desc);
    }
    outputs_values_ = std::move(views);
    return true;
  }

  void prepare_inputs(const KernelRequest& request) {
    for (size_t i = 0; i < values_.size(); ++i) {
      if (!values_[i].is_tensor()) {
        input_views_.emplace_back();
        continue;
      }
      Tensor tensor = values_[i].tensor();
      KernelRequest::Demand demand = demand_of(request, i);
      if (!demand.layout.plain()) {
        tensor = blocked_copy(tensor, demand.layout);
      } else if (!demand.any_strides) {
        tensor = tensor.contiguous();
      }
      input_views_.push_back(tensor.view());
      held_.push_back(std::move(tensor));
    }
    inputs_ = input_views_;
  }

  Tensor blocked_copy(const Tensor& tensor, Layout layout) {
    TensorDesc desc = TensorDesc::blocked(tensor.dtype(), tensor.shape(), layout.block);
    Tensor copy = Tensor::over(Buffer::allocate(static_cast<size_t>(desc.bytes())), 0, desc);
    convert_layout(tensor.view(), copy.view(), *threads_);
    return copy;
  }

  void prepare_outputs(const OpDef& definition, const KernelRequest& request) {
    for (size_t j = 0; j < node_.outputs.size(); ++j) {
      output_views_.emplace_back();
      if (definition.dynamic || node_.outputs[j] == ValueId::kNone) continue;
      const TensorDesc& desc = request.outputs[j];
      // Identity of a sequence or an optional: the kernel hands the value on.
      if (desc.dtype == DType::kUndefined && !values_.empty() && values_[0].defined() &&
          !values_[0].is_tensor()) {
        continue;
      }
      check_supported(desc.dtype != DType::kUndefined, "the type of output {} is not known", j);
      Tensor tensor;
      Layout layout = offer_of(request, j).layout;
      if (layout.plain()) {
        tensor = Tensor::allocate(desc.dtype, desc.shape);
      } else {
        TensorDesc blocked = TensorDesc::blocked(desc.dtype, desc.shape, layout.block);
        auto buffer = Buffer::allocate(static_cast<size_t>(blocked.bytes()));
        tensor = Tensor::over(std::move(buffer), 0, blocked);
      }
      output_views_.back() = tensor.view();
      outputs_values_[j] = std::move(tensor);
    }
    outputs_ = output_views_;
  }

  // Kernels read operands as tensors unless the operator takes other values.
  void check_values() const {
    for (size_t i = 0; i < values_.size(); ++i) {
      if (!node_.has_input(static_cast<int>(i))) continue;
      check_model(values_[i].defined(), "operand {} was never computed", i);
      check_model(values_[i].is_tensor() || takes_more_than_tensors(node_, i),
                  "operand {} must be a tensor", i);
    }
  }

  void finish_outputs() {
    for (size_t j = 0; j < outputs_values_.size(); ++j) {
      bool wanted = node_.outputs[j] != ValueId::kNone;
      check_model(!wanted || outputs_values_[j].defined(), "output {} was not computed", j);
    }
    for (Value& value : outputs_values_) {
      if (!value.is_tensor() || value.tensor().desc().layout.plain()) continue;
      Tensor plain = Tensor::allocate(value.tensor().dtype(), value.tensor().shape());
      convert_layout(value.tensor().view(), plain.view(), *threads_);
      value = std::move(plain);
    }
  }

  const Graph& graph_;
  const Node& node_;
  std::span<const Value> values_;
  const EvaluateEnvironment& environment_;
  std::vector<TensorDesc> descs_;
  std::vector<Value> outputs_values_;
  std::vector<Tensor> held_;
  std::vector<TensorView> input_views_;
  std::vector<TensorView> output_views_;
};

}  // namespace

bool is_small_operand(const TensorDesc& desc) {
  constexpr int64_t kFewElements = 64;
  constexpr int64_t kFewIndices = 1024;
  if (desc.dtype == DType::kUndefined || desc.dtype == DType::kString) return false;
  int64_t count = desc.count();
  return count <= kFewElements || (desc.dtype == DType::kInt64 && count <= kFewIndices);
}

std::vector<TensorDesc> infer_node(const OpDef& definition, const Node& node,
                                   const std::vector<TensorDesc>& inputs,
                                   const std::vector<const Tensor*>& constants) {
  check_operand_types(node, inputs);
  std::vector<TensorDesc> outputs;
  if (definition.infer) {
    InferRequest request{node, inputs, constants, {}};
    request.outputs.resize(node.outputs.size());
    definition.infer(request);
    outputs = std::move(request.outputs);
  } else {
    outputs = infer_output_types(node, inputs, constants);
  }
  for (const TensorDesc& output : outputs) {
    if (output.dtype != DType::kUndefined) check_fits_memory(output.bytes());
  }
  return outputs;
}

std::vector<Value> evaluate_node(const Graph& graph, const Node& node,
                                 std::span<const Value> inputs, const std::vector<bool>& lasting,
                                 const EvaluateEnvironment& environment) {
  Evaluation evaluation(graph, node, inputs, environment);
  try {
    return evaluation.run(lasting);
  } catch (const std::exception&) {
    rethrow_caught(node_context(graph, node, evaluation.descs()));
  }
}

}  // namespace convoy
