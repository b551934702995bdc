// Products y = a · b + bias whose b is stored in a few bits an element and turned to float32: once
// in a session where b is constant and not too large, else while the product runs, a column at a
// time for few rows of a and in panels of columns for many.
#pragma once

#include <memory>
#include <string>

#include "runtime/op/kernel.h"

namespace convoy {

// The operands after A, contiguous; some may be absent.
struct StoredWeights {
  TensorView values, scales, zeros, groups;
};

class WeightPanels {
 public:
  virtual ~WeightPanels() = default;
  // Column `column` of b, k floats.
  virtual void fill_column(const StoredWeights& weights, int64_t column, float* to) const = 0;
  // Throws kInvalidInput where fill_column() would read outside of the operands.
  virtual void check(const StoredWeights& weights) const = 0;
};

struct PanelProduct {
  int64_t rows = 0;  // of a [rows, k] and y [rows, n]
  int64_t n = 0;
  int64_t k = 0;
  int values = 1;  // operands of the node; -1 where there is none
  int scales = 2;
  int zeros = -1;
  int groups = -1;
  int bias = -1;
};

// a is input 0; float32. `format` says how the values are stored.
std::unique_ptr<Kernel> make_panel_product(KernelRequest& request, const PanelProduct& product,
                                           std::shared_ptr<const WeightPanels> panels,
                                           const std::string& format);

class Registry;
void register_matmul_bnb4(Registry& registry);

}  // namespace convoy
