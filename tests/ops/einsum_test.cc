#include "tests/ops/op_case.h"

namespace convoy {
namespace {

Attributes equation(const char* text) { return {{"equation", std::string(text)}}; }

const Tensor kGrid = tensor<float>({2, 3}, {0, 1, 2, 3, 4, 5});

// Expected numbers by numpy.einsum.
std::vector<OpCase> by_numpy() {
  const Tensor row = tensor<float>({1, 3}, {1, 2, 3});
  return {
      {"product",
       "Einsum",
       {kGrid, tensor<float>({3, 1}, {1, 10, 100})},
       {tensor<float>({2, 1}, {210, 543})},
       equation("ij,jk->ik")},
      {"product_of_bytes",
       "Einsum",
       {tensor<int8_t>({1, 2}, {100, -3}), tensor<int8_t>({2, 2}, {2, 1, 5, 7})},
       {tensor<int8_t>({1, 2}, {-71, 79})},
       equation("ij,jk->ik")},
      {"broadcasts_the_first",
       "Einsum",
       {row, kGrid},
       {tensor<float>({2}, {8, 26})},
       equation("ij,ij->i")},
      {"broadcasts_the_second",
       "Einsum",
       {kGrid, row},
       {tensor<float>({2}, {8, 26})},
       equation("ij,ij->i")},
      {"broadcasts_a_batch",
       "Einsum",
       {tensor<float>({1, 1, 2}, {1, 10}), tensor<float>({2, 2, 1}, {1, 2, 3, 4})},
       {tensor<float>({2, 1, 1}, {21, 43})},
       equation("bik,bkj->bij")},
      {"broadcasts_what_is_summed",
       "Einsum",
       {tensor<float>({1}, {2}), tensor<float>({3}, {1, 2, 3})},
       {tensor<float>({}, {12})},
       equation("i,i")},
      {"ellipsis",
       "Einsum",
       {tensor<float>({1, 3}, {1, 2, 3}), kGrid},
       {tensor<float>({2}, {8, 26})},
       equation("...i,...i->...")},
      {"ellipsis_of_other_ranks",
       "Einsum",
       {tensor<float>({3}, {1, 2, 3}), kGrid},
       {tensor<float>({2}, {8, 26})},
       equation("...i,...i")},
      {"ellipsis_before_letters",
       "Einsum",
       {kGrid},
       {tensor<float>({3, 2}, {0, 3, 1, 4, 2, 5})},
       equation("b...->...b")},
      {"sorted_output",
       "Einsum",
       {kGrid},
       {tensor<float>({3, 2}, {0, 3, 1, 4, 2, 5})},
       equation("ba")},
      {"capitals_first",
       "Einsum",
       {kGrid},
       {tensor<float>({3, 2}, {0, 3, 1, 4, 2, 5})},
       equation("aB")},
      {"spaces", "Einsum", {kGrid}, {tensor<float>({2}, {3, 12})}, equation(" i j  -> i ")},
      {"diagonal",
       "Einsum",
       {tensor<float>({2, 2}, {1, 2, 3, 4})},
       {tensor<float>({2}, {1, 4})},
       equation("ii->i")},
      {"trace",
       "Einsum",
       {tensor<float>({2, 2}, {1, 2, 3, 4})},
       {tensor<float>({}, {5})},
       equation("ii")},
      {"three",
       "Einsum",
       {tensor<float>({2}, {1, 2}), tensor<float>({1}, {3}), tensor<float>({2}, {5, 7})},
       {tensor<float>({}, {57})},
       equation("i,i,i->")},
      {"scalars",
       "Einsum",
       {tensor<float>({}, {3}), tensor<float>({}, {5})},
       {tensor<float>({}, {15})},
       equation(",->")},
      {"nothing",
       "Einsum",
       {tensor<float>({0, 2}, {}), tensor<float>({2, 3}, {1, 2, 3, 4, 5, 6})},
       {tensor<float>({0, 3}, {})},
       equation("ij,jk->ik")},
      {"sum_of_nothing",
       "Einsum",
       {tensor<float>({2, 0}, {})},
       {tensor<float>({2}, {0, 0})},
       equation("ij->i")},
      {"integers",
       "Einsum",
       {tensor<int32_t>({2}, {2, 3}), tensor<int32_t>({1}, {4})},
       {tensor<int32_t>({2}, {8, 12})},
       equation("i,i->i")},
  };
}

CONVOY_OP_CASES(Einsum, by_numpy());

TEST(EinsumKernels, AgreeWithTheReference) {
  struct Operands {
    const char* text;
    Shape a, b;
  };
  for (const auto& [text, a, b] :
       std::vector<Operands>{{"bhid,bhjd->bhij", {2, 3, 5, 8}, {2, 3, 7, 8}},
                             {"bthd,bshd->bhts", {2, 5, 3, 8}, {2, 6, 3, 8}},
                             {"ij,jk->ik", {4, 5}, {5, 6}},
                             {"ij,jk->ki", {4, 5}, {5, 6}},
                             {"abcd,cde->abe", {2, 3, 4, 5}, {4, 5, 6}},
                             {"...ij,...jk->...ik", {2, 1, 4, 5}, {1, 3, 5, 6}},
                             {"bik,bkj->bij", {1, 4, 5}, {3, 5, 6}},
                             {"bik,bkj->bij", {3, 4, 5}, {1, 5, 6}},
                             {"ij,jk->ik", {4, 1}, {5, 6}},
                             {"ab,ab->ab", {3, 4}, {3, 4}},
                             {"ii,i->i", {3, 3}, {3}},
                             {"ij,k->ik", {3, 4}, {5}}}) {
    OpCase c{"einsum",
             "Einsum",
             {pattern(a), pattern(b, -1, 1, 2)},
             {Tensor::zeros(DType::kFloat32, {1})},
             equation(text),
             21,
             2e-6};
    SCOPED_TRACE(text);
    compare_kernels(c);
  }
}

// What is no equation, or none for a matrix.
TEST(EinsumErrors, NameTheEquation) {
  for (const char* text : {"i", "ijk", "ii->i", "ij->k", "ij->ii", "1j->j", "i\x1f->i", "i.j->i",
                           "......->", "ij,->ij", "->", "", "i\tj->i", "...ijk->..."}) {
    OpCase c{"bad", "Einsum", {kGrid}, {kGrid}, equation(text)};
    SCOPED_TRACE(text);
    try {
      evaluate_case(c, c.inputs);
      ADD_FAILURE() << "no error";
    } catch (const Error& error) {
      EXPECT_NE(error.code(), ErrorCode::kInternal) << error.what();
    }
  }
  OpCase sizes{"bad", "Einsum", {kGrid, kGrid}, {kGrid}, equation("ij,jk->ik")};
  EXPECT_THROW(evaluate_case(sizes, sizes.inputs), Error);
  OpCase diagonal{"bad", "Einsum", {tensor<float>({1, 3}, {1, 2, 3})}, {kGrid}, equation("ii->i")};
  EXPECT_THROW(evaluate_case(diagonal, diagonal.inputs), Error);
}

}  // namespace
}  // namespace convoy
