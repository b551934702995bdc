// LinearClassifier and LinearRegressor of ai.onnx.ml, version 1: scores are X · coefficientsᵀ +
// intercepts, with one row of coefficients for each class or target.

#include "ops/scores/scores.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

struct LinearModel {
  std::vector<float> coefficients;  // [targets, columns]
  std::vector<float> intercepts;    // empty, or one for each target
  int64_t targets = 0;
  PostTransform transform = PostTransform::kNone;

  void score(const float* features, int64_t columns, double* scores) const {
    for (int64_t t = 0; t < targets; ++t) {
      scores[t] = dot_product(features, coefficients.data() + t * columns, columns);
      if (!intercepts.empty()) scores[t] += static_cast<double>(intercepts[static_cast<size_t>(t)]);
    }
  }
};

LinearModel read_model(AttributeReader& attributes) {
  LinearModel model;
  model.coefficients = attributes.numbers("coefficients");
  model.intercepts = attributes.numbers("intercepts");
  model.transform = transform_of(attributes.text("post_transform", "NONE"));
  return model;
}

void check_coefficients(const LinearModel& model, int64_t columns) {
  check_model(model.targets > 0, "there are no classes or targets");
  const auto given = static_cast<int64_t>(model.coefficients.size());
  check_input(given / model.targets == columns && given % model.targets == 0,
              "{} coefficients for {} classes or targets of {} features", given, model.targets,
              columns);
}

// One row of coefficients for two classes is the second one's.
struct LinearClassifier {
  LinearModel model;
  ClassLabels labels;
  bool binary = false;
  int64_t columns = 0;  // of the scores
};

LinearClassifier read_classifier(const Node& node, int64_t features) {
  AttributeReader attributes(node);
  LinearClassifier read{read_model(attributes), read_labels(attributes, "classlabels_ints")};
  attributes.ignore("multi_class");
  attributes.finish();
  const auto given = static_cast<int64_t>(read.model.coefficients.size());
  const auto intercepts = static_cast<int64_t>(read.model.intercepts.size());
  read.model.targets = intercepts > 0 ? intercepts : given / std::max<int64_t>(1, features);
  check_coefficients(read.model, features);
  read.binary = read.model.targets == 1;
  read.columns = read.binary ? 2 : read.model.targets;
  if (read.binary && read.labels.count() == 0) {
    read.labels.numbers = {0, 1};
    read.columns = 1;
  }
  check_model(read.labels.count() == (read.binary ? 2 : read.model.targets),
              "{} class labels for scores of {} classes", read.labels.count(), read.model.targets);
  return read;
}

// Turns the scores of a row into what is put out and returns the number of its label.
int64_t classify(const LinearClassifier& from, double* scores) {
  const LinearModel& model = from.model;
  if (!from.binary) {
    const int64_t label = std::max_element(scores, scores + model.targets) - scores;
    apply_transform(model.transform, scores, model.targets);
    return label;
  }
  const int64_t label = scores[0] > 0 ? 1 : 0;
  if (from.columns == 2) {
    spread_score(model.transform, OneScore::kProbability, scores[0], scores);
  } else {
    apply_transform(model.transform, scores, 1);
  }
  return label;
}

std::unique_ptr<Kernel> make_classifier(KernelRequest& request) {
  const FeatureRows rows = rows_of(request.input(0).shape);
  auto read =
      std::make_shared<const LinearClassifier>(read_classifier(request.node(), rows.columns));
  if (request.has_output(0)) request.check_output(0, {rows.count});
  if (request.has_output(1)) request.check_output(1, {rows.count, read->columns});
  return make_kernel([read, features = rows.columns](KernelContext& context) {
    const int64_t columns = read->columns;
    const auto work = static_cast<int64_t>(read->model.coefficients.size());
    for_each_row(context, work, [&](int64_t row, const float* from) {
      std::vector<double> scores(static_cast<size_t>(std::max(columns, read->model.targets)));
      read->model.score(from, features, scores.data());
      const int64_t label = classify(*read, scores.data());
      if (context.has_output(0)) read->labels.write(context.output(0), row, label);
      if (!context.has_output(1)) return;
      std::copy_n(scores.data(), columns, context.output(1).as<float>() + row * columns);
    });
  });
}

void infer_classifier(InferRequest& request) {
  const FeatureRows rows = rows_of(request.inputs[0].shape);
  const LinearClassifier read = read_classifier(request.node, rows.columns);
  request.set_output(0, read.labels.dtype(), {rows.count});
  request.set_output(1, DType::kFloat32, {rows.count, read.columns});
}

LinearModel read_regressor(const Node& node, int64_t features) {
  AttributeReader attributes(node);
  LinearModel model = read_model(attributes);
  model.targets = attributes.integer("targets", 1);
  attributes.finish();
  check_coefficients(model, features);
  check_model(
      model.intercepts.empty() || static_cast<int64_t>(model.intercepts.size()) == model.targets,
      "{} intercepts for {} targets", model.intercepts.size(), model.targets);
  return model;
}

std::unique_ptr<Kernel> make_regressor(KernelRequest& request) {
  const FeatureRows rows = rows_of(request.input(0).shape);
  auto model = std::make_shared<const LinearModel>(read_regressor(request.node(), rows.columns));
  request.check_output(0, {rows.count, model->targets});
  return make_kernel([model, features = rows.columns](KernelContext& context) {
    const auto work = static_cast<int64_t>(model->coefficients.size());
    for_each_row(context, work, [&](int64_t row, const float* from) {
      std::vector<double> scores(static_cast<size_t>(model->targets));
      model->score(from, features, scores.data());
      apply_transform(model->transform, scores.data(), model->targets);
      std::copy_n(scores.data(), model->targets,
                  context.output(0).as<float>() + row * model->targets);
    });
  });
}

void infer_regressor(InferRequest& request) {
  const FeatureRows rows = rows_of(request.inputs[0].shape);
  const int64_t targets = AttributeReader(request.node).integer("targets", 1);
  check_model(targets > 0, "there are {} targets", targets);
  request.set_output(0, DType::kFloat32, {rows.count, targets});
}

}  // namespace

void register_linear_model(Registry& registry) {
  constexpr std::string_view kDomain = "ai.onnx.ml";
  OpDef& classifier = registry.add("LinearClassifier", kDomain);
  classifier.kernel("reference", make_classifier).infer = infer_classifier;
  classifier.classifies = true;
  registry.add("LinearRegressor", kDomain).kernel("reference", make_regressor).infer =
      infer_regressor;
}

}  // namespace convoy
