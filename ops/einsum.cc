// Einsum: sums of products over labelled axes. Opsets 12 to 28. Two float32 operands that amount to
// a matrix product are multiplied by oneDNN in place.
#include <algorithm>
#include <string>

#include "ops/matmul/matmul_kernels.h"
#include "ops/matmul/reference_matmul.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

// Labels are numbered as they first appear; those of an ellipsis are written as control characters.
using Labels = std::string;

struct Equation {
  std::vector<Labels> operands;
  Labels output;
  bool has_output = false;
};

Equation split_equation(std::string text) {
  std::erase_if(text, [](char c) { return c == ' '; });
  Equation equation;
  size_t arrow = text.find("->");
  std::string left = text.substr(0, arrow);
  if (arrow != std::string::npos) {
    equation.output = text.substr(arrow + 2);
    equation.has_output = true;
  }
  for (size_t begin = 0; begin <= left.size();) {
    size_t comma = std::min(left.find(',', begin), left.size());
    equation.operands.push_back(left.substr(begin, comma - begin));
    begin = comma + 1;
  }
  return equation;
}

bool is_letter(char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); }

// "..." becomes `rank` control characters that end with 0x1f, so that they align on the right.
Labels expand_ellipsis(const Labels& labels, int rank) {
  size_t at = labels.find("...");
  if (at == std::string::npos) return labels;
  Labels axes;
  for (int i = rank; i > 0; --i) axes.push_back(static_cast<char>(0x20 - i));
  return labels.substr(0, at) + axes + labels.substr(at + 3);
}

// The equation on concrete operands: every label has a size, and strides in each operand.
struct Contraction {
  Labels labels;  // those of the output first, the summed ones after
  int output_rank = 0;
  Dims sizes;
  std::vector<Strides> strides;  // of each operand, by label; 0 where it lacks the label

  Contraction(const KernelRequest& request, const std::string& text) {
    Equation equation = split_equation(text);
    check_model(static_cast<int>(equation.operands.size()) == request.input_count(),
                "'{}' does not fit {} operands", text, request.input_count());
    int widest = 0;
    for (int i = 0; i < request.input_count(); ++i) {
      Labels& labels = equation.operands[static_cast<size_t>(i)];
      bool dots = labels.find("...") != std::string::npos;
      int named = static_cast<int>(labels.size()) - (dots ? 3 : 0);
      int rest = request.input(i).rank() - named;
      check_input(dots ? rest >= 0 && rest <= kMaxRank : rest == 0,
                  "'{}' does not fit an operand of shape {}", labels,
                  to_string(request.input(i).shape));
      if (dots) widest = std::max(widest, rest);
      labels = expand_ellipsis(labels, rest);
    }
    choose_labels(equation, widest, text);
    read_operands(request, equation);
  }

 private:
  void choose_labels(const Equation& equation, int widest, const std::string& text) {
    Labels all;
    for (const Labels& operand : equation.operands) all += operand;
    for (char c : all) {
      check_model(is_letter(c) || (c > 0 && c < 0x20), "'{}' has a '{}' for a label", text, c);
    }
    if (equation.has_output) {
      labels = expand_ellipsis(equation.output, widest);
    } else {
      labels = expand_ellipsis("...", widest);
      Labels sorted = all;
      std::sort(sorted.begin(), sorted.end());
      for (char c : sorted) {
        if (is_letter(c) && std::count(sorted.begin(), sorted.end(), c) == 1) labels.push_back(c);
      }
    }
    output_rank = static_cast<int>(labels.size());
    for (int i = 0; i < output_rank; ++i) {
      char c = labels[static_cast<size_t>(i)];
      check_model(all.find(c) != std::string::npos && labels.find(c) == static_cast<size_t>(i),
                  "output label '{}' of '{}' is repeated or unknown", c, text);
    }
    for (char c : all) {
      if (labels.find(c) == std::string::npos) labels.push_back(c);
    }
  }

  void read_operands(const KernelRequest& request, const Equation& equation) {
    int count = static_cast<int>(labels.size());
    sizes = Dims::filled(count, 1);
    for (int i = 0; i < request.input_count(); ++i) {
      const TensorDesc& desc = request.input(i);
      Strides mine = Dims::filled(count, 0);
      for (int axis = 0; axis < desc.rank(); ++axis) {
        char c = equation.operands[static_cast<size_t>(i)][static_cast<size_t>(axis)];
        auto label = static_cast<int>(labels.find(c));
        int64_t size = desc.shape[axis];
        check_input(size == 1 || sizes[label] == 1 || size == sizes[label],
                    "axis {} of operand {} has size {}, another with its label {}", axis, i, size,
                    sizes[label]);
        if (size != 1) {
          sizes[label] = size;
          mine[label] += desc.strides[axis];
        }
      }
      strides.push_back(mine);
    }
  }
};

std::string equation_of(const Node& node) {
  AttributeReader attributes(node);
  std::string text = attributes.text("equation", "");
  attributes.finish();
  return text;
}

// What takes part in a product of two operands, by where a label occurs.
enum class Role { kBatch, kRow, kColumn, kSummed, kOther };

Role role_of(const Contraction& c, int label, size_t a, size_t b) {
  bool in_a = c.strides[a][label] != 0;
  bool in_b = c.strides[b][label] != 0;
  bool out = label < c.output_rank;
  if (out) return in_a && in_b ? Role::kBatch : in_a ? Role::kRow : Role::kColumn;
  return in_a && in_b ? Role::kSummed : Role::kOther;
}

// Axes merged into one of the matrices' axes; starts empty.
struct MergedAxis {
  int64_t size = 1;
  int64_t first_stride = 0, second_stride = 0;

  // Puts an outer axis around; false if the strides do not continue.
  bool wrap(int64_t outer, int64_t first, int64_t second) {
    if (size == 1) {
      first_stride = first;
      second_stride = second;
    } else if (first != first_stride * size || second != second_stride * size) {
      return false;
    }
    size *= outer;
    return true;
  }
};

// The matrix product that the equation is; nullopt if it is none.
std::optional<MatMulRequest> as_matmul(const KernelRequest& request) {
  if (request.input_count() != 2) return std::nullopt;
  Contraction c(request, equation_of(request.node()));
  if (c.output_rank == 0) return std::nullopt;
  Strides y = contiguous_strides(request.output(0).shape);
  MatMulRequest matmul;
  // Columns of the product must be neighbours in the output.
  int last = c.output_rank - 1;
  while (last > 0 && c.sizes[last] == 1) --last;
  if (c.strides[1][last] == 0) std::swap(matmul.a_input, matmul.b_input);
  auto a = static_cast<size_t>(matmul.a_input);
  auto b = static_cast<size_t>(matmul.b_input);
  MergedAxis rows, columns, summed;
  MatMulShape& shape = matmul.shape;
  for (int label = static_cast<int>(c.labels.size()) - 1; label >= 0; --label) {
    int64_t size = c.sizes[label];
    if (size == 1) continue;
    int64_t in_a = c.strides[a][label];
    int64_t in_b = c.strides[b][label];
    Role role = role_of(c, label, a, b);
    if (role == Role::kOther) return std::nullopt;
    if (role == Role::kSummed) {
      if (!summed.wrap(size, in_a, in_b)) return std::nullopt;
      continue;
    }
    bool merged = (role == Role::kRow && rows.wrap(size, in_a, y[label])) ||
                  (role == Role::kColumn && columns.wrap(size, in_b, y[label]));
    if (merged) continue;
    shape.batch.insert(0, size);
    shape.a_batch.insert(0, in_a);
    shape.b_batch.insert(0, in_b);
    shape.y_batch.insert(0, y[label]);
  }
  if (columns.size > 1 && columns.second_stride != 1) return std::nullopt;
  shape.m = rows.size;
  shape.n = columns.size;
  shape.k = summed.size;
  shape.a_m = rows.first_stride;
  shape.y_m = rows.second_stride;
  shape.b_n = columns.first_stride;
  shape.y_n = columns.second_stride;
  shape.a_k = summed.first_stride;
  shape.b_k = summed.second_stride;
  return matmul;
}

std::unique_ptr<Kernel> make_product(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  auto matmul = as_matmul(request);
  bool worthwhile = matmul && matmul->shape.k > 1 && matmul->shape.n > 1;
  if (!worthwhile) return request.refuse("not a matrix product");
  return make_onednn_matmul(request, [](const KernelRequest& again) { return *as_matmul(again); });
}

template <typename T>
void run_reference(const Contraction& c, KernelContext& context) {
  using Acc = typename MatMulSum<T>::type;
  size_t operands = c.strides.size();
  int rank = static_cast<int>(c.labels.size());
  int64_t terms = 1;
  for (int label = c.output_rank; label < rank; ++label) terms *= c.sizes[label];
  T* y = context.output(0).as<T>();
  int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, terms));
  context.threads().parallel_for(
      context.output(0).count(), grain, [&](int64_t begin, int64_t end) {
        for (int64_t i = begin; i < end; ++i) {
          Acc sum = 0;
          for (int64_t term = 0; term < terms; ++term) {
            Acc product = 1;
            for (size_t operand = 0; operand < operands; ++operand) {
              int64_t offset = 0;
              int64_t rest = term;
              for (int label = rank - 1; label >= 0; --label) {
                if (label == c.output_rank - 1) rest = i;
                offset += rest % c.sizes[label] * c.strides[operand][label];
                rest /= c.sizes[label];
              }
              const T* x = context.input(static_cast<int>(operand)).as<const T>();
              product *= static_cast<Acc>(x[offset]);
            }
            sum += product;
          }
          y[i] = static_cast<T>(sum);
        }
      });
}

std::unique_ptr<Kernel> make_reference(KernelRequest& request) {
  for (int i = 0; i < request.input_count(); ++i) request.accept_strides(i);
  Contraction contraction(request, equation_of(request.node()));
  Shape shape;
  for (int label = 0; label < contraction.output_rank; ++label) {
    shape.push_back(contraction.sizes[label]);
  }
  check_input(shape == request.output(0).shape, "the output has shape {}, expected {}",
              to_string(request.output(0).shape), to_string(shape));
  return visit_matmul(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel([contraction](KernelContext& context) {
      run_reference<T>(contraction, context);
    });
  });
}

}  // namespace

void register_einsum(Registry& registry) {
  registry.add("Einsum").kernel("onednn", make_product).kernel("reference", make_reference);
}

}  // namespace convoy
