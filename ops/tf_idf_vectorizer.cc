// TfIdfVectorizer, opset 9 and up: counts the n-grams of a pool in each row of [C] or [N, C], with
// up to max_skip_count elements left out between neighbours; TF, IDF or TFIDF.
#include <map>

#include "runtime/op/registry.h"

namespace convoy {
namespace {

template <typename T>
using Pool = std::map<std::vector<T>, size_t>;  // n-gram to its number

struct VectorizerForm {
  std::string mode;
  int64_t shortest = 1, longest = 1, most_skipped = 0;
  std::vector<int64_t> columns;  // of the output, by n-gram
  std::vector<float> weights;    // by n-gram; may be empty
  Pool<int64_t> numbers;
  Pool<std::string> words;
};

// counts[n - 1] is where the n-grams of length n begin in `items`.
template <typename T>
Pool<T> make_pool(const std::vector<T>& items, const std::vector<int64_t>& counts) {
  Pool<T> pool;
  size_t number = 0;
  auto all = static_cast<int64_t>(items.size());
  for (size_t i = 0; i < counts.size(); ++i) {
    int64_t begin = counts[i];
    int64_t end = i + 1 < counts.size() ? counts[i + 1] : all;
    auto n = static_cast<int64_t>(i) + 1;
    check_model(begin >= 0 && begin <= end && end <= all && (end - begin) % n == 0,
                "ngram_counts do not fit the pool");
    for (int64_t at = begin; at < end; at += n) {
      pool.emplace(std::vector<T>(items.begin() + at, items.begin() + at + n), number++);
    }
  }
  return pool;
}

VectorizerForm read_form(const Node& node) {
  AttributeReader attributes(node);
  VectorizerForm form;
  form.mode = attributes.text("mode", "");
  form.shortest = attributes.required_integer("min_gram_length");
  form.longest = attributes.required_integer("max_gram_length");
  form.most_skipped = attributes.required_integer("max_skip_count");
  form.columns = attributes.integers("ngram_indexes");
  form.weights = attributes.numbers("weights");
  std::vector<int64_t> counts = attributes.integers("ngram_counts");
  std::vector<int64_t> numbers = attributes.integers("pool_int64s");
  if (!numbers.empty()) form.numbers = make_pool(numbers, counts);
  std::vector<std::string> words = attributes.texts("pool_strings");
  if (!words.empty()) form.words = make_pool(words, counts);
  attributes.finish();
  check_model(form.mode == "TF" || form.mode == "IDF" || form.mode == "TFIDF",
              "the mode '{}' is not known", form.mode);
  check_model(form.shortest >= 1 && form.shortest <= form.longest && form.most_skipped >= 0,
              "n-grams of {} to {} elements", form.shortest, form.longest);
  form.longest = std::min(form.longest, static_cast<int64_t>(counts.size()));  // that can be found
  for (int64_t column : form.columns) check_model(column >= 0, "output column {}", column);
  check_model(form.weights.empty() || form.weights.size() == form.columns.size(),
              "{} weights for {} n-grams", form.weights.size(), form.columns.size());
  return form;
}

int64_t output_width(const VectorizerForm& form) {
  int64_t width = 0;
  for (int64_t column : form.columns) width = std::max(width, checked_add(column, 1));
  return width;
}

template <typename T, typename Source>
void count_row(const VectorizerForm& form, const Pool<T>& pool, const Source* row, int64_t length,
               float* out) {
  std::vector<T> gram;
  for (int64_t step = 1; step - 1 <= form.most_skipped && step <= std::max<int64_t>(1, length);
       ++step) {
    for (int64_t n = form.shortest; n <= form.longest; ++n) {
      if (n == 1 && step > 1) continue;
      if ((n - 1) > length / step) break;
      for (int64_t at = 0; at + (n - 1) * step < length; ++at) {
        gram.clear();
        for (int64_t k = 0; k < n; ++k) gram.push_back(T(row[at + k * step]));
        auto found = pool.find(gram);
        if (found == pool.end() || found->second >= form.columns.size()) continue;
        out[form.columns[found->second]] += 1;
      }
    }
  }
}

void weigh_row(const VectorizerForm& form, float* out) {
  if (form.mode == "TF") return;
  for (size_t i = 0; i < form.columns.size(); ++i) {
    float& value = out[form.columns[i]];
    float weight = form.weights.empty() ? 1.0f : form.weights[i];
    if (form.mode == "TFIDF") {
      value *= weight;
    } else if (value > 0) {
      value = weight;
    }
  }
}

void run_vectorizer(KernelContext& context, const VectorizerForm& form) {
  const TensorView& input = context.input(0);
  const TensorView& output = context.output(0);
  int64_t rows = input.rank() == 2 ? input.shape[0] : 1;
  int64_t length = input.rank() == 0 ? 1 : input.shape[input.rank() - 1];
  int64_t width = output_width(form);
  for (int64_t r = 0; r < rows; ++r) {
    float* out = output.as<float>() + r * width;
    std::fill_n(out, width, 0.0f);
    if (input.dtype == DType::kString) {
      count_row(form, form.words, input.as<std::string>() + r * length, length, out);
    } else if (input.dtype == DType::kInt64) {
      count_row(form, form.numbers, input.as<int64_t>() + r * length, length, out);
    } else {
      count_row(form, form.numbers, input.as<int32_t>() + r * length, length, out);
    }
    weigh_row(form, out);
  }
}

void infer_vectorizer(InferRequest& request) {
  const Shape& in = request.inputs[0].shape;
  check_input(in.rank() <= 2, "TfIdfVectorizer of rank {}", in.rank());
  int64_t width = output_width(read_form(request.node));
  request.set_output(0, DType::kFloat32, in.rank() == 2 ? Shape{in[0], width} : Shape{width});
}

std::unique_ptr<Kernel> make_vectorizer(KernelRequest& request) {
  auto form = std::make_shared<const VectorizerForm>(read_form(request.node()));
  DType dtype = request.input(0).dtype;
  check_supported(dtype == DType::kString || dtype == DType::kInt64 || dtype == DType::kInt32,
                  "TfIdfVectorizer of {}", to_string(dtype));
  return make_kernel([form](KernelContext& context) { run_vectorizer(context, *form); });
}

}  // namespace

void register_tf_idf_vectorizer(Registry& registry) {
  registry.add("TfIdfVectorizer")
      .versions(9, std::numeric_limits<int>::max())
      .kernel("reference", make_vectorizer)
      .infer = infer_vectorizer;
}

}  // namespace convoy
