#include "tools/python/python_session.h"

#include <algorithm>
#include <optional>

#include <sys/syscall.h>
#include <unistd.h>

#include <nanobind/stl/map.h>
#include <nanobind/stl/string.h>
#include <nanobind/stl/vector.h>

#include "loaders/onnx/writer.h"
#include "runtime/base/log.h"
#include "tools/python/load_model.h"
#include "tools/python/type_names.h"
#include "tools/python/values.h"

namespace nb = nanobind;

namespace convoy::python {
namespace {

constexpr size_t kMostEvents = 1'000'000;  // of one profile; what comes after is left out

template <typename T>
T setting(const nb::dict& settings, const char* name) {
  T value{};
  check_input(nb::try_cast<T>(settings[name], value),
              "the setting '{}' is of another type or out of range", name);
  return value;
}

std::shared_ptr<Buffer> buffer_of(const nb::bytes& bytes) {
  auto buffer = Buffer::allocate(bytes.size());
  std::copy_n(reinterpret_cast<const std::byte*>(bytes.c_str()), bytes.size(), buffer->data());
  return buffer;
}

LoadOptions load_options(const nb::dict& settings) {
  using Sizes = std::map<std::string, int64_t>;
  LoadOptions options;
  options.read.sizes = setting<Sizes>(settings, "sizes");
  options.read.denoted_sizes = setting<Sizes>(settings, "denoted_sizes");
  for (auto [name, value] : setting<nb::dict>(settings, "external_tensors")) {
    options.read.external_tensors[nb::cast<std::string>(name)] = to_value(value).tensor();
  }
  for (auto [name, bytes] : setting<nb::dict>(settings, "external_files")) {
    options.read.external_files[nb::cast<std::string>(name)] =
        buffer_of(nb::cast<nb::bytes>(bytes));
  }
  for (auto [name, value] : setting<nb::dict>(settings, "initializers")) {
    options.initializers.emplace_back(nb::cast<std::string>(name), to_value(value));
  }
  return options;
}

// The model as other runtimes may load it, made better if `optimize`; nothing without a path.
void write_optimized(const nb::object& source, const LoadOptions& options, bool optimize,
                     const nb::dict& settings) {
  auto path = setting<std::string>(settings, "optimized_path");
  if (path.empty()) return;
  WriteOptions writing;
  writing.data_file = setting<std::string>(settings, "optimized_data_file");
  if (!writing.data_file.empty()) {
    writing.max_inline_bytes = -1;
    writing.least_external_bytes = setting<int64_t>(settings, "optimized_data_least_bytes");
  }
  Model model = load(source, options);
  WithoutGil released;
  RewriteOptions rewrite;
  rewrite.target = RewriteTarget::kAny;
  if (optimize) optimize_graph(model, rewrite);
  write_model(model, path, writing);
}

nb::list nodes_of(const Graph& graph) {
  nb::list nodes;
  for (NodeId id : graph.topological_order()) {
    const Node& node = graph.node(id);
    nodes.append(nb::make_tuple(node.domain, node.op_type, node.name));
  }
  return nodes;
}

nb::list sizes_of(const ValueType& type) {
  if (type.kind == ValueType::Kind::kOptional) return sizes_of(*type.element);
  nb::list sizes;
  if (!type.shape || type.kind == ValueType::Kind::kSequence) return sizes;
  for (const Dimension& dimension : *type.shape) {
    if (dimension.known()) {
      sizes.append(dimension.size);
    } else if (!dimension.symbol.empty()) {
      sizes.append(dimension.symbol);
    } else {
      sizes.append(nb::none());
    }
  }
  return sizes;
}

// What convert() gives; says of which input an error is.
template <typename Convert>
Value named(const std::string& name, const Convert& convert) {
  try {
    return convert();
  } catch (const Error& error) {
    throw Error(error.code(), fmt::format("input '{}': {}", name, error.message()));
  } catch (const nb::python_error& error) {
    if (!error.matches(nb::module_::import_("convoy._errors").attr("InvalidInput"))) throw;
    fail(ErrorCode::kInvalidInput, "input '{}': {}", name, nb::str(error.value()).c_str());
  }
}

}  // namespace

PythonSession::PythonSession(const nb::object& source, const nb::dict& settings) {
  SessionOptions options;
  options.device = find_device(parse_device(setting<std::string>(settings, "device"))).id();
  options.threads = setting<int>(settings, "threads");
  options.optimize = setting<bool>(settings, "optimize");
  options.subnormals = parse_subnormals(setting<std::string>(settings, "denormals"));
  options.memory_limit = setting<size_t>(settings, "memory_limit");
  options.tuning_file = setting<std::string>(settings, "tuning_file");
  options.skip_rules = setting<std::vector<std::string>>(settings, "skip");
  recording_ = setting<bool>(settings, "record");
  LoadOptions reading = load_options(settings);
  std::optional<SilentThread> silence;
  if (setting<bool>(settings, "silent")) silence.emplace();
  Model model = load(source, reading);
  metadata_ = metadata_of(model);
  if (setting<bool>(settings, "list_nodes")) nodes_ = nodes_of(model.graph);
  write_optimized(source, reading, options.optimize, settings);
  WithoutGil released;
  session_ = std::make_unique<Session>(std::move(model), options);
}

nb::dict metadata_of(const Model& model) {
  nb::dict metadata;
  nb::dict custom;
  for (const auto& [key, value] : model.metadata) custom[nb::cast(key)] = nb::cast(value);
  metadata["custom_metadata_map"] = custom;
  metadata["description"] = nb::cast(model.doc_string);
  metadata["domain"] = nb::cast(model.domain);
  metadata["graph_description"] = nb::cast(model.graph.doc_string);
  metadata["graph_name"] = nb::cast(model.graph.name);
  metadata["producer_name"] = nb::cast(model.producer_name);
  metadata["version"] = model.model_version ? nb::cast(*model.model_version) : nb::none();
  return metadata;
}

Value PythonSession::feed(const std::string& name, nb::handle object) const {
  for (const auto* list : {&session_->inputs(), &session_->overridable_initializers()}) {
    auto found = std::ranges::find(*list, name, &ValueDescription::name);
    if (found == list->end()) continue;
    return named(name, [&] { return to_value(object, &found->type); });
  }
  session_->input_position(name);  // throws, telling the names that there are
  return to_value(object);
}

nb::list PythonSession::run(const std::vector<std::string>& names, const nb::dict& feeds,
                            const StopFlag* stop) {
  Feeds values;
  values.reserve(feeds.size());
  for (auto [key, object] : feeds) {
    check_input(nb::isinstance<nb::str>(key), "the name of an input is no str");
    std::string name = text_of(key);
    Value value = feed(name, object);
    if (value.defined()) values.emplace_back(std::move(name), std::move(value));
  }
  std::vector<Value> outputs;
  supervise(stop, [&](const StepObserver* observer) {
    outputs = session_->run(values, names, observer);
  });
  nb::list result;
  for (const Value& output : outputs) result.append(to_python(output));
  return result;
}

nb::list PythonSession::describe(Kind kind) const {
  const auto& values = kind == Kind::kInputs    ? session_->inputs()
                       : kind == Kind::kOutputs ? session_->outputs()
                                                : session_->overridable_initializers();
  nb::list result;
  for (const ValueDescription& value : values) {
    result.append(nb::make_tuple(value.name, type_name(value.type),
                                 static_cast<int>(value.type.dtype), sizes_of(value.type)));
  }
  return result;
}

void PythonSession::record(std::chrono::steady_clock::time_point start,
                           std::vector<StepTime> steps) {
  auto thread = static_cast<uint64_t>(::syscall(SYS_gettid));
  StepTime whole;
  whole.name = "model_run";
  whole.duration = std::chrono::steady_clock::now() - start;
  steps.push_back(std::move(whole));
  std::lock_guard lock(mutex_);
  if (events_.size() + steps.size() > kMostEvents) return;
  for (StepTime& step : steps) {
    step.start += start - made_;
    events_.push_back({std::move(step), thread});
  }
}

nb::list PythonSession::take_profile() {
  std::vector<Event> events;
  {
    std::lock_guard lock(mutex_);
    events.swap(events_);
  }
  nb::list result;
  for (const auto& [step, thread] : events) {
    result.append(nb::make_tuple(step.name, step.op_type, step.kernel, step.output_type,
                                 step.start.count(), step.duration.count(), thread));
  }
  return result;
}

}  // namespace convoy::python
