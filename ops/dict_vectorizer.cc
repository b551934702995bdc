// DictVectorizer and CastMap of ai.onnx.ml, version 1: a map becomes one row of a tensor.

#include <charconv>
#include <cmath>
#include <map>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Entries by key: the position of each value. Throws kInvalidInput where the keys are of another
// type.
template <typename Key>
std::map<Key, int64_t> positions_of(const Map& map) {
  const auto* keys = std::get_if<std::vector<Key>>(&map.keys);
  check_input(
      keys != nullptr, "the map's keys are {}",
      std::is_same_v<Key, std::string> ? "int64, expected strings" : "strings, expected int64");
  check_input(static_cast<int64_t>(keys->size()) == map.values.count(), "{} keys and {} values",
              keys->size(), map.values.count());
  std::map<Key, int64_t> positions;
  for (size_t i = 0; i < keys->size(); ++i) positions[(*keys)[i]] = static_cast<int64_t>(i);
  return positions;
}

template <typename Key>
void vectorize(KernelContext& context, const std::vector<Key>& vocabulary) {
  const Value input = context.input_value(0);
  const auto positions = positions_of<Key>(input.map());
  const Tensor values = input.map().values.contiguous();
  const auto count = static_cast<int64_t>(vocabulary.size());
  visit_dtype_among<float, double, int64_t, std::string>(values.dtype(), [&](auto tag) {
    using T = typename decltype(tag)::type;
    T* to = context.allocate_output(0, values.dtype(), {1, count}).template as<T>();
    for (int64_t i = 0; i < count; ++i) {
      auto found = positions.find(vocabulary[static_cast<size_t>(i)]);
      to[i] = found == positions.end() ? T() : values.data<T>()[found->second];
    }
  });
}

std::unique_ptr<Kernel> make_vectorizer(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const auto texts = attributes.texts("string_vocabulary");
  const auto numbers = attributes.integers("int64_vocabulary");
  attributes.finish();
  check_model(texts.empty() != numbers.empty(),
              "exactly one of string_vocabulary and int64_vocabulary is needed");
  return make_kernel([texts, numbers](KernelContext& context) {
    if (texts.empty()) {
      vectorize(context, numbers);
    } else {
      vectorize(context, texts);
    }
  });
}

template <typename T>
T parse(const std::string& text) {
  T value{};
  const char* begin = text.data();
  const char* end = begin + text.size();
  if (begin != end && *begin == '+') ++begin;
  const auto result = std::from_chars(begin, end, value);
  check_input(result.ec == std::errc() && result.ptr == end, "'{}' is no number of type {}", text,
              to_string(dtype_of<T>));
  return value;
}

template <typename From, typename To>
To convert(const From& value) {
  if constexpr (std::is_same_v<From, To>) {
    return value;
  } else if constexpr (std::is_same_v<From, std::string>) {
    return parse<To>(value);
  } else if constexpr (std::is_same_v<To, std::string>) {
    return fmt::format("{:f}", value);
  } else {
    check_input(std::abs(value) < 0x1p63f, "{} does not fit int64", value);
    return static_cast<To>(value);
  }
}

struct CastForm {
  DType dtype = DType::kFloat32;
  bool sparse = false;  // the key is the column
  int64_t columns = 1;  // where sparse
};

template <typename From, typename To>
void cast_values(KernelContext& context, const Map& map, const CastForm& form) {
  const auto positions = positions_of<int64_t>(map);
  const Tensor values = map.values.contiguous();
  const int64_t columns = form.sparse ? form.columns : static_cast<int64_t>(positions.size());
  To* to = context.allocate_output(0, form.dtype, {1, columns}).template as<To>();
  if (form.sparse) {
    To absent{};
    if constexpr (std::is_same_v<To, std::string>) absent = "0.f";  // as ONNX Runtime has it
    std::fill(to, to + columns, absent);
  }
  int64_t next = 0;
  for (const auto& [key, position] : positions) {
    check_input(!form.sparse || key >= 0, "key {} of a sparse map is negative", key);
    const int64_t column = form.sparse ? key : next++;
    if (column < columns) to[column] = convert<From, To>(values.data<From>()[position]);
  }
}

std::unique_ptr<Kernel> make_cast(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  const std::string to = attributes.text("cast_to", "TO_FLOAT");
  const std::string packing = attributes.text("map_form", "DENSE");
  CastForm form;
  form.columns = attributes.integer("max_map", 1);
  attributes.finish();
  check_model(to == "TO_FLOAT" || to == "TO_STRING" || to == "TO_INT64",
              "cast_to '{}' is not known", to);
  check_model(packing == "DENSE" || packing == "SPARSE", "map_form '{}' is not known", packing);
  form.sparse = packing == "SPARSE";
  check_model(!form.sparse || form.columns > 0, "max_map is {}", form.columns);
  form.dtype = to == "TO_FLOAT"    ? DType::kFloat32
               : to == "TO_STRING" ? DType::kString
                                   : DType::kInt64;
  return make_kernel([form](KernelContext& context) {
    const Value input = context.input_value(0);
    const Map& map = input.map();
    visit_dtype_among<float, std::string>(map.values.dtype(), [&](auto from) {
      visit_dtype_among<float, std::string, int64_t>(form.dtype, [&](auto into) {
        cast_values<typename decltype(from)::type, typename decltype(into)::type>(context, map,
                                                                                  form);
      });
    });
  });
}

}  // namespace

void register_dict_vectorizer(Registry& registry) {
  constexpr std::string_view kDomain = "ai.onnx.ml";
  registry.add("DictVectorizer", kDomain).kernel("reference", make_vectorizer).dynamic = true;
  registry.add("CastMap", kDomain).kernel("reference", make_cast).dynamic = true;
}

}  // namespace convoy
