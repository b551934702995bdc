// Einsum: sums of products over labelled axes. Opsets 12 to 28. Two float32 operands that amount to
// a matrix product are multiplied by oneDNN in place.
#include <algorithm>
#include <string>

#include "ops/matmul/matmul_kernels.h"
#include "ops/matmul/reference_matmul.h"
#include "runtime/graph/einsum_equation.h"
#include "runtime/op/registry.h"

namespace convoy {
namespace {

std::string equation_of(const Node& node) {
  AttributeReader attributes(node);
  std::string text = attributes.text("equation", "");
  attributes.finish();
  return text;
}

std::vector<int> ranks_of(const std::vector<TensorDesc>& operands) {
  std::vector<int> ranks;
  for (const TensorDesc& operand : operands) ranks.push_back(operand.rank());
  return ranks;
}

// The equation on concrete operands: every label has a size, and strides in each operand.
struct Contraction {
  std::string labels;  // those of the output first, the summed ones after
  int output_rank = 0;
  Dims sizes;
  std::vector<Strides> strides;  // of each operand, by label; 0 where it lacks the label

  Contraction(const std::vector<TensorDesc>& operands, const std::string& text) {
    EinsumEquation equation = parse_einsum(text, ranks_of(operands));
    labels = equation.output;
    output_rank = static_cast<int>(labels.size());
    for (const std::string& operand : equation.operands) {
      for (char c : operand) {
        if (labels.find(c) == std::string::npos) labels.push_back(c);
      }
    }
    sizes = Dims::filled(static_cast<int>(labels.size()), 1);
    for (size_t i = 0; i < operands.size(); ++i) {
      read_operand(i, operands[i], equation.operands[i]);
    }
    element_count(sizes);  // throws where the terms are too many to count
  }

  Shape output_shape() const {
    return Shape(std::span(sizes.begin(), static_cast<size_t>(output_rank)));
  }

 private:
  void read_operand(size_t number, const TensorDesc& desc, const std::string& own) {
    Strides mine = Dims::filled(sizes.rank(), 0);
    for (int axis = 0; axis < desc.rank(); ++axis) {
      char c = own[static_cast<size_t>(axis)];
      auto label = static_cast<int>(labels.find(c));
      int64_t size = desc.shape[axis];
      auto first = static_cast<int>(own.find(c));
      check_input(size == desc.shape[first], "axes {} and {} of operand {} have sizes {} and {}",
                  first, axis, number, desc.shape[first], size);
      check_input(size == 1 || sizes[label] == 1 || size == sizes[label],
                  "axis {} of operand {} has size {}, another with its label {}", axis, number,
                  size, sizes[label]);
      if (size == 1) continue;
      sizes[label] = size;
      mine[label] += desc.strides[axis];
    }
    strides.push_back(mine);
  }
};

Contraction contraction_of(const KernelRequest& request) {
  Contraction contraction(request.inputs, equation_of(request.node()));
  request.check_output(0, contraction.output_shape());
  return contraction;
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
  Contraction c = contraction_of(request);
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

std::unique_ptr<Kernel> make_on_gpu(KernelRequest& request) {
  if (request.input(0).dtype != DType::kFloat32) return request.refuse("only float32");
  if (!as_matmul(request)) return request.refuse("not a matrix product");
  return make_cuda_matmul(request, [](const KernelRequest& again) { return *as_matmul(again); });
}

template <typename T>
void run_reference(const Contraction& c, KernelContext& context) {
  // Narrow integers wrap around as wide ones do.
  using Acc = std::conditional_t<std::is_integral_v<T>, uint64_t, typename MatMulSum<T>::type>;
  size_t operands = c.strides.size();
  int rank = static_cast<int>(c.labels.size());
  int64_t terms = 1;
  for (int label = c.output_rank; label < rank; ++label) terms *= c.sizes[label];
  T* y = context.output(0).as<T>();
  int64_t grain = std::max<int64_t>(1, 8192 / std::max<int64_t>(1, terms));
  context.threads().parallel_for(context.output(0).count(), grain, [&](int64_t begin, int64_t end) {
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
  Contraction contraction = contraction_of(request);
  return visit_numeric(request.input(0).dtype, [&](auto tag) {
    using T = typename decltype(tag)::type;
    return make_kernel(
        [contraction](KernelContext& context) { run_reference<T>(contraction, context); });
  });
}

// ONNX's inference takes the size of a label from the first operand that has it.
void infer(InferRequest& request) {
  Contraction contraction(request.inputs, equation_of(request.node));
  request.set_output(0, request.inputs[0].dtype, contraction.output_shape());
}

}  // namespace

void register_einsum(Registry& registry) {
  OpDef& definition = registry.add("Einsum");
  definition.infer = infer;
  definition.summing()
      .kernel("onednn", make_product)
      .kernel("reference", make_reference)
      .kernel("tiles", make_on_gpu, DeviceKind::kCuda);
}

}  // namespace convoy
