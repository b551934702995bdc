// TreeEnsemble (version 5), TreeEnsembleRegressor and TreeEnsembleClassifier (1 to 5) of
// ai.onnx.ml.

#include "ops/tree_ensemble/tree_ensemble.h"

#include <algorithm>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Features of one input, [rows, columns], as doubles.
struct Rows {
  int64_t count = 0;
  int64_t columns = 0;
};

Rows rows_of(const Shape& shape) {
  if (shape.rank() == 1) return {1, shape[0]};
  check_input(shape.rank() == 2, "input of rank {}, expected 2", shape.rank());
  return {shape[0], shape[1]};
}

void check_features(const TreeEnsemble& trees, int64_t columns) {
  for (const TreeNode& node : trees.nodes) {
    if (node.mode == BranchMode::kLeaf) continue;
    check_input(node.feature >= 0 && node.feature < columns,
                "a node asks for feature {}, the input has {}", node.feature, columns);
  }
}

template <typename Visitor>
void visit_features(DType dtype, Visitor&& visitor) {
  visit_dtype_among<float, double, int64_t, int32_t, Float16>(dtype, visitor);
}

// Calls use(row, scores) for each row, from several threads.
template <typename Use>
void for_each_row(const TreeEnsemble& trees, KernelContext& context, const Use& use) {
  const TensorView& x = context.input(0);
  const Rows rows = rows_of(x.shape);
  const int64_t depth = 16;  // nodes on the way to a leaf, at a guess
  const auto work = static_cast<int64_t>(trees.roots.size()) * depth + 1;
  const int64_t grain = std::max<int64_t>(1, 16384 / work);
  visit_features(x.dtype, [&](auto tag) {
    const auto* from = x.as<typename decltype(tag)::type>();
    context.threads().parallel_for(rows.count, grain, [&](int64_t begin, int64_t end) {
      std::vector<double> row(static_cast<size_t>(rows.columns));
      std::vector<double> scores(static_cast<size_t>(trees.targets));
      for (int64_t r = begin; r < end; ++r) {
        for (size_t k = 0; k < row.size(); ++k) {
          row[k] = static_cast<double>(from[r * rows.columns + static_cast<int64_t>(k)]);
        }
        trees.evaluate(row.data(), rows.columns, scores.data());
        use(r, scores.data());
      }
    });
  });
}

std::unique_ptr<Kernel> make_scores(KernelRequest& request, TreeEnsemble read) {
  check_features(read, rows_of(request.input(0).shape).columns);
  auto trees = std::make_shared<const TreeEnsemble>(std::move(read));
  return make_kernel([trees](KernelContext& context) {
    visit_floating(context.output(0).dtype, [&](auto tag) {
      using T = typename decltype(tag)::type;
      using Work = std::conditional_t<std::is_same_v<T, double>, double, float>;
      T* y = context.output(0).as<T>();
      for_each_row(*trees, context, [&](int64_t row, double* scores) {
        apply_transform(trees->transform, scores, trees->targets);
        for (int64_t t = 0; t < trees->targets; ++t) {
          y[row * trees->targets + t] = static_cast<T>(static_cast<Work>(scores[t]));
        }
      });
    });
  });
}

void infer_rows(InferRequest& request, DType dtype, int64_t columns) {
  request.set_output(0, dtype, {rows_of(request.inputs[0].shape).count, columns});
}

std::unique_ptr<Kernel> make_ensemble(KernelRequest& request) {
  return make_scores(request, read_tree_ensemble(request));
}

void infer_ensemble(InferRequest& request) {
  infer_rows(request, request.inputs[0].dtype,
             AttributeReader(request.node).integer("n_targets", 1));
}

std::unique_ptr<Kernel> make_regressor(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  TreeEnsemble trees = read_listed_trees(attributes, "target");
  trees.targets = attributes.integer("n_targets", 1);
  const std::string aggregate = attributes.text("aggregate_function", "SUM");
  attributes.finish();
  check_model(aggregate == "SUM" || aggregate == "AVERAGE" || aggregate == "MIN" ||
                  aggregate == "MAX",
              "aggregate_function '{}' is not known", aggregate);
  trees.aggregate = aggregate == "SUM"       ? Aggregate::kSum
                    : aggregate == "AVERAGE" ? Aggregate::kAverage
                    : aggregate == "MIN"     ? Aggregate::kMin
                                             : Aggregate::kMax;
  check_trees(trees);
  return make_scores(request, std::move(trees));
}

void infer_regressor(InferRequest& request) {
  infer_rows(request, DType::kFloat32, AttributeReader(request.node).integer("n_targets", 1));
}

struct Labels {
  std::vector<std::string> texts;
  std::vector<int64_t> numbers;
  int64_t count() const {
    return static_cast<int64_t>(texts.empty() ? numbers.size() : texts.size());
  }
  void write(const TensorView& to, int64_t row, int64_t label) const {
    if (texts.empty()) {
      to.as<int64_t>()[row] = numbers[static_cast<size_t>(label)];
    } else {
      to.as<std::string>()[row] = texts[static_cast<size_t>(label)];
    }
  }
};

Labels read_labels(AttributeReader& attributes) {
  Labels labels{attributes.texts("classlabels_strings"), attributes.integers("classlabels_int64s")};
  check_model(labels.count() > 0, "class labels are missing");
  return labels;
}

// Two classes of which only one has weights: its score says yes or no, against 0.5 where all
// weights are positive (probabilities) and against 0 otherwise. Returns the label.
int64_t finish_binary(PostTransform transform, bool probabilities, double score, double* scores) {
  const int64_t label = score > (probabilities ? 0.5 : 0.0) ? 1 : 0;
  if (probabilities) {
    scores[0] = 1 - score;
    scores[1] = score;
  } else {
    scores[0] = -score;
    scores[1] = score;
    if (transform == PostTransform::kLogistic) apply_transform(transform, scores, 2);
  }
  return label;
}

std::unique_ptr<Kernel> make_classifier(KernelRequest& request) {
  AttributeReader attributes = request.attributes();
  TreeEnsemble read = read_listed_trees(attributes, "class");
  const Labels labels = read_labels(attributes);
  attributes.finish();
  read.targets = labels.count();
  bool one_class = read.targets == 2 && !read.weights.empty();
  bool positive = true;
  for (const LeafWeight& weight : read.weights) {
    one_class = one_class && weight.target == read.weights[0].target;
    positive = positive && weight.weight >= 0;
  }
  if (one_class) {
    for (LeafWeight& weight : read.weights) weight.target = 1;
    if (read.base_values.size() == 1) read.base_values = {0, read.base_values[0]};
  }
  check_trees(read);
  check_features(read, rows_of(request.input(0).shape).columns);
  auto trees = std::make_shared<const TreeEnsemble>(std::move(read));
  return make_kernel([trees, labels, one_class, positive](KernelContext& context) {
    const int64_t classes = trees->targets;
    for_each_row(*trees, context, [&](int64_t row, double* scores) {
      int64_t label = std::max_element(scores, scores + classes) - scores;
      if (one_class) {
        label = finish_binary(trees->transform, positive, scores[1], scores);
      } else {
        apply_transform(trees->transform, scores, classes);
      }
      if (context.has_output(0)) labels.write(context.output(0), row, label);
      if (!context.has_output(1)) return;
      float* out = context.output(1).as<float>() + row * classes;
      for (int64_t c = 0; c < classes; ++c) out[c] = static_cast<float>(scores[c]);
    });
  });
}

void infer_classifier(InferRequest& request) {
  AttributeReader attributes(request.node);
  const Labels labels = read_labels(attributes);
  const int64_t rows = rows_of(request.inputs[0].shape).count;
  request.set_output(0, labels.texts.empty() ? DType::kInt64 : DType::kString, {rows});
  request.set_output(1, DType::kFloat32, {rows, labels.count()});
}

}  // namespace

void register_tree_ensemble(Registry& registry) {
  constexpr std::string_view kDomain = "ai.onnx.ml";
  registry.add("TreeEnsemble", kDomain).kernel("reference", make_ensemble).infer = infer_ensemble;
  registry.add("TreeEnsembleRegressor", kDomain).kernel("reference", make_regressor).infer =
      infer_regressor;
  registry.add("TreeEnsembleClassifier", kDomain).kernel("reference", make_classifier).infer =
      infer_classifier;
}

}  // namespace convoy
