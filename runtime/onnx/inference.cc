#include "runtime/onnx/inference.h"

#include <algorithm>
#include <deque>
#include <unordered_map>

#include "runtime/onnx/attributes.h"
#include "runtime/onnx/graph_writer.h"
#include "runtime/onnx/inference_guard.h"
#include "runtime/onnx/messages.h"
#include "runtime/onnx/schema.h"
#include "runtime/onnx/types.h"

namespace convoy {
namespace {

// Of a constant that ONNX may look at.
constexpr int64_t kMostFloatBytes = 1024;
constexpr int64_t kMostIntegerBytes = 1 << 20;

void set_type(const TensorDesc& desc, onnx::TypeProto& proto) {
  auto& tensor = *proto.mutable_tensor_type();
  tensor.set_elem_type(static_cast<int32_t>(desc.dtype));
  auto& shape = *tensor.mutable_shape();
  shape.Clear();
  for (int64_t size : desc.shape) shape.add_dim()->set_dim_value(size);
}

// What ONNX's inference functions see of one node. Protos are made when they are asked for, and
// their memory is kept from node to node.
class NodeContext final : public onnx::InferenceContext {
 public:
  void start(const Node& node, const onnx::OpSchema& schema, const std::vector<TensorDesc>& inputs,
             const std::vector<const Tensor*>& constants) {
    node_ = &node;
    schema_ = &schema;
    descs_ = &inputs;
    constants_ = &constants;
    attributes_.clear();
    data_.assign(inputs.size(), std::nullopt);
    while (input_types_.size() < inputs.size()) input_types_.emplace_back();
    for (size_t i = 0; i < inputs.size(); ++i) {
      if (inputs[i].dtype != DType::kUndefined) set_type(inputs[i], input_types_[i]);
    }
    while (output_types_.size() < node.outputs.size()) output_types_.emplace_back();
    for (size_t j = 0; j < node.outputs.size(); ++j) output_types_[j].Clear();
  }

  const onnx::AttributeProto* getAttribute(const std::string& name) const override {
    auto made = attributes_.find(name);
    if (made != attributes_.end()) return &made->second;
    auto set = node_->attributes.find(name);
    if (set != node_->attributes.end()) {
      if (std::holds_alternative<AttributeReference>(set->second)) return nullptr;
      auto& proto = attributes_[name];
      attribute_to_proto(name, set->second, proto, [](const Graph& body, onnx::GraphProto& to) {
        graph_to_proto(body, to, {});
      });
      return &proto;
    }
    auto known = schema_->attributes().find(name);
    if (known == schema_->attributes().end()) return nullptr;
    const onnx::AttributeProto& otherwise = known->second.default_value;
    return otherwise.has_name() ? &otherwise : nullptr;
  }

  size_t getNumInputs() const override { return descs_->size(); }

  const onnx::TypeProto* getInputType(size_t i) const override {
    if (is_known(i)) return &input_types_[i];
    return hasInput(i) ? &unknown_type() : nullptr;
  }

  bool hasInput(size_t i) const override {
    return is_known(i) || (i < descs_->size() && node_->has_input(static_cast<int>(i)));
  }

  const onnx::TensorProto* getInputData(size_t i) const override {
    if (i >= constants_->size() || (*constants_)[i] == nullptr || i >= data_.size()) return nullptr;
    const Tensor& tensor = *(*constants_)[i];
    bool integers = is_signed_integer(tensor.dtype()) || is_unsigned_integer(tensor.dtype());
    if (tensor.desc().bytes() > (integers ? kMostIntegerBytes : kMostFloatBytes)) return nullptr;
    if (!tensor.desc().device.is_host()) return nullptr;
    if (!data_[i]) tensor_to_proto(tensor, data_[i].emplace());
    return &*data_[i];
  }

  size_t getNumOutputs() const override { return node_->outputs.size(); }

  onnx::TypeProto* getOutputType(size_t j) override {
    check_model(j < node_->outputs.size(), "the operator has no output {}", j);
    return &output_types_[j];
  }

  bool hasOutput(size_t j) override {
    return j < node_->outputs.size() && node_->outputs[j] != ValueId::kNone;
  }

  onnx::GraphInferencer* getGraphAttributeInferencer(const std::string&) override {
    return nullptr;
  }
  const onnx::SparseTensorProto* getInputSparseData(size_t) const override { return nullptr; }
  const onnx::TensorShapeProto* getSymbolicInput(size_t) const override { return nullptr; }
  std::string getDisplayName() const override { return node_->name; }

  bool all_inputs_known() const {
    for (size_t i = 0; i < descs_->size(); ++i) {
      if (hasInput(i) && !is_known(i)) return false;
    }
    return true;
  }
  const onnx::TypeProto& output(size_t j) const { return output_types_[j]; }

 private:
  bool is_known(size_t i) const {
    return i < descs_->size() && (*descs_)[i].dtype != DType::kUndefined;
  }

  const Node* node_ = nullptr;
  const onnx::OpSchema* schema_ = nullptr;
  const std::vector<TensorDesc>* descs_ = nullptr;
  const std::vector<const Tensor*>* constants_ = nullptr;
  std::deque<onnx::TypeProto> input_types_;
  std::deque<onnx::TypeProto> output_types_;
  mutable std::unordered_map<std::string, onnx::AttributeProto> attributes_;
  mutable std::vector<std::optional<onnx::TensorProto>> data_;
};

// Undefined where the type or a size is unknown.
TensorDesc concrete(const onnx::TypeProto& proto) {
  if (proto.value_case() != onnx::TypeProto::kTensorType) return {};
  const auto& tensor = proto.tensor_type();
  if (tensor.elem_type() == 0 || !tensor.has_shape()) return {};
  Shape shape;
  for (const auto& dimension : tensor.shape().dim()) {
    if (!dimension.has_dim_value()) return {};
    check_model(dimension.dim_value() >= 0, "the result would have the negative size {}",
                dimension.dim_value());
    shape.push_back(dimension.dim_value());
  }
  return TensorDesc::contiguous(dtype_from_proto(tensor.elem_type()), shape);
}

// The operators that ONNX defines by a function body and without an inference function.
void infer_from_first_input(const Node& node, onnx::InferenceContext& context) {
  bool compares = node.op_type == "GreaterOrEqual" || node.op_type == "LessOrEqual";
  if (!compares) return onnx::propagateShapeAndTypeFromFirstInput(context);
  onnx::updateOutputElemType(context, 0, onnx::TensorProto::BOOL);
  if (!onnx::hasNInputShapes(context, 2)) return;
  onnx::bidirectionalBroadcastShapeInference(
      onnx::getInputShape(context, 0), onnx::getInputShape(context, 1),
      *context.getOutputType(0)->mutable_tensor_type()->mutable_shape());
}

bool follows_first_input(const Node& node) {
  const std::string& type = node.op_type;
  return node.domain.empty() &&
         (type == "GreaterOrEqual" || type == "LessOrEqual" || type == "GroupNormalization" ||
          type == "MeanVarianceNormalization");
}

void run_inference(const Node& node, const onnx::OpSchema& schema, NodeContext& context) {
  guard_inference(node, context);
  if (schema.has_type_and_shape_inference_function()) {
    schema.GetTypeAndShapeInferenceFunction()(context);
  } else if (follows_first_input(node)) {
    infer_from_first_input(node, context);
  }
}

std::string describe(const std::vector<TensorDesc>& inputs) {
  std::string text;
  for (const TensorDesc& input : inputs) {
    text += (text.empty() ? "" : ", ");
    text += input.dtype == DType::kUndefined ? "-" : to_string(input);
  }
  return text;
}

}  // namespace

std::vector<TensorDesc> infer_output_types(const Node& node, const std::vector<TensorDesc>& inputs,
                                           const std::vector<const Tensor*>& constants) {
  std::vector<TensorDesc> outputs(node.outputs.size());
  const onnx::OpSchema* schema = find_schema(node.domain, node.op_type, node.version);
  // If, Loop and Scan need types of their bodies, which are planned only when they are entered.
  bool control_flow = node.domain.empty() && node.has_bodies();
  if (schema == nullptr || control_flow) return outputs;
  // A body that is inferred by ONNX's library makes contexts of its own, so one a thread is enough.
  thread_local NodeContext context;
  context.start(node, *schema, inputs, constants);
  ErrorContext place{"", node.name, node.qualified_type(), describe(inputs)};
  try {
    run_inference(node, *schema, context);
    for (size_t j = 0; j < outputs.size(); ++j) outputs[j] = concrete(context.output(j));
  } catch (Error& error) {
    error.add_context(place);
    throw;
  } catch (const std::exception& error) {
    // An input whose type is not known makes many of ONNX's functions complain.
    if (!context.all_inputs_known()) return std::vector<TensorDesc>(node.outputs.size());
    throw Error(ErrorCode::kInvalidModel, complaint_of(error), place);
  }
  return outputs;
}

}  // namespace convoy
