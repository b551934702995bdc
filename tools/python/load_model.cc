#include "tools/python/load_model.h"

#include <filesystem>

#include <nanobind/stl/string.h>

#include "tools/python/without_gil.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

Model read(const nb::object& source, const ReadOptions& options) {
  if (!nb::isinstance<nb::bytes>(source)) {
    auto path = nb::cast<std::string>(source);
    std::error_code problem;
    if (!std::filesystem::exists(path, problem)) throw NoSuchFile(path);
    WithoutGil released;
    return read_model(path, options);
  }
  auto bytes = nb::cast<nb::bytes>(source);
  std::span<const std::byte> span(reinterpret_cast<const std::byte*>(bytes.c_str()), bytes.size());
  WithoutGil released;
  return read_model_bytes(span, "model", options);
}

void replace_initializer(Graph& graph, const std::string& name, const Value& value) {
  ValueId id = graph.find_value(name);
  bool known = id != ValueId::kNone && graph.value(id).initializer != nullptr;
  check_input(known, "the model has no initializer '{}'", name);
  const Tensor& before = *graph.value(id).initializer;
  check_input(value.is_tensor(), "initializer '{}' must be a tensor", name);
  const Tensor& after = value.tensor();
  check_input(after.dtype() == before.dtype() && after.shape() == before.shape(),
              "initializer '{}' is {}, but {} is given for it", name, to_string(before.desc()),
              to_string(after.desc()));
  graph.set_initializer(id, after.clone());
}

}  // namespace

Model load(const nb::object& source, const LoadOptions& options) {
  Model model = read(source, options.read);
  for (const auto& [name, value] : options.initializers) {
    replace_initializer(model.graph, name, value);
  }
  return model;
}

}  // namespace convoy::python
