#include "tools/convoy/report_graph.h"

#include <algorithm>
#include <map>
#include <set>

#include <fmt/format.h>

#include "runtime/graph/node_attributes.h"

namespace convoy::cli {
namespace {

constexpr size_t kLongestRun = 8;  // of boxes one after the other, where there are too many

std::string shape_text(const ValueType& type) {
  if (!type.is_tensor() || !type.shape) return "";
  if (type.shape->empty()) return "scalar";
  std::string text;
  for (const Dimension& dim : *type.shape) {
    if (!text.empty()) text += "×";
    text += dim.known() ? std::to_string(dim.size) : dim.symbol.empty() ? "?" : dim.symbol;
  }
  return text;
}

std::string joined(const std::vector<int64_t>& sizes) {
  std::string text;
  for (int64_t size : sizes) text += (text.empty() ? "" : "×") + std::to_string(size);
  return text;
}

std::string title_of(const Graph& graph, const Node& node) {
  std::string title = node.qualified_type();
  auto kernel = integers_of(node, "kernel_shape");
  if (!kernel && node.is("Conv") && node.has_input(1)) {
    if (const Tensor* weight = graph.constant(node.inputs[1]); weight && weight->rank() > 2) {
      kernel.emplace(weight->shape().begin() + 2, weight->shape().end());
    }
  }
  if (kernel) title += " " + joined(*kernel);
  if (int64_t group = integer_of(node, "group", 1); group > 1) {
    title += fmt::format(", {} groups", group);
  }
  return title;
}

std::string tooltip_of(const Graph& graph, const Node& node) {
  std::string text = fmt::format("{}\n{}", node.label(graph), node.qualified_type());
  for (const auto& [name, value] : node.attributes) {
    if (std::holds_alternative<Tensor>(value)) continue;
    std::string shown = to_string(value);
    if (shown.size() < 80) text += fmt::format("\n{} = {}", name, shown);
  }
  for (ValueId input : node.inputs) {
    if (input == ValueId::kNone) continue;
    const ValueInfo& info = graph.value(input);
    const Tensor* tensor = graph.constant(input);
    text += fmt::format("\n← {} {}", info.name,
                        tensor ? "constant " + to_string(tensor->desc()) : to_string(info.type));
  }
  for (ValueId output : node.outputs) {
    if (output == ValueId::kNone) continue;
    text += fmt::format("\n→ {} {}", graph.value_name(output), to_string(graph.value(output).type));
  }
  return text.size() > 1200 ? text.substr(0, text.find('\n', 1100)) + "\n…" : text;
}

bool only_moves(const Node& node) {
  static const std::set<std::string> kTypes = {
      "Gather", "Slice", "Split",   "Squeeze", "Unsqueeze", "Reshape",  "Transpose", "Concat",
      "Expand", "Cast",  "Flatten", "Shape",   "Identity",  "Constant", "Pad"};
  return node.domain.empty() && kTypes.contains(node.op_type);
}

class BoxMaker {
 public:
  BoxMaker(const Graph& graph, const std::unordered_map<std::string, int>& groups,
           const ReportGraphOptions& options)
      : graph_(graph), groups_(groups), options_(options) {}

  ReportGraph run() {
    for (ValueId input : graph_.inputs()) {
      if (graph_.value(input).initializer) continue;
      add_box({ReportBox::Kind::kInput, graph_.value_name(input),
               shape_text(graph_.value(input).type), "input", -1, 1});
      box_of_[input] = last_box();
    }
    for (NodeId id : graph_.topological_order()) add_node(graph_.node(id));
    for (ValueId output : graph_.outputs()) add_output(output);
    if (options_.siblings_as_one && made_.boxes.size() > options_.most_boxes) shorten_runs();
    cut();
    return std::move(made_);
  }

 private:
  int last_box() const { return static_cast<int>(made_.boxes.size()) - 1; }
  void add_box(ReportBox box) { made_.boxes.push_back(std::move(box)); }

  std::vector<int> sources_of(const Node& node) const {
    std::vector<int> sources;
    auto add = [&](ValueId value) {
      auto found = box_of_.find(value);
      if (found == box_of_.end()) return;
      if (std::find(sources.begin(), sources.end(), found->second) == sources.end()) {
        sources.push_back(found->second);
      }
    };
    for (ValueId input : node.inputs) add(input);
    node.for_each_body([&](Graph& body) {
      for (const Graph::Capture& capture : body.captures()) add(capture.outer);
    });
    return sources;
  }

  void add_node(const Node& node) {
    std::vector<int> sources = sources_of(node);
    ReportBox box;
    box.kind = only_moves(node) ? ReportBox::Kind::kMoving : ReportBox::Kind::kOperator;
    box.title = title_of(graph_, node);
    if (!node.outputs.empty() && node.outputs[0] != ValueId::kNone) {
      box.detail = shape_text(graph_.value(node.outputs[0]).type);
    }
    auto group = groups_.find(node.label(graph_));
    if (group != groups_.end()) box.group = group->second;
    int number = options_.siblings_as_one ? sibling_box(box, sources) : -1;
    if (number < 0) {
      box.tooltip = tooltip_of(graph_, node);
      add_box(std::move(box));
      number = last_box();
      for (int source : sources) made_.edges.emplace_back(source, number);
    }
    for (ValueId output : node.outputs) box_of_[output] = number;
  }

  // The box of nodes that look the same and read the same boxes; -1 and remembered if it is the
  // first.
  int sibling_box(const ReportBox& box, const std::vector<int>& sources) {
    std::string key = fmt::format("{}|{}|{}", box.title, box.detail, box.group);
    for (int source : sources) key += fmt::format("|{}", source);
    auto next = static_cast<int>(made_.boxes.size());
    auto [known, added] = siblings_.emplace(std::move(key), next);
    if (added) return -1;
    ++made_.boxes[static_cast<size_t>(known->second)].count;
    return known->second;
  }

  void add_output(ValueId output) {
    auto source = box_of_.find(output);
    if (source == box_of_.end()) return;
    int& more = more_outputs_.try_emplace(source->second, -1).first->second;
    if (++outputs_[source->second] > 4) {
      if (more < 0) return;
      ReportBox& box = made_.boxes[static_cast<size_t>(more)];
      box.title = fmt::format("{} more outputs", outputs_[source->second] - 3);
      box.detail.clear();
      return;
    }
    more = static_cast<int>(made_.boxes.size());
    add_box({ReportBox::Kind::kOutput, graph_.value_name(output),
             shape_text(graph_.value(output).type), "output", -1, 1});
    made_.edges.emplace_back(source->second, last_box());
  }

  // Long runs of boxes with one source and one reader keep their ends.
  void shorten_runs() {
    size_t count = made_.boxes.size();
    std::vector<int> source(count, -1), reader(count, -1);  // -2: several
    for (auto [from, to] : made_.edges) {
      int& s = source[static_cast<size_t>(to)];
      int& r = reader[static_cast<size_t>(from)];
      s = s == -1 ? from : -2;
      r = r == -1 ? to : -2;
    }
    auto inner = [&](size_t i) { return source[i] >= 0 && reader[i] >= 0; };
    std::vector<int> moved(count, -1);  // to which box
    for (size_t i = 0; i < count; ++i) {
      if (moved[i] >= 0) continue;
      moved[i] = static_cast<int>(i);
      if (!inner(i) || inner(static_cast<size_t>(source[i]))) continue;
      std::vector<size_t> run;
      for (size_t at = i; inner(at); at = static_cast<size_t>(reader[at])) run.push_back(at);
      if (run.size() <= kLongestRun) continue;
      for (size_t k = 3; k + 3 < run.size(); ++k) moved[run[k]] = static_cast<int>(run[3]);
      ReportBox& middle = made_.boxes[run[3]];
      middle = {ReportBox::Kind::kOmitted,
                fmt::format("… {} boxes …", run.size() - 6),
                "",
                "a run of operators, one after the other",
                middle.group,
                1};
    }
    rebuild(moved);
  }

  // Boxes that moved to another one go away.
  void rebuild(const std::vector<int>& moved) {
    std::vector<int> number(moved.size(), -1);
    std::vector<ReportBox> boxes;
    for (size_t i = 0; i < moved.size(); ++i) {
      if (moved[i] != static_cast<int>(i)) continue;
      number[i] = static_cast<int>(boxes.size());
      boxes.push_back(std::move(made_.boxes[i]));
    }
    std::set<std::pair<int, int>> edges;
    for (auto [from, to] : made_.edges) {
      int a = number[static_cast<size_t>(moved[static_cast<size_t>(from)])];
      int b = number[static_cast<size_t>(moved[static_cast<size_t>(to)])];
      if (a != b) edges.emplace(a, b);
    }
    made_.boxes = std::move(boxes);
    made_.edges.assign(edges.begin(), edges.end());
  }

  void cut() {
    if (made_.boxes.size() <= options_.most_boxes) return;
    made_.left_out = made_.boxes.size() - options_.most_boxes;
    made_.boxes.resize(options_.most_boxes);
    auto most = static_cast<int>(options_.most_boxes);
    std::erase_if(made_.edges, [most](const auto& edge) { return edge.second >= most; });
  }

  const Graph& graph_;
  const std::unordered_map<std::string, int>& groups_;
  const ReportGraphOptions& options_;
  ReportGraph made_;
  std::map<ValueId, int> box_of_;
  std::map<int, int> outputs_;       // by box: how many
  std::map<int, int> more_outputs_;  // by box: the last output's box
  std::unordered_map<std::string, int> siblings_;
};

}  // namespace

ReportGraph report_graph(const Graph& graph, const std::unordered_map<std::string, int>& groups,
                         const ReportGraphOptions& options) {
  return BoxMaker(graph, groups, options).run();
}

}  // namespace convoy::cli
