// Convoy's C++ interface, header-only over the C interface (C++17).
//
//   convoy::Session session("model.onnx");
//   std::vector<float> x(32 * 15 * 10 * 100, 1.0f);
//   auto outputs = session.run({{"x", convoy::view(x.data(), {32, 15, 10, 100})}});
//   const float* y = outputs[0].data<float>();
#ifndef CONVOY_CONVOY_HPP
#define CONVOY_CONVOY_HPP

#include <algorithm>
#include <cstdint>
#include <memory>
#include <stdexcept>
#include <string>
#include <utility>
#include <vector>

#include "convoy/convoy.h"

namespace convoy {

// Thrown by every failing call; code() is never CONVOY_OK.
class Exception : public std::runtime_error {
 public:
  Exception(convoy_status code, const std::string& message)
      : std::runtime_error(message), code_(code) {}
  convoy_status code() const { return code_; }

 private:
  convoy_status code_;
};

namespace detail {
inline void check(convoy_status status) {
  if (status != CONVOY_OK) throw Exception(status, convoy_last_error());
}
template <typename T>
struct DTypeOf;
template <>
struct DTypeOf<float> {
  static constexpr convoy_dtype value = CONVOY_FLOAT32;
};
template <>
struct DTypeOf<double> {
  static constexpr convoy_dtype value = CONVOY_FLOAT64;
};
template <>
struct DTypeOf<int8_t> {
  static constexpr convoy_dtype value = CONVOY_INT8;
};
template <>
struct DTypeOf<uint8_t> {
  static constexpr convoy_dtype value = CONVOY_UINT8;
};
template <>
struct DTypeOf<int16_t> {
  static constexpr convoy_dtype value = CONVOY_INT16;
};
template <>
struct DTypeOf<uint16_t> {
  static constexpr convoy_dtype value = CONVOY_UINT16;
};
template <>
struct DTypeOf<int32_t> {
  static constexpr convoy_dtype value = CONVOY_INT32;
};
template <>
struct DTypeOf<uint32_t> {
  static constexpr convoy_dtype value = CONVOY_UINT32;
};
template <>
struct DTypeOf<int64_t> {
  static constexpr convoy_dtype value = CONVOY_INT64;
};
template <>
struct DTypeOf<uint64_t> {
  static constexpr convoy_dtype value = CONVOY_UINT64;
};
template <>
struct DTypeOf<bool> {
  static constexpr convoy_dtype value = CONVOY_BOOL;
};
}  // namespace detail

// A tensor that owns nothing: row-major elements somewhere else.
class TensorView {
 public:
  explicit TensorView(const convoy_tensor& tensor) : tensor_(tensor) {}
  convoy_dtype dtype() const { return tensor_.dtype; }
  std::vector<int64_t> shape() const { return {tensor_.shape, tensor_.shape + tensor_.rank}; }
  size_t size() const {
    size_t count = 1;
    for (int i = 0; i < tensor_.rank; ++i) count *= static_cast<size_t>(tensor_.shape[i]);
    return count;
  }
  // Throws when T is not the element type.
  template <typename T>
  const T* data() const {
    if (detail::DTypeOf<T>::value != tensor_.dtype) {
      throw Exception(CONVOY_INVALID_INPUT, "the tensor has another element type");
    }
    return static_cast<const T*>(tensor_.data);
  }
  const convoy_tensor& raw() const { return tensor_; }

 private:
  convoy_tensor tensor_;
};

// `data` must stay valid while the view is used.
template <typename T>
TensorView view(const T* data, const std::vector<int64_t>& shape) {
  if (shape.size() > CONVOY_MAX_RANK) {
    throw Exception(CONVOY_INVALID_INPUT, "a tensor has at most 12 dimensions");
  }
  convoy_tensor tensor{};
  tensor.dtype = detail::DTypeOf<T>::value;
  tensor.rank = static_cast<int32_t>(shape.size());
  std::copy(shape.begin(), shape.end(), tensor.shape);
  tensor.data = data;
  return TensorView(tensor);
}

// The outputs of one run; views of them are valid as long as this object.
class Outputs {
 public:
  explicit Outputs(convoy_outputs* handle) : handle_(handle, convoy_outputs_release) {}
  size_t size() const { return convoy_outputs_count(handle_.get()); }
  TensorView operator[](size_t index) const {
    convoy_tensor tensor{};
    detail::check(convoy_outputs_get(handle_.get(), index, &tensor));
    return TensorView(tensor);
  }

 private:
  std::unique_ptr<convoy_outputs, void (*)(convoy_outputs*)> handle_;
};

struct Options {
  int threads = 0;  // of one run; 0: as many as the process may use
  bool optimize = true;
  size_t memory_limit = 0;     // bytes of intermediate values of one run; 0: no limit
  std::string tuning_file;     // where measured kernel choices are kept; empty: chosen by rule
  std::string device = "cpu";  // where nodes are computed that have a kernel there
  // Numbers below 2^-126 are 0 "auto": in the sums that they slow down, "keep": nowhere, "flush":
  // everywhere.
  std::string denormals = "auto";
};

struct ValueInfo {
  std::string name;
  convoy_dtype dtype;
  std::vector<int64_t> shape;  // -1: unknown size
};

// Several threads may run one session at once.
class Session {
 public:
  explicit Session(const std::string& path, const Options& options = {})
      : handle_(open(path, options), convoy_session_release) {}

  std::vector<ValueInfo> inputs() const {
    return list(convoy_session_input_count(handle_.get()), convoy_session_input);
  }
  std::vector<ValueInfo> outputs() const {
    return list(convoy_session_output_count(handle_.get()), convoy_session_output);
  }
  // Initializers that the model lists among its inputs: a feed of that name stands in for the
  // default in its own run alone.
  std::vector<ValueInfo> overridable_initializers() const {
    return list(convoy_session_overridable_count(handle_.get()), convoy_session_overridable);
  }

  // `feeds`: all inputs(), and any of overridable_initializers().
  Outputs run(const std::vector<std::pair<std::string, TensorView>>& feeds) {
    std::vector<convoy_input> inputs;
    for (const auto& [name, tensor] : feeds) inputs.push_back({name.c_str(), tensor.raw()});
    convoy_outputs* outputs = nullptr;
    detail::check(convoy_session_run(handle_.get(), inputs.data(), inputs.size(), &outputs));
    return Outputs(outputs);
  }

 private:
  friend class Binding;
  static convoy_session* open(const std::string& path, const Options& options) {
    convoy_options raw{};
    raw.struct_size = sizeof raw;
    raw.threads = options.threads;
    raw.disable_optimize = options.optimize ? 0 : 1;
    raw.memory_limit = options.memory_limit;
    raw.tuning_file = options.tuning_file.empty() ? nullptr : options.tuning_file.c_str();
    raw.device = options.device.c_str();
    raw.denormals = options.denormals.c_str();
    convoy_session* session = nullptr;
    detail::check(convoy_session_open(path.c_str(), &raw, &session));
    return session;
  }
  using Describe = convoy_status (*)(const convoy_session*, size_t, convoy_value_info*);
  std::vector<ValueInfo> list(size_t count, Describe describe) const {
    std::vector<ValueInfo> infos;
    for (size_t i = 0; i < count; ++i) {
      convoy_value_info info{};
      detail::check(describe(handle_.get(), i, &info));
      infos.push_back(convert(info));
    }
    return infos;
  }
  static ValueInfo convert(const convoy_value_info& info) {
    std::vector<int64_t> shape;
    if (info.rank > 0) shape.assign(info.shape, info.shape + info.rank);
    return {info.name, info.dtype, shape};
  }

  std::unique_ptr<convoy_session, void (*)(convoy_session*)> handle_;
};

// Memory of the caller's that a session reads and writes again and again, without allocating. The
// session outlives it; several bindings of one session may run at once.
class Binding {
 public:
  explicit Binding(Session& session) : handle_(nullptr, convoy_binding_release) {
    convoy_binding* binding = nullptr;
    detail::check(convoy_binding_open(session.handle_.get(), &binding));
    handle_.reset(binding);
  }

  // The memory is read by every run until another is bound.
  void input(const std::string& name, const TensorView& tensor) {
    detail::check(convoy_binding_input(handle_.get(), name.c_str(), &tensor.raw()));
  }
  // Every run writes the output to `data`, of the output's own shape, which each run checks.
  // Outputs that are not bound are computed and dropped.
  template <typename T>
  void output(const std::string& name, T* data, const std::vector<int64_t>& shape) {
    TensorView tensor = view<T>(data, shape);
    detail::check(convoy_binding_output(handle_.get(), name.c_str(), &tensor.raw()));
  }
  void run() { detail::check(convoy_binding_run(handle_.get())); }

 private:
  std::unique_ptr<convoy_binding, void (*)(convoy_binding*)> handle_;
};

}  // namespace convoy

#endif
