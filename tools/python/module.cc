// The Python module convoy._convoy; the package around it is in tools/python/convoy.
#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "loaders/onnx/writer.h"
#include "ops/kernels/random/random_engines.h"
#include "runtime/base/caught.h"
#include "runtime/base/log.h"
#include "runtime/rewrite/optimize.h"
#include "tools/python/dlpack.h"
#include "tools/python/load_model.h"
#include "tools/python/numpy_array.h"
#include "tools/python/python_binding.h"
#include "tools/python/python_session.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

nb::tuple optimize(const nb::object& source, const std::string& target,
                   const std::vector<std::string>& skip, const std::vector<std::string>& only) {
  Model model = load(source);
  RewriteOptions options;
  options.target = parse_target(target);
  options.skip = skip;
  options.only = only;
  RewriteReport report = optimize_graph(model, options);
  std::string bytes = serialize_model(model);
  return nb::make_tuple(nb::bytes(bytes.data(), bytes.size()), report.to_text());
}

// What the exception says besides its code, for convoy._errors.make.
std::string kind_of(const Error& error) {
  if (dynamic_cast<const NoSuchFile*>(&error) != nullptr) return "no file";
  if (dynamic_cast<const Cancelled*>(&error) != nullptr) return "cancelled";
  return error.context().op_type.empty() ? "" : "node";
}

// Names in it may be of any bytes.
nb::object message_of(const Error& error) {
  const std::string_view text = error.what();
  return nb::steal(
      PyUnicode_DecodeUTF8(text.data(), static_cast<Py_ssize_t>(text.size()), "backslashreplace"));
}

void raise(const Error& error, const std::string& kind) {
  nb::module_ errors = nb::module_::import_("convoy._errors");
  nb::object made = errors.attr("make")(static_cast<int>(error.code()), message_of(error), kind);
  PyErr_SetObject(made.type().ptr(), made.ptr());
}

// What nanobind throws itself (Python's own errors, an argument of the wrong type) is left to it.
void translate(const std::exception_ptr& thrown, void*) {
  try {
    std::rethrow_exception(thrown);
  } catch (const nb::python_error&) {
    throw;
  } catch (const nb::builtin_exception&) {
    throw;
  } catch (const std::bad_cast&) {
    throw;
  } catch (const Error& error) {
    raise(error, kind_of(error));
  } catch (const std::exception&) {
    raise(caught_error(), "");
  }
}

void show_warnings(bool shown) {
  if (shown) return set_warning_sink(print_warning);
  set_warning_sink([](std::string_view) {});
}

bool has_device(const std::string& name) {
  try {
    find_device(parse_device(name));
    return true;
  } catch (const Error&) {
    return false;
  }
}

Shape shape_from(const std::vector<int64_t>& sizes) {
  Shape shape;
  for (int64_t size : sizes) {
    check_input(size >= 0, "a size of memory that is bound is {}", size);
    shape.push_back(size);
  }
  element_count(shape);
  return shape;
}

void add_session(nb::module_& module) {
  nb::class_<StopFlag>(module, "StopFlag")
      .def(nb::init<>())
      .def_prop_rw(
          "stopped", [](const StopFlag& flag) { return flag.stopped.load(); },
          [](StopFlag& flag, bool stopped) { flag.stopped = stopped; });
  nb::enum_<PythonSession::Kind>(module, "Kind")
      .value("INPUTS", PythonSession::Kind::kInputs)
      .value("OUTPUTS", PythonSession::Kind::kOutputs)
      .value("OVERRIDABLE", PythonSession::Kind::kOverridable);
  nb::class_<PythonSession>(module, "Session")
      .def(nb::init<nb::object, nb::dict>())
      .def("run", &PythonSession::run, nb::arg("names"), nb::arg("feeds"),
           nb::arg("stop").none() = nb::none())
      .def("describe", &PythonSession::describe)
      .def("metadata", &PythonSession::metadata)
      .def("report", &PythonSession::report)
      .def("nodes", &PythonSession::nodes)
      .def("take_profile", &PythonSession::take_profile)
      .def_prop_ro("threads", &PythonSession::threads);
}

void add_binding(nb::module_& module) {
  using Sizes = std::vector<int64_t>;
  nb::class_<PythonBinding>(module, "Binding")
      .def(nb::init<PythonSession&>(), nb::keep_alive<1, 2>())
      .def("bind_input", &PythonBinding::bind_input)
      .def("bind_output", &PythonBinding::bind_output)
      .def("bind_input_memory",
           [](PythonBinding& binding, const std::string& name, int dtype, const Sizes& sizes,
              uint64_t address) {
             binding.bind_input_memory(name, dtype, shape_from(sizes), address);
           })
      .def("bind_output_memory",
           [](PythonBinding& binding, const std::string& name, int dtype, const Sizes& sizes,
              uint64_t address) {
             binding.bind_output_memory(name, dtype, shape_from(sizes), address);
           })
      .def("check_output", &PythonBinding::check_output)
      .def("clear_inputs", &PythonBinding::clear_inputs)
      .def("clear_output", &PythonBinding::clear_output)
      .def("clear_outputs", &PythonBinding::clear_outputs)
      .def("run", &PythonBinding::run, nb::arg("stop").none() = nb::none())
      .def("output", &PythonBinding::output);
}

}  // namespace
}  // namespace convoy::python

NB_MODULE(_convoy, module) {
  using namespace convoy::python;
  import_numpy();
  nb::register_exception_translator(translate);
  add_session(module);
  add_binding(module);
  module.def("optimize", &optimize);
  module.def("show_warnings", &show_warnings);
  module.def("set_default_seed", &convoy::set_default_seed);
  module.def("dlpack_capsule", &dlpack_capsule);
  module.def("from_dlpack", &from_dlpack);
  module.def("has_device", &has_device);
  module.def("rewrite_names", &convoy::rewrite_names);
  module.def("metadata", [](const nb::object& source) { return metadata_of(load(source)); });
}
