#include "convoy/convoy.h"

#include <cstring>
#include <initializer_list>

#include "loaders/onnx/reader.h"
#include "runtime/base/caught.h"
#include "runtime/session/binding.h"

struct convoy_session {
  explicit convoy_session(convoy::Model model, convoy::SessionOptions options)
      : session(std::move(model), std::move(options)) {}
  convoy::Session session;
};

struct convoy_binding {
  explicit convoy_binding(convoy::Session& session) : binding(session) {}
  convoy::Binding binding;
};

struct convoy_outputs {
  std::vector<convoy::Value> values;
};

namespace {

thread_local std::string last_error;

template <typename F>
convoy_status guarded(F body) noexcept {
  try {
    last_error.clear();
    body();
    return CONVOY_OK;
  } catch (...) {
    convoy::Error error = convoy::caught_error();
    last_error = error.what();
    return static_cast<convoy_status>(error.code());
  }
}

void check_not_null(std::initializer_list<const void*> pointers) {
  for (const void* pointer : pointers) {
    convoy::check_input(pointer != nullptr, "a null pointer was passed");
  }
}

convoy::SessionOptions convert(const convoy_options* options) {
  convoy::SessionOptions result;
  if (options == nullptr) return result;
  convoy_options known{};
  std::memcpy(&known, options, std::min(options->struct_size, sizeof known));
  result.threads = known.threads;
  result.optimize = known.disable_optimize == 0;
  result.memory_limit = known.memory_limit;
  if (known.tuning_file != nullptr) result.tuning_file = known.tuning_file;
  if (known.denormals != nullptr) result.subnormals = convoy::parse_subnormals(known.denormals);
  if (known.device != nullptr) {
    result.device = convoy::find_device(convoy::parse_device(known.device)).id();
  }
  return result;
}

convoy::Tensor borrow(const convoy_tensor& tensor) {
  auto dtype = static_cast<convoy::DType>(tensor.dtype);
  convoy::check_input(convoy::is_known(dtype) && dtype != convoy::DType::kString,
                      "element type {} cannot be fed", static_cast<int>(tensor.dtype));
  convoy::check_input(tensor.rank >= 0 && tensor.rank <= CONVOY_MAX_RANK,
                      "a tensor of rank {} is fed; the rank is at most {}", tensor.rank,
                      CONVOY_MAX_RANK);
  convoy::Shape shape(std::span<const int64_t>(tensor.shape, static_cast<size_t>(tensor.rank)));
  auto desc = convoy::TensorDesc::contiguous(dtype, shape);
  convoy::check_input(tensor.data != nullptr || desc.count() == 0, "a tensor without data is fed");
  return convoy::Tensor::borrow({desc, const_cast<void*>(tensor.data)});
}

void describe(const convoy::ValueDescription& value, convoy_value_info* info) {
  *info = {};
  info->name = value.name.c_str();
  info->dtype = static_cast<convoy_dtype>(value.type.dtype);
  info->rank = value.type.rank();
  for (int i = 0; i < std::min(info->rank, CONVOY_MAX_RANK); ++i) {
    info->shape[i] = (*value.type.shape)[static_cast<size_t>(i)].size;
  }
}

void describe(const convoy::Tensor& value, convoy_tensor* tensor) {
  convoy::check_supported(value.dtype() != convoy::DType::kString,
                          "strings are read by convoy_value_string");
  *tensor = {};
  tensor->dtype = static_cast<convoy_dtype>(value.dtype());
  tensor->rank = value.rank();
  std::copy(value.shape().begin(), value.shape().end(), tensor->shape);
  tensor->data = value.raw();
}

// An optional stands for what it holds.
const convoy::Value& value_of(const convoy_value* handle) {
  const auto* value = reinterpret_cast<const convoy::Value*>(handle);
  while (value->is_optional() && !value->optional().empty()) {
    value = value->optional().element.get();
  }
  return *value;
}

const convoy_value* handle_of(const convoy::Value& value) {
  return reinterpret_cast<const convoy_value*>(&value);
}

const convoy::Tensor& tensor_of(const convoy::Value& value) {
  return value.is_map() ? value.map().values : value.tensor();
}

void give_text(std::span<const std::string> texts, size_t index, const char** text,
               size_t* length) {
  convoy::check_input(index < texts.size(), "there is no string {}", index);
  *text = texts[index].data();
  *length = texts[index].size();
}

}  // namespace

extern "C" {

const char* convoy_version(void) { return "0.1.0"; }

const char* convoy_last_error(void) { return last_error.c_str(); }

convoy_status convoy_session_open(const char* path, const convoy_options* options,
                                  convoy_session** session) {
  return guarded([&] {
    check_not_null({path, session});
    *session = new convoy_session(convoy::read_model(path), convert(options));
  });
}

convoy_status convoy_session_open_bytes(const void* bytes, size_t size,
                                        const convoy_options* options, convoy_session** session) {
  return guarded([&] {
    check_not_null({bytes, session});
    std::span<const std::byte> span(static_cast<const std::byte*>(bytes), size);
    *session = new convoy_session(convoy::read_model_bytes(span, "model"), convert(options));
  });
}

void convoy_session_release(convoy_session* session) { delete session; }

size_t convoy_session_input_count(const convoy_session* session) {
  return session->session.inputs().size();
}

size_t convoy_session_output_count(const convoy_session* session) {
  return session->session.outputs().size();
}

convoy_status convoy_session_input(const convoy_session* session, size_t index,
                                   convoy_value_info* info) {
  return guarded([&] {
    convoy::check_input(index < session->session.inputs().size(), "there is no input {}", index);
    describe(session->session.inputs()[index], info);
  });
}

convoy_status convoy_session_output(const convoy_session* session, size_t index,
                                    convoy_value_info* info) {
  return guarded([&] {
    convoy::check_input(index < session->session.outputs().size(), "there is no output {}", index);
    describe(session->session.outputs()[index], info);
  });
}

size_t convoy_session_overridable_count(const convoy_session* session) {
  return session->session.overridable_initializers().size();
}

convoy_status convoy_session_overridable(const convoy_session* session, size_t index,
                                         convoy_value_info* info) {
  return guarded([&] {
    const auto& values = session->session.overridable_initializers();
    convoy::check_input(index < values.size(), "there is no overridable initializer {}", index);
    describe(values[index], info);
  });
}

convoy_status convoy_session_run(convoy_session* session, const convoy_input* inputs,
                                 size_t input_count, convoy_outputs** outputs) {
  return guarded([&] {
    check_not_null({session, outputs});
    convoy::Feeds feeds;
    for (size_t i = 0; i < input_count; ++i) {
      convoy::check_input(inputs[i].name != nullptr, "input {} has no name", i);
      feeds.emplace_back(inputs[i].name, borrow(inputs[i].tensor));
    }
    auto result = std::make_unique<convoy_outputs>();
    result->values = session->session.run(feeds);
    *outputs = result.release();
  });
}

size_t convoy_outputs_count(const convoy_outputs* outputs) { return outputs->values.size(); }

convoy_status convoy_outputs_get(const convoy_outputs* outputs, size_t index,
                                 convoy_tensor* tensor) {
  return guarded([&] {
    convoy::check_input(index < outputs->values.size(), "there is no output {}", index);
    describe(outputs->values[index].tensor(), tensor);
  });
}

const convoy_value* convoy_outputs_value(const convoy_outputs* outputs, size_t index) {
  return index < outputs->values.size() ? handle_of(outputs->values[index]) : nullptr;
}

convoy_kind convoy_value_kind(const convoy_value* handle) {
  const convoy::Value& value = value_of(handle);
  if (value.is_sequence()) return CONVOY_SEQUENCE;
  if (value.is_map()) return CONVOY_MAP;
  if (!value.is_tensor()) return CONVOY_NOTHING;
  return value.tensor().dtype() == convoy::DType::kString ? CONVOY_STRINGS : CONVOY_TENSOR;
}

size_t convoy_value_count(const convoy_value* handle) {
  const convoy::Value& value = value_of(handle);
  if (value.is_sequence()) return value.sequence().elements.size();
  const bool counts = value.is_map() || value.is_tensor();
  return counts ? static_cast<size_t>(tensor_of(value).count()) : 0;
}

const convoy_value* convoy_value_element(const convoy_value* handle, size_t index) {
  const convoy::Value& value = value_of(handle);
  if (!value.is_sequence() || index >= value.sequence().elements.size()) return nullptr;
  return handle_of(value.sequence().elements[index]);
}

convoy_status convoy_value_tensor(const convoy_value* handle, convoy_tensor* tensor) {
  return guarded([&] {
    check_not_null({handle, tensor});
    describe(tensor_of(value_of(handle)), tensor);
  });
}

convoy_status convoy_value_string(const convoy_value* handle, size_t index, const char** text,
                                  size_t* length) {
  return guarded([&] {
    check_not_null({handle, text, length});
    const convoy::Tensor& strings = tensor_of(value_of(handle));
    convoy::check_input(strings.dtype() == convoy::DType::kString, "the value holds no strings");
    give_text(strings.values<std::string>(), index, text, length);
  });
}

convoy_status convoy_map_integer_keys(const convoy_value* handle, const int64_t** keys) {
  return guarded([&] {
    check_not_null({handle, keys});
    const auto* list = std::get_if<std::vector<int64_t>>(&value_of(handle).map().keys);
    convoy::check_input(list != nullptr, "the map's keys are strings");
    *keys = list->data();
  });
}

convoy_status convoy_map_string_key(const convoy_value* handle, size_t index, const char** text,
                                    size_t* length) {
  return guarded([&] {
    check_not_null({handle, text, length});
    const auto* list = std::get_if<std::vector<std::string>>(&value_of(handle).map().keys);
    convoy::check_input(list != nullptr, "the map's keys are integers");
    give_text(*list, index, text, length);
  });
}

void convoy_outputs_release(convoy_outputs* outputs) { delete outputs; }

convoy_status convoy_binding_open(convoy_session* session, convoy_binding** binding) {
  return guarded([&] {
    check_not_null({session, binding});
    *binding = new convoy_binding(session->session);
  });
}

convoy_status convoy_binding_input(convoy_binding* binding, const char* name,
                                   const convoy_tensor* tensor) {
  return guarded([&] {
    check_not_null({binding, name, tensor});
    binding->binding.bind_input(name, borrow(*tensor));
  });
}

convoy_status convoy_binding_output(convoy_binding* binding, const char* name,
                                    const convoy_tensor* tensor) {
  return guarded([&] {
    check_not_null({binding, name, tensor});
    binding->binding.bind_output(name, borrow(*tensor).view());
  });
}

convoy_status convoy_binding_run(convoy_binding* binding) {
  return guarded([&] {
    check_not_null({binding});
    binding->binding.run();
  });
}

void convoy_binding_release(convoy_binding* binding) { delete binding; }

}  // extern "C"
