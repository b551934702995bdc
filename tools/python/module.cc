// The Python module convoy._convoy; the package around it is in tools/python/convoy.
#include <map>

#include <nanobind/nanobind.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "loaders/onnx/reader.h"
#include "loaders/onnx/writer.h"
#include "runtime/base/caught.h"
#include "runtime/rewrite/optimize.h"
#include "runtime/session/binding.h"
#include "tools/python/numpy_array.h"
#include "tools/python/values.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

Model load(const nb::object& source) {
  if (nb::isinstance<nb::bytes>(source)) {
    auto bytes = nb::cast<nb::bytes>(source);
    std::span<const std::byte> span(reinterpret_cast<const std::byte*>(bytes.c_str()),
                                    bytes.size());
    return read_model_bytes(span, "model");
  }
  return read_model(nb::cast<std::string>(source));
}

class PythonSession {
 public:
  PythonSession(const nb::object& source, int threads, bool optimize, size_t memory_limit,
                const std::string& tuning_file) {
    SessionOptions options;
    options.threads = threads;
    options.optimize = optimize;
    options.memory_limit = memory_limit;
    options.tuning_file = tuning_file;
    Model model = load(source);
    nb::gil_scoped_release released;
    session_ = std::make_unique<Session>(std::move(model), options);
  }

  nb::list run(const std::vector<std::string>& names, const nb::dict& feeds) {
    Feeds values;
    values.reserve(feeds.size());
    for (auto [name, array] : feeds) {
      values.emplace_back(nb::cast<std::string>(name), to_value(array));
    }
    std::vector<Value> outputs;
    {
      nb::gil_scoped_release released;
      outputs = session_->run(values, names);
    }
    nb::list result;
    for (const Value& output : outputs) result.append(to_python(output));
    return result;
  }

  // (name, type as "float32[batch,3]", dtype number, shape with None and symbols, kind) for each.
  nb::list describe(bool inputs) const {
    nb::list result;
    for (const ValueDescription& value : inputs ? session_->inputs() : session_->outputs()) {
      nb::object shape = nb::none();
      if (value.type.shape) {
        nb::list sizes;
        for (const Dimension& dimension : *value.type.shape) {
          if (dimension.known()) {
            sizes.append(dimension.size);
          } else if (!dimension.symbol.empty()) {
            sizes.append(dimension.symbol);
          } else {
            sizes.append(nb::none());
          }
        }
        shape = sizes;
      }
      result.append(nb::make_tuple(value.name, to_string(value.type),
                                   static_cast<int>(value.type.dtype), shape,
                                   value.type.is_tensor()));
    }
    return result;
  }

  Session& session() { return *session_; }
  std::string report() const { return session_->report().to_text(); }
  int threads() const { return session_->threads(); }

 private:
  std::unique_ptr<Session> session_;
};

// Keeps the arrays alive whose memory is bound.
class PythonBinding {
 public:
  explicit PythonBinding(PythonSession& session)
      : session_(session.session()), binding_(session_) {}

  void bind_input(const std::string& name, nb::object array) {
    binding_.bind_input(name, to_value(array));
    held_["input " + name] = std::move(array);
  }
  void bind_output(const std::string& name, nb::object array) {
    std::optional<Tensor> tensor = borrow_array(array);
    check_input(tensor.has_value(),
                "output '{}' is bound to what is no aligned array of a type and byte order of "
                "NumPy's own",
                name);
    binding_.bind_output(name, tensor->view());
    held_["output " + name] = std::move(array);
  }
  void run() {
    nb::gil_scoped_release released;
    binding_.run();
  }
  nb::list outputs() const {
    nb::list result;
    for (size_t k = 0; k < binding_.outputs().size(); ++k) {
      auto bound = held_.find("output " + session_.outputs()[k].name);
      result.append(bound != held_.end() ? bound->second : to_python(binding_.outputs()[k]));
    }
    return result;
  }

 private:
  Session& session_;
  Binding binding_;
  std::map<std::string, nb::object> held_;
};

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

}  // namespace
}  // namespace convoy::python

NB_MODULE(_convoy, module) {
  using namespace convoy;
  using namespace convoy::python;
  import_numpy();
  nb::register_exception_translator([](const std::exception_ptr& thrown, void*) {
    try {
      std::rethrow_exception(thrown);
    } catch (const nb::python_error&) {
      throw;
    } catch (const nb::builtin_exception&) {
      throw;
    } catch (const std::bad_cast&) {
      throw;  // the binding's own: an argument of the wrong type
    } catch (const std::exception&) {
      Error error = caught_error();
      nb::module_ errors = nb::module_::import_("convoy._errors");
      nb::object type = errors.attr("by_code")[nb::int_(static_cast<int>(error.code()))];
      PyErr_SetString(type.ptr(), error.what());
    }
  });
  nb::class_<PythonSession>(module, "Session")
      .def(nb::init<nb::object, int, bool, size_t, std::string>())
      .def("run", &PythonSession::run)
      .def("describe", &PythonSession::describe)
      .def("report", &PythonSession::report)
      .def_prop_ro("threads", &PythonSession::threads);
  nb::class_<PythonBinding>(module, "Binding")
      .def(nb::init<PythonSession&>(), nb::keep_alive<1, 2>())
      .def("bind_input", &PythonBinding::bind_input)
      .def("bind_output", &PythonBinding::bind_output)
      .def("run", &PythonBinding::run)
      .def("outputs", &PythonBinding::outputs);
  module.def("optimize", &optimize);
}
