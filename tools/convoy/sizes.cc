#include "tools/convoy/sizes.h"

#include <algorithm>
#include <set>

namespace convoy::cli {
namespace {

bool leads(const ValueType& type, size_t axis) { return axis == 0 && type.rank() > 1; }

void close_sizes(ValueType& type, const Sizing& sizing, const std::set<std::string>& leading) {
  if (type.element) {
    auto element = std::make_shared<ValueType>(*type.element);
    close_sizes(*element, sizing, leading);
    type.element = std::move(element);
  }
  if (!type.shape) return;
  for (size_t axis = 0; axis < type.shape->size(); ++axis) {
    Dimension& dimension = (*type.shape)[axis];
    if (dimension.known()) continue;
    bool first = leads(type, axis) || leading.contains(dimension.symbol);
    dimension.size = first ? sizing.first : sizing.others;
  }
}

std::vector<ValueDescription> closed_inputs(const Session& session, const Sizing& sizing) {
  std::vector<ValueDescription> inputs = session.inputs();
  std::set<std::string> leading;
  for (const ValueDescription& input : inputs) {
    if (input.type.rank() > 1) leading.insert(input.type.shape->front().symbol);
  }
  leading.erase("");
  for (ValueDescription& input : inputs) close_sizes(input.type, sizing, leading);
  return inputs;
}

bool is_open(const ValueType& type) {
  return type.element ? is_open(*type.element) : type.is_tensor() && !type.is_static();
}

std::vector<Sizing> all_sizings() {
  std::vector<Sizing> all = {{1, 1}, {3, 3}, {8, 8}, {2, 5}, {2, 16}, {1, 32}, {3, 64}, {32, 3}};
  int64_t batch = 0;
  for (int64_t size : {100, 128, 224, 256, 400, 512, 1000, 1024, 2048, 4096, 8192, 16000, 16384,
                       32000, 48000, 65536}) {
    all.push_back({1 + batch++ % 2, size});
    // Sequences whose first axis is time.
    all.push_back({size, size > 1024 ? 1 : 3});
  }
  return all;
}

}  // namespace

std::string to_string(const Sizing& sizing) {
  if (sizing.first == sizing.others) return fmt::format("{}", sizing.first);
  return fmt::format("{} and {}", sizing.first, sizing.others);
}

bool has_open_sizes(const Session& session) {
  return std::ranges::any_of(session.inputs(),
                             [](const auto& input) { return is_open(input.type); });
}

bool is_feasible(const Session& session, const Sizing& sizing) {
  constexpr double kMostElements = 1 << 26;
  if (!has_open_sizes(session)) return true;
  return std::ranges::none_of(closed_inputs(session, sizing), [&](const ValueDescription& input) {
    if (!input.type.shape) return false;
    double elements = 1;
    for (const Dimension& size : *input.type.shape) elements *= static_cast<double>(size.size);
    return elements > kMostElements;
  });
}

Feeds sized_feeds(const Session& session, const FeedOptions& options, const Sizing& sizing,
                  uint64_t seed) {
  return make_feeds(session, closed_inputs(session, sizing), options, seed);
}

const std::vector<Sizing>& sizings() {
  static const std::vector<Sizing> all = all_sizings();
  return all;
}

}  // namespace convoy::cli
