#include "runtime/onnx/symbolic_context.h"

#include "runtime/onnx/attributes.h"
#include "runtime/onnx/graph_writer.h"
#include "runtime/onnx/inference_guard.h"
#include "runtime/onnx/size_names.h"
#include "runtime/onnx/types.h"

namespace convoy {
namespace {

constexpr int64_t kMostConstantBytes = 8192;  // shape operands must parse; weights stay out

class BodyInferencer final : public onnx::GraphInferencer {
 public:
  BodyInferencer(Graph& body, const BodyInference& infer) : body_(body), infer_(infer) {}

  std::vector<const onnx::TypeProto*> doInferencing(
      const std::vector<const onnx::TypeProto*>& input_types,
      const std::vector<const onnx::TensorProto*>&) override {
    infer_(body_, input_types);
    outputs_.clear();
    std::vector<const onnx::TypeProto*> result;
    for (ValueId id : body_.outputs()) {
      type_to_proto(without_own_names(body_.value(id).type), outputs_.emplace_back());
      result.push_back(&outputs_.back());
    }
    return result;
  }

 private:
  Graph& body_;
  const BodyInference& infer_;
  std::deque<onnx::TypeProto> outputs_;
};

// The elements of an integer scalar or vector.
std::optional<onnx::TensorShapeProto> elements_of(const Tensor& tensor, int64_t most) {
  bool integer = tensor.dtype() == DType::kInt64 || tensor.dtype() == DType::kInt32;
  if (!integer || tensor.rank() > 1 || tensor.count() > most) return std::nullopt;
  onnx::TensorShapeProto elements;
  for (int64_t value : to_int64s(tensor)) elements.add_dim()->set_dim_value(value);
  return elements;
}

}  // namespace

const Tensor* InferenceScope::constant(ValueId id) const {
  if (id == ValueId::kNone) return nullptr;
  if (const Tensor* here = graph.constant(id)) return here;
  if (parent == nullptr) return nullptr;
  for (const Graph::Capture& capture : graph.captures()) {
    if (capture.inner == id) return parent->constant(capture.outer);
  }
  return nullptr;
}

SymbolicContext::SymbolicContext(InferenceScope& scope, const Node& node,
                                 const onnx::OpSchema& schema, BodyInference infer_body)
    : scope_(scope),
      node_(node),
      schema_(schema),
      infer_body_(std::move(infer_body)),
      input_types_(node.inputs.size()),
      output_types_(node.outputs.size()) {
  for (size_t i = 0; i < input_types_.size(); ++i) {
    if (node.has_input(static_cast<int>(i))) {
      type_to_proto(without_excess(scope.graph.value(node.inputs[i]).type), input_types_[i]);
    }
  }
}

const AttributeValue* SymbolicContext::find_attribute(const std::string& name) const {
  auto set = node_.attributes.find(name);
  if (set == node_.attributes.end()) return nullptr;
  const auto* reference = std::get_if<AttributeReference>(&set->second);
  if (reference == nullptr) return &set->second;
  if (scope_.bindings == nullptr) return nullptr;
  auto bound = scope_.bindings->find(reference->name);
  return bound == scope_.bindings->end() ? nullptr : &bound->second;
}

const onnx::AttributeProto* SymbolicContext::getAttribute(const std::string& name) const {
  auto made = attributes_.find(name);
  if (made != attributes_.end()) return &made->second;
  if (const AttributeValue* value = find_attribute(name)) {
    auto& proto = attributes_[name];
    attribute_to_proto(name, *value, proto, [](const Graph& body, onnx::GraphProto& to) {
      graph_to_proto(body, to, {});
    });
    return &proto;
  }
  auto known = schema_.attributes().find(name);
  if (known == schema_.attributes().end()) return nullptr;
  const onnx::AttributeProto& otherwise = known->second.default_value;
  return otherwise.has_name() ? &otherwise : nullptr;
}

const onnx::TypeProto* SymbolicContext::getInputType(size_t i) const {
  return hasInput(i) ? &input_types_[i] : nullptr;
}

bool SymbolicContext::hasInput(size_t i) const { return node_.has_input(static_cast<int>(i)); }

const onnx::TensorProto* SymbolicContext::getInputData(size_t i) const {
  auto made = data_.find(i);
  if (made != data_.end()) return &made->second;
  const Tensor* tensor = scope_.constant(input_id(i));
  if (tensor == nullptr) return known_elements(i);
  if (tensor->desc().bytes() > kMostConstantBytes) return nullptr;
  tensor_to_proto(*tensor, data_[i]);
  return &data_[i];
}

// A vector of int64 that is no constant, but whose elements are all known.
const onnx::TensorProto* SymbolicContext::known_elements(size_t i) const {
  auto known = scope_.elements.find(input_id(i));
  if (known == scope_.elements.end()) return nullptr;
  const ValueType& type = scope_.graph.value(input_id(i)).type;
  if (!type.is_tensor() || type.dtype != DType::kInt64 || type.rank() != 1) return nullptr;
  onnx::TensorProto proto;
  proto.set_data_type(onnx::TensorProto::INT64);
  proto.add_dims(known->second.dim_size());
  for (const auto& element : known->second.dim()) {
    if (!element.has_dim_value()) return nullptr;
    proto.add_int64_data(element.dim_value());
  }
  return &data_.emplace(i, std::move(proto)).first->second;
}

onnx::TypeProto* SymbolicContext::getOutputType(size_t j) {
  check_model(j < output_types_.size(), "the operator has no output {}", j);
  return &output_types_[j];
}

const onnx::TypeProto* SymbolicContext::getOutputType(size_t j) const {
  return j < output_types_.size() ? &output_types_[j] : nullptr;
}

bool SymbolicContext::hasOutput(size_t j) {
  return j < node_.outputs.size() && node_.outputs[j] != ValueId::kNone;
}

onnx::GraphInferencer* SymbolicContext::getGraphAttributeInferencer(const std::string& name) {
  const AttributeValue* value = find_attribute(name);
  const auto* body = value == nullptr ? nullptr : std::get_if<std::shared_ptr<Graph>>(value);
  if (body == nullptr) return nullptr;
  bodies_.push_back(std::make_unique<BodyInferencer>(**body, infer_body_));
  return bodies_.back().get();
}

const onnx::TensorShapeProto* SymbolicContext::getSymbolicInput(size_t i) const {
  auto known = scope_.elements.find(input_id(i));
  return known == scope_.elements.end() ? nullptr : &known->second;
}

const onnx::TensorShapeProto* SymbolicContext::getInputData(size_t i) {
  ValueId id = input_id(i);
  if (id == ValueId::kNone) return nullptr;
  auto known = scope_.elements.find(id);
  if (known != scope_.elements.end()) return &known->second;
  std::optional<onnx::TensorShapeProto> elements;
  const ValueType& type = scope_.graph.value(id).type;
  if (const Tensor* tensor = scope_.constant(id)) {
    elements = elements_of(*tensor, kMostCarried);
  } else if (type.is_tensor() && type.rank() == 1 && (*type.shape)[0].known() &&
             (*type.shape)[0].size <= kMostCarried) {
    elements.emplace();
    for (int64_t k = 0; k < (*type.shape)[0].size; ++k) elements->add_dim();
  }
  if (!elements || !keep_elements(id, std::move(*elements))) return nullptr;
  return &scope_.elements.find(id)->second;
}

bool SymbolicContext::keep_elements(ValueId id, onnx::TensorShapeProto&& elements) {
  if (elements.dim_size() > kMostCarried) return false;
  for (auto& element : *elements.mutable_dim()) {
    if (element.dim_param().size() > kLongestSymbol) element.Clear();
  }
  if (scope_.elements_left != nullptr) {
    if (*scope_.elements_left < elements.dim_size()) return false;
    *scope_.elements_left -= elements.dim_size();
  }
  scope_.elements.insert_or_assign(id, std::move(elements));
  return true;
}

void SymbolicContext::addOutputData(size_t j, onnx::TensorShapeProto&& elements) {
  if (hasOutput(j)) keep_elements(node_.outputs[j], std::move(elements));
}

}  // namespace convoy
