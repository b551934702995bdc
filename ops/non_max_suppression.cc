// NonMaxSuppression, opset 10 and up: per batch entry and class, boxes by falling score without
// those whose overlap with a chosen one exceeds iou_threshold. Rows are [batch, class, box].
#include <numeric>

#include "ops/kernels/index/index.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct Box {
  float top, left, bottom, right;
  float area() const { return (bottom - top) * (right - left); }
};

// Corners in any order, or center and size.
Box read_box(const float* at, bool centered) {
  if (centered) {
    float x = at[0], y = at[1], half_width = at[2] / 2, half_height = at[3] / 2;
    return {y - half_height, x - half_width, y + half_height, x + half_width};
  }
  return {std::min(at[0], at[2]), std::min(at[1], at[3]), std::max(at[0], at[2]),
          std::max(at[1], at[3])};
}

bool overlaps(const Box& a, const Box& b, float threshold) {
  float height = std::min(a.bottom, b.bottom) - std::max(a.top, b.top);
  float width = std::min(a.right, b.right) - std::max(a.left, b.left);
  if (!(height > 0 && width > 0)) return false;
  float common = height * width;
  float all = a.area() + b.area() - common;
  return a.area() > 0 && b.area() > 0 && all > 0 && common / all > threshold;
}

struct Limits {
  int64_t most = 0;  // boxes a class
  float overlap = 0;
  float score = 0;
  bool has_score = false;
};

float scalar_float(const TensorView& view) {
  check_input(view.count() == 1 && view.dtype == DType::kFloat32, "a threshold is {}",
              to_string(view));
  return *view.as<float>();
}

std::vector<int64_t> choose(const std::vector<Box>& boxes, const float* scores,
                            const Limits& limits) {
  std::vector<int64_t> order;
  for (size_t i = 0; i < boxes.size(); ++i) {
    bool counts = !limits.has_score || scores[i] > limits.score;
    if (counts && scores[i] == scores[i]) order.push_back(static_cast<int64_t>(i));
  }
  std::stable_sort(order.begin(), order.end(),
                   [&](int64_t a, int64_t b) { return scores[a] > scores[b]; });
  std::vector<int64_t> chosen;
  for (int64_t candidate : order) {
    if (static_cast<int64_t>(chosen.size()) >= limits.most) break;
    const Box& box = boxes[static_cast<size_t>(candidate)];
    bool free = std::none_of(chosen.begin(), chosen.end(), [&](int64_t other) {
      return overlaps(box, boxes[static_cast<size_t>(other)], limits.overlap);
    });
    if (free) chosen.push_back(candidate);
  }
  return chosen;
}

void run_suppression(KernelContext& context, bool centered) {
  const TensorView& boxes = context.input(0);
  const TensorView& scores = context.input(1);
  check_input(boxes.rank() == 3 && scores.rank() == 3 && boxes.shape[2] == 4 &&
                  boxes.shape[0] == scores.shape[0] && boxes.shape[1] == scores.shape[2],
              "boxes {} and scores {}", to_string(boxes), to_string(scores));
  check_supported(boxes.dtype == DType::kFloat32 && scores.dtype == DType::kFloat32,
                  "boxes of type {}", to_string(boxes.dtype));
  Limits limits;
  if (context.has_input(2)) {
    limits.most = single_index(context.input(2), "max_output_boxes_per_class");
  }
  if (context.has_input(3)) limits.overlap = scalar_float(context.input(3));
  limits.has_score = context.has_input(4);
  if (limits.has_score) limits.score = scalar_float(context.input(4));
  int64_t batches = boxes.shape[0];
  int64_t classes = scores.shape[1];
  int64_t count = boxes.shape[1];
  std::vector<std::vector<int64_t>> chosen(static_cast<size_t>(batches * classes));
  context.threads().parallel_for(batches * classes, 1, [&](int64_t begin, int64_t end) {
    std::vector<Box> list(static_cast<size_t>(count));
    for (int64_t item = begin; item < end; ++item) {
      int64_t batch = item / classes;
      for (int64_t i = 0; i < count; ++i) {
        list[static_cast<size_t>(i)] =
            read_box(boxes.as<float>() + (batch * count + i) * 4, centered);
      }
      chosen[static_cast<size_t>(item)] = choose(list, scores.as<float>() + item * count, limits);
    }
  });
  int64_t rows = 0;
  for (const auto& list : chosen) rows += static_cast<int64_t>(list.size());
  TensorView output = context.allocate_output(0, DType::kInt64, {rows, 3});
  auto* out = output.as<int64_t>();
  for (size_t item = 0; item < chosen.size(); ++item) {
    for (int64_t box : chosen[item]) {
      *out++ = static_cast<int64_t>(item) / classes;
      *out++ = static_cast<int64_t>(item) % classes;
      *out++ = box;
    }
  }
}

std::unique_ptr<Kernel> make_suppression(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  bool centered = attributes.integer("center_point_box", 0) != 0;
  attributes.finish();
  return make_kernel([centered](KernelContext& context) { run_suppression(context, centered); });
}

}  // namespace

void register_non_max_suppression(Registry& registry) {
  registry.add("NonMaxSuppression").kernel("reference", make_suppression).dynamic = true;
}

}  // namespace convoy
