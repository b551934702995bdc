#include "runtime/op/evaluate.h"

#include <algorithm>

#include "runtime/base/caught.h"
#include "runtime/base/machine_memory.h"
#include "runtime/onnx/inference.h"
#include "runtime/onnx/operand_types.h"
#include "runtime/op/formed_operands.h"
#include "runtime/op/select_kernel.h"
#include "runtime/op/weight_cache.h"

namespace convoy {
namespace {

class Evaluation : public KernelContext {
 public:
  Evaluation(const Graph& graph, const Node& node, std::span<const Value> inputs,
             const EvaluateEnvironment& environment)
      : graph_(graph),
        node_(node),
        values_(inputs),
        environment_(environment),
        operands_(environment.threads) {
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
    TransientWeights weights(environment_.weights, lasting_tensors);
    request.weights = &weights;
    request.outputs.resize(node_.outputs.size());
    check_values();
    if (definition->dynamic) {
      check_operand_types(node_, descs_);
    } else {
      request.outputs = infer_node(*definition, node_, descs_, request.constants);
      check_types_known(request.outputs);
      if (view_outputs(*definition, request)) return std::move(outputs_values_);
    }
    const std::vector<TensorDesc> types = request.outputs;
    KernelChoice choice = settle(*definition, select_kernel(*definition, request), request,
                                 OperandForms::of(descs_, types));
    check_selected(choice);
    prepare_inputs(request);
    prepare_outputs(*definition, request, types);
    auto scratch = Buffer::allocate(request.scratch_bytes);
    scratch_ = scratch->data();
    choice.kernel->run(*this);
    operands_.convert_outputs();
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
      TensorView view;
      if (values_[i].is_tensor()) {
        // A constant of the request may be the operand widened already.
        const Tensor* constant = request.constant(static_cast<int>(i));
        view = constant ? constant->view() : values_[i].tensor().view();
      }
      operands_.add_input(view, request.input_need(i));
    }
    operands_.convert_inputs();
    inputs_ = operands_.inputs();
  }

  void prepare_outputs(const OpDef& definition, const KernelRequest& request,
                       const std::vector<TensorDesc>& types) {
    for (size_t j = 0; j < node_.outputs.size(); ++j) {
      TensorView view;
      const bool known = types[j].dtype != DType::kUndefined;
      if (!definition.dynamic && node_.outputs[j] != ValueId::kNone && known) {
        Tensor tensor = Tensor::allocate(types[j].dtype, types[j].shape);
        view = tensor.view();
        outputs_values_[j] = std::move(tensor);
      }
      operands_.add_output(view, request.output_need(j));
    }
    outputs_ = operands_.outputs();
  }

  // Kernels are made for outputs of known types, but for Identity of a sequence or an optional,
  // whose kernel hands the value on.
  void check_types_known(const std::vector<TensorDesc>& types) const {
    const bool hands_on = !values_.empty() && values_[0].defined() && !values_[0].is_tensor();
    for (size_t j = 0; j < types.size(); ++j) {
      const bool known = types[j].dtype != DType::kUndefined;
      check_supported(known || node_.outputs[j] == ValueId::kNone || hands_on,
                      "the type of output {} is not known", j);
    }
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
  }

  const Graph& graph_;
  const Node& node_;
  std::span<const Value> values_;
  const EvaluateEnvironment& environment_;
  std::vector<TensorDesc> descs_;
  std::vector<Value> outputs_values_;
  FormedOperands operands_;
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
