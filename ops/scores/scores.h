// What the operators of ai.onnx.ml share: rows of features, labels of classes, and what becomes of
// a row's scores.
#pragma once

#include <algorithm>
#include <string>
#include <type_traits>
#include <vector>

#include "runtime/op/kernel.h"

namespace convoy {

// In the order of TreeEnsemble's integers.
enum class PostTransform { kNone, kSoftmax, kLogistic, kSoftmaxZero, kProbit };

// Throws kInvalidModel for a name that ONNX does not define.
PostTransform transform_of(const std::string& name);

// Inverse of the normal distribution's cumulative function, scaled as ONNX's PROBIT.
double probit(double p);

// In place, over the scores of one row. A single score is changed by PROBIT alone, as in ONNX
// Runtime.
void apply_transform(PostTransform transform, double* scores, int64_t count);

// What the only score of a model of two classes says of the second class.
enum class OneScore { kProbability, kMargin };

// The scores of both classes from that one, transformed as ONNX Runtime does: LOGISTIC takes the
// score and its negative; SOFTMAX and SOFTMAX_ZERO change nothing.
void spread_score(PostTransform transform, OneScore meaning, double score, double* pair);

// Labels that are all strings or all int64.
struct ClassLabels {
  std::vector<std::string> texts;
  std::vector<int64_t> numbers;

  int64_t count() const {
    return static_cast<int64_t>(texts.empty() ? numbers.size() : texts.size());
  }
  DType dtype() const { return texts.empty() ? DType::kInt64 : DType::kString; }
  // to[row] = label `label`, in [0, count())
  void write(const TensorView& to, int64_t row, int64_t label) const;
};

// classlabels_strings, or the list under the name `integers`; neither is an empty list. Throws
// kInvalidModel for both.
ClassLabels read_labels(AttributeReader& attributes, std::string_view integers);

// Features of a batch: [rows, columns], or [columns] for one row.
struct FeatureRows {
  int64_t count = 0;
  int64_t columns = 0;
};

// Throws kInvalidInput for other ranks.
FeatureRows rows_of(const Shape& shape);

// sum of a[i] · b[i], in double.
double dot_product(const float* a, const float* b, int64_t count);

// Calls use(row, features) for each row of input 0, from several threads. `features` are float32,
// converted where the input is float64, int64 or int32. `work`: multiplications a row.
template <typename Use>
void for_each_row(KernelContext& context, int64_t work, const Use& use) {
  const TensorView& x = context.input(0);
  const FeatureRows rows = rows_of(x.shape);
  const int64_t grain = std::max<int64_t>(1, 32768 / std::max<int64_t>(1, work));
  visit_dtype_among<float, double, int64_t, int32_t>(x.dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    const T* from = x.as<T>();
    context.threads().parallel_for(rows.count, grain, [&](int64_t begin, int64_t end) {
      std::vector<float> converted;
      for (int64_t row = begin; row < end; ++row) {
        const T* features = from + row * rows.columns;
        if constexpr (std::is_same_v<T, float>) {
          use(row, features);
        } else {
          converted.assign(features, features + rows.columns);
          use(row, converted.data());
        }
      }
    });
  });
}

}  // namespace convoy
