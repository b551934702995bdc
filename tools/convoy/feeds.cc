#include "tools/convoy/feeds.h"

#include <algorithm>
#include <charconv>
#include <filesystem>
#include <map>
#include <random>

#include "loaders/tensor_files/npy.h"
#include "loaders/tensor_files/tensor_pb.h"

namespace convoy::cli {
namespace {

std::pair<std::string, std::string> split_assignment(const std::string& text,
                                                     std::string_view option) {
  size_t equals = text.rfind('=');
  check_input(equals != std::string::npos && equals > 0, "{} wants NAME=VALUE, got '{}'", option,
              text);
  return {text.substr(0, equals), text.substr(equals + 1)};
}

Shape parse_shape(const std::string& text) {
  Shape shape;
  if (text.empty()) return shape;
  for (size_t begin = 0; begin <= text.size();) {
    size_t end = std::min(text.find('x', begin), text.size());
    int64_t size = -1;
    auto result = std::from_chars(text.data() + begin, text.data() + end, size);
    check_input(result.ec == std::errc() && result.ptr == text.data() + end && size >= 0,
                "--shape: '{}' is no shape; write it as 1x3x224x224", text);
    shape.push_back(size);
    begin = end + 1;
  }
  return shape;
}

Value read_value(const std::string& path, const ValueType* type) {
  check_input(std::filesystem::exists(path), "{}: no such file", path);
  if (path.ends_with(".npy")) return read_npy(path);
  check_input(path.ends_with(".pb"), "{}: inputs are .npy or .pb files", path);
  return read_tensor_pb(path, type);
}

const ValueDescription& find_input(const Session& session, const std::string& name) {
  session.input_position(name);  // throws for a name that is unknown
  for (const auto* list : {&session.inputs(), &session.overridable_initializers()}) {
    auto found = std::ranges::find(*list, name, &ValueDescription::name);
    if (found != list->end()) return *found;
  }
  fail(ErrorCode::kInternal, "input '{}' is described nowhere", name);
}

size_t number_of_files(const std::string& folder) {
  size_t count = 0;
  while (std::filesystem::exists(fmt::format("{}/input_{}.pb", folder, count))) ++count;
  return count;
}

}  // namespace

void add_feed_options(CLI::App& command, FeedOptions& options) {
  command.add_option("--input", options.inputs, "NAME=FILE.npy or NAME=FILE.pb");
  command.add_option("--shape", options.shapes,
                     "NAME=1x3x224x224: random numbers of that shape for an input without a file");
  command.add_option("--data", options.data, "folder with input_0.pb, input_1.pb, ...");
}

Tensor random_tensor(DType dtype, const Shape& shape, uint64_t seed) {
  Tensor tensor = Tensor::allocate(dtype, shape);
  std::mt19937_64 generator(seed);
  auto count = static_cast<size_t>(tensor.count());
  if (dtype == DType::kString) {
    for (size_t i = 0; i < count; ++i) {
      tensor.mutable_data<std::string>()[i] = fmt::format("Word {}", generator() % 10);
    }
    return tensor;
  }
  visit_dtype_among<float, double, Float16, BFloat16, int64_t, int32_t, int16_t, int8_t, uint64_t,
                    uint32_t, uint16_t, uint8_t, bool>(dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* data = tensor.mutable_data<T>();
    for (size_t i = 0; i < count; ++i) {
      uint64_t bits = generator();
      if constexpr (std::is_integral_v<T>) {
        data[i] = static_cast<T>(bits & 1);
      } else {
        data[i] = static_cast<T>(static_cast<float>(bits >> 40) * 0x1p-23f - 1.0f);
      }
    }
  });
  return tensor;
}

std::optional<Value> random_value(const ValueType& type, uint64_t seed) {
  if (type.is_tensor()) {
    auto shape = type.static_shape();
    if (!shape) return std::nullopt;
    return random_tensor(type.dtype, *shape, seed);
  }
  bool holds = type.kind == ValueType::Kind::kSequence || type.kind == ValueType::Kind::kOptional;
  if (!holds || !type.element) return std::nullopt;
  auto element = random_value(*type.element, seed);
  if (!element) return std::nullopt;
  if (type.kind == ValueType::Kind::kOptional) {
    return Optional{std::make_shared<const Value>(*std::move(element))};
  }
  auto sequence = std::make_shared<Sequence>();
  sequence->element_dtype = type.element->dtype;
  sequence->elements = {*element, *random_value(*type.element, seed + 1000)};
  return Value(std::shared_ptr<const Sequence>(std::move(sequence)));
}

Feeds read_data_set(const Session& session, const std::string& folder) {
  size_t count = number_of_files(folder);
  std::vector<std::string> names;
  for (const ValueDescription& input : session.inputs()) names.push_back(input.name);
  if (count > names.size()) {
    names.clear();
    const Graph& graph = session.model().graph;
    for (ValueId input : graph.inputs()) names.push_back(graph.value_name(input));
  }
  check_input(count <= names.size(), "{} has {} inputs, the model {}", folder, count, names.size());
  Feeds feeds;
  for (size_t i = 0; i < count; ++i) {
    std::string path = fmt::format("{}/input_{}.pb", folder, i);
    feeds.emplace_back(names[i], read_value(path, &find_input(session, names[i]).type));
  }
  return feeds;
}

Feeds make_feeds(const Session& session, const FeedOptions& options) {
  return make_feeds(session, session.inputs(), options, 0);
}

Feeds make_feeds(const Session& session, const std::vector<ValueDescription>& inputs,
                 const FeedOptions& options, uint64_t seed) {
  std::map<std::string, Value> values;
  if (!options.data.empty()) {
    for (auto& [name, value] : read_data_set(session, options.data)) values[name] = value;
    check_input(!values.empty(), "{}: holds no input_0.pb", options.data);
  }
  for (const std::string& text : options.inputs) {
    auto [name, path] = split_assignment(text, "--input");
    values[name] = read_value(path, &find_input(session, name).type);
  }
  std::map<std::string, Shape> shapes;
  for (const std::string& text : options.shapes) {
    auto [name, shape] = split_assignment(text, "--shape");
    shapes[find_input(session, name).name] = parse_shape(shape);
  }
  Feeds feeds;
  for (const ValueDescription& input : session.overridable_initializers()) {
    auto shape = shapes.find(input.name);
    if (auto found = values.find(input.name); found != values.end()) {
      feeds.emplace_back(input.name, found->second);
    } else if (shape != shapes.end()) {
      feeds.emplace_back(input.name, random_tensor(input.type.dtype, shape->second, seed << 32));
    }
  }
  std::string unknown;
  for (size_t i = 0; i < inputs.size(); ++i) {
    const ValueDescription& input = inputs[i];
    if (auto found = values.find(input.name); found != values.end()) {
      feeds.emplace_back(input.name, found->second);
      continue;
    }
    std::optional<Value> random;
    uint64_t number = (seed << 32) + i + 1;
    if (auto given = shapes.find(input.name); given != shapes.end()) {
      if (input.type.is_tensor()) random = random_tensor(input.type.dtype, given->second, number);
    } else {
      random = random_value(input.type, number);
    }
    if (!random) {
      unknown += fmt::format("{}'{}' ({})", unknown.empty() ? "" : ", ", input.name,
                             to_string(input.type));
      continue;
    }
    feeds.emplace_back(input.name, *std::move(random));
  }
  check_input(unknown.empty(), "sizes are not known; give --input or --shape for {}", unknown);
  return feeds;
}

}  // namespace convoy::cli
