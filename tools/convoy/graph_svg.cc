#include "tools/convoy/graph_svg.h"

#include <algorithm>
#include <cmath>
#include <iterator>

#include <fmt/format.h>

#include "tools/convoy/graph_layout.h"
#include "tools/convoy/html.h"

namespace convoy::cli {
namespace {

constexpr double kMargin = 16;
constexpr size_t kLongestTitle = 28;  // characters

// Characters, not bytes: UTF-8 continuation bytes do not count.
size_t length_of(const std::string& text) {
  size_t count = 0;
  for (char c : text) count += (static_cast<unsigned char>(c) & 0xC0) != 0x80 ? 1 : 0;
  return count;
}

std::string shortened(const std::string& text) {
  if (length_of(text) <= kLongestTitle) return text;
  size_t bytes = 0;
  for (size_t count = 0; bytes < text.size(); ++bytes) {
    bool starts = (static_cast<unsigned char>(text[bytes]) & 0xC0) != 0x80;
    if (starts && ++count == kLongestTitle) break;
  }
  return text.substr(0, bytes) + "…";
}

std::string title_text(const ReportBox& box) {
  return box.count > 1 ? fmt::format("{} × {}", box.count, shortened(box.title))
                       : shortened(box.title);
}

LayoutSize size_of_box(const ReportBox& box) {
  double title = 7.4 * static_cast<double>(length_of(title_text(box)));
  double detail = 6.0 * static_cast<double>(length_of(shortened(box.detail)));
  bool round = box.kind == ReportBox::Kind::kInput || box.kind == ReportBox::Kind::kOutput;
  if (round) detail += 14;
  double height = box.detail.empty() ? 26 : 40;
  return {std::max({56.0, title + 22, detail + 20}), height + (box.count > 1 ? 6 : 0)};
}

const char* class_of(ReportBox::Kind kind) {
  switch (kind) {
    case ReportBox::Kind::kInput:
    case ReportBox::Kind::kOutput: return "io";
    case ReportBox::Kind::kMoving: return "mv";
    case ReportBox::Kind::kOmitted: return "om";
    case ReportBox::Kind::kOperator: return "op";
  }
  return "op";
}

using Out = std::back_insert_iterator<fmt::memory_buffer>;

void draw_box(Out out, const ReportBox& box, LayoutPoint at, LayoutSize size) {
  std::string group = box.group < 0 ? ""
                                    : fmt::format(" data-g=\"{}\" style=\"--h:{}\"", box.group,
                                                  group_hue(box.group));
  fmt::format_to(out,
                 "<g class=\"n {}{}\"{} transform=\"translate({:.1f} {:.1f})\">"
                 "<title>{}</title>",
                 class_of(box.kind), box.group < 0 ? "" : " m", group, at.x, at.y,
                 escape_html(box.tooltip));
  double radius = box.kind == ReportBox::Kind::kInput || box.kind == ReportBox::Kind::kOutput
                      ? size.height / 2
                      : 6;
  double inset = box.count > 1 ? 6 : 0;
  for (double shift = inset; shift >= 0; shift -= 3) {
    fmt::format_to(out,
                   "<rect x=\"{0:.1f}\" y=\"{0:.1f}\" width=\"{1:.1f}\" height=\"{2:.1f}\" "
                   "rx=\"{3:.0f}\"/>",
                   shift, size.width - inset, size.height - inset, radius);
  }
  double middle = (size.width - inset) / 2;
  double height = size.height - inset;
  fmt::format_to(out, "<text x=\"{:.1f}\" y=\"{:.1f}\">{}</text>", middle,
                 box.detail.empty() ? height / 2 + 4.5 : 17.0, escape_html(title_text(box)));
  if (!box.detail.empty()) {
    fmt::format_to(out, "<text class=\"d\" x=\"{:.1f}\" y=\"32\">{}</text>", middle,
                   escape_html(shortened(box.detail)));
  }
  fmt::format_to(out, "</g>\n");
}

// Vertical where it leaves and arrives.
void draw_edge(Out out, const std::vector<LayoutPoint>& points) {
  fmt::format_to(out, "<path d=\"M{:.1f} {:.1f}", points[0].x, points[0].y);
  for (size_t i = 1; i < points.size(); ++i) {
    const LayoutPoint& a = points[i - 1];
    const LayoutPoint& b = points[i];
    if (std::abs(a.x - b.x) < 0.5) {
      fmt::format_to(out, "L{:.1f} {:.1f}", b.x, b.y);
    } else {
      double bend = (a.y + b.y) / 2;
      fmt::format_to(out, "C{:.1f} {:.1f} {:.1f} {:.1f} {:.1f} {:.1f}", a.x, bend, b.x, bend, b.x,
                     b.y);
    }
  }
  fmt::format_to(out, "\"/>\n");
}

}  // namespace

int group_hue(int group) {
  constexpr int kHues[] = {24, 205, 140, 285, 340, 175, 48, 250};
  return kHues[group % 8];
}

std::string graph_svg(const ReportGraph& graph) {
  std::vector<LayoutSize> sizes;
  for (const ReportBox& box : graph.boxes) sizes.push_back(size_of_box(box));
  GraphLayout layout = lay_out(sizes, graph.edges);
  fmt::memory_buffer text;
  Out out(text);
  fmt::format_to(out, "<svg viewBox=\"{0:.0f} {0:.0f} {1:.0f} {2:.0f}\" role=\"img\">\n", -kMargin,
                 layout.size.width + 2 * kMargin, layout.size.height + 2 * kMargin);
  fmt::format_to(out, "<g class=\"e\">");
  for (const auto& points : layout.edges) draw_edge(out, points);
  fmt::format_to(out, "</g>\n");
  for (size_t i = 0; i < graph.boxes.size(); ++i) {
    draw_box(out, graph.boxes[i], layout.boxes[i], sizes[i]);
  }
  fmt::format_to(out, "</svg>\n");
  return fmt::to_string(text);
}

}  // namespace convoy::cli
