// StringSplit, opset 20 and up: the parts of every string, padded with empty strings to the longest
// list, and their numbers. Without a delimiter, runs of white space separate, as in Python.
#include "runtime/op/registry.h"

namespace convoy {
namespace {

constexpr std::string_view kSpaces = " \t\n\v\f\r";

std::vector<std::string> split_at_spaces(std::string_view text, int64_t most) {
  std::vector<std::string> parts;
  size_t at = text.find_first_not_of(kSpaces);
  while (at != std::string_view::npos) {
    if (static_cast<int64_t>(parts.size()) == most) {
      parts.emplace_back(text.substr(at));
      break;
    }
    size_t end = std::min(text.find_first_of(kSpaces, at), text.size());
    parts.emplace_back(text.substr(at, end - at));
    at = text.find_first_not_of(kSpaces, end);
  }
  return parts;
}

std::vector<std::string> split_at(std::string_view text, std::string_view delimiter, int64_t most) {
  std::vector<std::string> parts;
  size_t at = 0;
  while (static_cast<int64_t>(parts.size()) < most) {
    size_t end = text.find(delimiter, at);
    if (end == std::string_view::npos) break;
    parts.emplace_back(text.substr(at, end - at));
    at = end + delimiter.size();
  }
  parts.emplace_back(text.substr(at));
  return parts;
}

void run_split(KernelContext& context, const std::string& delimiter, int64_t most) {
  const TensorView& input = context.input(0);
  check_input(input.dtype == DType::kString, "StringSplit of {}", to_string(input));
  int64_t count = input.count();
  std::vector<std::vector<std::string>> parts;
  size_t longest = 0;
  for (int64_t i = 0; i < count; ++i) {
    const std::string& text = input.as<std::string>()[i];
    parts.push_back(delimiter.empty() ? split_at_spaces(text, most)
                                      : split_at(text, delimiter, most));
    longest = std::max(longest, parts.back().size());
  }
  Shape shape = input.shape;
  shape.push_back(static_cast<int64_t>(longest));
  Tensor out = Tensor::allocate(DType::kString, shape);
  Tensor counts = Tensor::allocate(DType::kInt64, input.shape);
  for (size_t i = 0; i < parts.size(); ++i) {
    counts.mutable_data<int64_t>()[i] = static_cast<int64_t>(parts[i].size());
    std::move(parts[i].begin(), parts[i].end(), out.mutable_data<std::string>() + i * longest);
  }
  if (context.wants_output(0)) context.set_output(0, std::move(out));
  if (context.wants_output(1)) context.set_output(1, std::move(counts));
}

std::unique_ptr<Kernel> make_string_split(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  std::string delimiter = attributes.text("delimiter", "");
  int64_t most = attributes.integer("maxsplit", std::numeric_limits<int64_t>::max());
  attributes.finish();
  if (most < 0) most = std::numeric_limits<int64_t>::max();
  return make_kernel([=](KernelContext& context) { run_split(context, delimiter, most); });
}

}  // namespace

void register_string_split(Registry& registry) {
  registry.add("StringSplit")
      .versions(20, std::numeric_limits<int>::max())
      .kernel("reference", make_string_split)
      .dynamic = true;
}

}  // namespace convoy
