#include "tools/convoy/graph_layout.h"

#include <algorithm>
#include <map>
#include <numeric>

namespace convoy::cli {
namespace {

constexpr double kGap = 18;  // between boxes of a layer
constexpr double kLayerGap = 34;
constexpr double kBendWidth = 10;  // what an edge takes that passes a layer
constexpr size_t kMaxBends = 40000;
constexpr int kOrderSweeps = 6;
constexpr int kPlaceSweeps = 10;

// Boxes first, then one vertex for each layer that an edge passes.
struct Vertex {
  int layer = 0;
  LayoutSize size;
  std::vector<int> above, below;
  double center = 0;
};

class LayeredLayout {
 public:
  LayeredLayout(std::span<const LayoutSize> boxes, std::span<const std::pair<int, int>> edges)
      : edges_(edges), vertices_(boxes.size()), box_count_(boxes.size()) {
    for (size_t i = 0; i < boxes.size(); ++i) vertices_[i].size = boxes[i];
  }

  GraphLayout run() {
    assign_layers();
    add_bends();
    collect_layers();
    for (int sweep = 0; sweep < kOrderSweeps; ++sweep) order(sweep % 2 == 0);
    for (int sweep = 0; sweep < kPlaceSweeps; ++sweep) place(sweep % 2 == 0);
    return finished();
  }

 private:
  void assign_layers() {
    std::vector<bool> fed(box_count_, false);
    for (auto [from, to] : edges_) {
      Vertex& target = vertices_[static_cast<size_t>(to)];
      target.layer = std::max(target.layer, vertices_[static_cast<size_t>(from)].layer + 1);
      fed[static_cast<size_t>(to)] = true;
    }
    // What nothing leads to stands right above its first reader.
    std::vector<int> nearest(box_count_, -1);
    for (auto [from, to] : edges_) {
      int& layer = nearest[static_cast<size_t>(from)];
      int below = vertices_[static_cast<size_t>(to)].layer;
      layer = layer < 0 ? below : std::min(layer, below);
    }
    for (size_t i = 0; i < box_count_; ++i) {
      if (!fed[i] && nearest[i] > 0) vertices_[i].layer = nearest[i] - 1;
    }
  }

  void connect(int from, int to) {
    vertices_[static_cast<size_t>(from)].below.push_back(to);
    vertices_[static_cast<size_t>(to)].above.push_back(from);
  }

  // Edges from one box share the vertices on their way.
  void add_bends() {
    paths_.resize(edges_.size());
    std::map<std::pair<int, int>, int> bends;  // by source and layer
    for (size_t e = 0; e < edges_.size(); ++e) {
      auto [from, to] = edges_[e];
      int last = vertices_[static_cast<size_t>(to)].layer;
      int at = from;
      for (int layer = vertices_[static_cast<size_t>(from)].layer + 1; layer < last; ++layer) {
        if (bends.size() >= kMaxBends) break;
        auto [known, added] = bends.try_emplace({from, layer}, static_cast<int>(vertices_.size()));
        if (added) {
          vertices_.push_back({layer, {kBendWidth, 0}, {}, {}, 0});
          connect(at, known->second);
        }
        at = known->second;
        paths_[e].push_back(at);
      }
      connect(at, to);
    }
  }

  void collect_layers() {
    int count = 0;
    for (const Vertex& vertex : vertices_) count = std::max(count, vertex.layer + 1);
    layers_.resize(static_cast<size_t>(count));
    for (size_t i = 0; i < vertices_.size(); ++i) {
      layers_[static_cast<size_t>(vertices_[i].layer)].push_back(static_cast<int>(i));
    }
    rank_.resize(vertices_.size());
    for (auto& layer : layers_) remember(layer);
  }

  void remember(const std::vector<int>& layer) {
    for (size_t i = 0; i < layer.size(); ++i) rank_[static_cast<size_t>(layer[i])] = double(i);
  }

  // Barycenter heuristic: a vertex goes to the mean place of its neighbours.
  void order(bool down) {
    std::vector<double> wish(vertices_.size());
    for (size_t k = 0; k < layers_.size(); ++k) {
      auto& layer = layers_[down ? k : layers_.size() - 1 - k];
      for (int id : layer) {
        const Vertex& vertex = vertices_[static_cast<size_t>(id)];
        const auto& near = down ? vertex.above : vertex.below;
        double sum = 0;
        for (int other : near) sum += rank_[static_cast<size_t>(other)];
        wish[static_cast<size_t>(id)] =
            near.empty() ? rank_[static_cast<size_t>(id)] : sum / double(near.size());
      }
      std::stable_sort(layer.begin(), layer.end(), [&](int a, int b) {
        return wish[static_cast<size_t>(a)] < wish[static_cast<size_t>(b)];
      });
      remember(layer);
    }
  }

  double distance(int left, int right) const {
    return (vertices_[static_cast<size_t>(left)].size.width +
            vertices_[static_cast<size_t>(right)].size.width) /
               2 +
           kGap;
  }

  // Centers as near as possible (least squares) to the mean of the neighbours', in this order and
  // without overlap: isotonic regression by pooling adjacent violators.
  void place(bool down) {
    struct Pool {
      double sum;
      size_t count;
      double mean() const { return sum / double(count); }
    };
    for (size_t k = 0; k < layers_.size(); ++k) {
      auto& layer = layers_[down ? k : layers_.size() - 1 - k];
      std::vector<Pool> pools;
      std::vector<double> offsets;
      for (size_t i = 0; i < layer.size(); ++i) {
        offsets.push_back(i == 0 ? 0 : offsets.back() + distance(layer[i - 1], layer[i]));
        pools.push_back({wished(layer[i], down, offsets.back()) - offsets.back(), 1});
        while (pools.size() > 1 && pools[pools.size() - 2].mean() > pools.back().mean()) {
          Pool last = pools.back();
          pools.pop_back();
          pools.back().sum += last.sum;
          pools.back().count += last.count;
        }
      }
      size_t i = 0;
      for (const Pool& pool : pools) {
        for (size_t j = 0; j < pool.count; ++j, ++i) {
          vertices_[static_cast<size_t>(layer[i])].center = pool.mean() + offsets[i];
        }
      }
    }
    placed_ = true;
  }

  double wished(int id, bool down, double offset) const {
    const Vertex& vertex = vertices_[static_cast<size_t>(id)];
    const auto& near = down ? vertex.above : vertex.below;
    if (near.empty()) return placed_ ? vertex.center : offset;
    double sum = 0;
    for (int other : near) sum += vertices_[static_cast<size_t>(other)].center;
    return sum / double(near.size());
  }

  GraphLayout finished() const {
    std::vector<double> tops, heights;
    double y = 0;
    for (const auto& layer : layers_) {
      double height = 0;
      for (int id : layer) {
        height = std::max(height, vertices_[static_cast<size_t>(id)].size.height);
      }
      tops.push_back(y);
      heights.push_back(height);
      y += height + kLayerGap;
    }
    double left = 0, right = 0;
    for (const Vertex& vertex : vertices_) {
      left = std::min(left, vertex.center - vertex.size.width / 2);
      right = std::max(right, vertex.center + vertex.size.width / 2);
    }
    GraphLayout layout;
    layout.size = {right - left, std::max(0.0, y - kLayerGap)};
    for (size_t i = 0; i < box_count_; ++i) {
      const Vertex& vertex = vertices_[i];
      auto layer = static_cast<size_t>(vertex.layer);
      layout.boxes.push_back({vertex.center - vertex.size.width / 2 - left,
                              tops[layer] + (heights[layer] - vertex.size.height) / 2});
    }
    for (size_t e = 0; e < edges_.size(); ++e) layout.edges.push_back(path(e, left, tops, heights));
    for (size_t e = 0; e < edges_.size(); ++e) attach(layout, e);
    return layout;
  }

  std::vector<LayoutPoint> path(size_t e, double left, const std::vector<double>& tops,
                                const std::vector<double>& heights) const {
    std::vector<LayoutPoint> points = {{}};
    for (int bend : paths_[e]) {
      const Vertex& vertex = vertices_[static_cast<size_t>(bend)];
      auto layer = static_cast<size_t>(vertex.layer);
      points.push_back({vertex.center - left, tops[layer]});
      points.push_back({vertex.center - left, tops[layer] + heights[layer]});
    }
    points.push_back({});
    return points;
  }

  void attach(GraphLayout& layout, size_t e) const {
    auto from = static_cast<size_t>(edges_[e].first);
    auto to = static_cast<size_t>(edges_[e].second);
    const LayoutSize& a = vertices_[from].size;
    layout.edges[e].front() = {layout.boxes[from].x + a.width / 2, layout.boxes[from].y + a.height};
    layout.edges[e].back() = {layout.boxes[to].x + vertices_[to].size.width / 2,
                              layout.boxes[to].y};
  }

  std::span<const std::pair<int, int>> edges_;
  std::vector<Vertex> vertices_;
  size_t box_count_;
  std::vector<std::vector<int>> paths_;   // by edge: the bends
  std::vector<std::vector<int>> layers_;  // vertices from left to right
  std::vector<double> rank_;
  bool placed_ = false;
};

}  // namespace

GraphLayout lay_out(std::span<const LayoutSize> boxes, std::span<const std::pair<int, int>> edges) {
  return LayeredLayout(boxes, edges).run();
}

}  // namespace convoy::cli
