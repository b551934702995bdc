#include "ops/matmul_nbits/panels.h"

#include <algorithm>
#include <functional>
#include <string_view>
#include <vector>

#include <fmt/format.h>

#include "ops/kernels/quantized/quantized_rows.h"
#include "ops/kernels/recurrent/recurrent.h"

namespace convoy {
namespace {

constexpr int64_t kRows = 32;                     // at a time
constexpr int64_t kFewRows = 8;                   // for which a panel is not worth its making
constexpr int64_t kColumns = 8;                   // filled before they are laid side by side
constexpr int64_t kMostKept = int64_t{64} << 20;  // bytes of float32 panels kept in a session

int64_t aligned(int64_t floats) { return (floats + 15) / 16 * 16; }

// Of the bytes: an address alone may belong to another tensor later on.
std::string fingerprint(const Tensor& tensor) {
  std::string_view bytes(static_cast<const char*>(tensor.raw()),
                         static_cast<size_t>(tensor.desc().bytes()));
  return fmt::format("{}:{:x}", bytes.size(), std::hash<std::string_view>{}(bytes));
}

// Rows of one panel's results and the pointers that the product takes.
struct Rows {
  const float* a[kRows];
  const float* init[kRows];
  float* out[kRows];
};

class PanelMatMul : public Kernel {
 public:
  PanelMatMul(KernelRequest& request, const PanelProduct& product,
              std::shared_ptr<const WeightPanels> panels, const std::string& format)
      : product_(product),
        panels_(std::move(panels)),
        multiply_(recurrent_kernels(request.isa).multiply_panel),
        dot_(quantized_rows(request.isa).dot),
        panel_count_((product.n + kPanel - 1) / kPanel),
        panel_floats_(product.k * kPanel) {
    keep(request, format);
    pieces_ = std::max<int64_t>(1, std::min<int64_t>(request.threads, panel_count_));
    piece_floats_ = aligned((kRows + 1) * kPanel);
    if (!kept_) piece_floats_ += aligned(product.k * kColumns) + aligned(panel_floats_);
    int64_t bytes = checked_multiply(checked_multiply(pieces_, piece_floats_), sizeof(float));
    request.use_scratch(static_cast<size_t>(bytes));
  }

  void run(KernelContext& context) const override {
    StoredWeights weights;
    if (!kept_) {
      weights = {operand(context, product_.values), operand(context, product_.scales),
                 operand(context, product_.zeros), operand(context, product_.groups)};
      panels_->check(weights);
    }
    context.threads().parallel_for(pieces_, 1, [&](int64_t begin, int64_t end) {
      for (int64_t piece = begin; piece < end; ++piece) {
        int64_t first = piece * panel_count_ / pieces_;
        int64_t last = (piece + 1) * panel_count_ / pieces_;
        run_panels(context, weights, first, last,
                   reinterpret_cast<float*>(context.scratch()) + piece * piece_floats_);
      }
    });
  }

 private:
  static TensorView operand(const KernelContext& context, int i) {
    return i >= 0 && context.has_input(i) ? context.input(i) : TensorView();
  }

  void keep(KernelRequest& request, const std::string& format) {
    int64_t bytes = checked_multiply(checked_multiply(panel_count_, panel_floats_), sizeof(float));
    if (request.weights == nullptr || bytes > kMostKept) return;
    Tensor held[4];
    std::string name = format;
    int slots[] = {product_.values, product_.scales, product_.zeros, product_.groups};
    for (size_t i = 0; i < 4; ++i) {
      if (slots[i] < 0 || !request.has_input(slots[i])) continue;
      const Tensor* constant = request.constant(slots[i]);
      if (constant == nullptr) return;
      held[i] = constant->contiguous();
      if (i > 0) name += fmt::format(",{}", fingerprint(held[i]));
    }
    auto view = [&](size_t i) { return held[i].defined() ? held[i].view() : TensorView(); };
    StoredWeights weights{view(0), view(1), view(2), view(3)};
    panels_->check(weights);
    kept_ = request.weights->get(
        *request.constant(product_.values), name, static_cast<size_t>(bytes), [&](void* to) {
          std::vector<float> columns(static_cast<size_t>(product_.k * kColumns));
          for (int64_t i = 0; i < panel_count_; ++i) {
            fill_panel(weights, i * kPanel, columns.data(),
                       static_cast<float*>(to) + i * panel_floats_);
          }
        });
  }

  void run_panels(KernelContext& context, const StoredWeights& weights, int64_t begin, int64_t end,
                  float* mine) const {
    float* columns = mine + aligned((kRows + 1) * kPanel);
    float* filled = columns + aligned(product_.k * kColumns);
    for (int64_t i = begin; i < end; ++i) {
      if (kept_) {
        const auto* panels = reinterpret_cast<const float*>(kept_->data());
        multiply(context, i * kPanel, panels + i * panel_floats_, mine);
      } else if (product_.rows <= kFewRows) {
        multiply_columns(context, weights, i * kPanel, columns);
      } else {
        fill_panel(weights, i * kPanel, columns, filled);
        multiply(context, i * kPanel, filled, mine);
      }
    }
  }

  // Columns [first, first + kPanel) of b as [k][kPanel]; columns from n on are zero.
  void fill_panel(const StoredWeights& weights, int64_t first, float* columns, float* panel) const {
    const int64_t k = product_.k;
    for (int64_t j = 0; j < kPanel; j += kColumns) {
      for (int64_t c = 0; c < kColumns; ++c) {
        float* to = columns + c * k;
        if (first + j + c < product_.n) {
          panels_->fill_column(weights, first + j + c, to);
        } else {
          std::fill_n(to, k, 0.0f);
        }
      }
      for (int64_t p = 0; p < k; ++p) {
        for (int64_t c = 0; c < kColumns; ++c) panel[p * kPanel + j + c] = columns[c * k + p];
      }
    }
  }

  // One column after the other, without a panel.
  void multiply_columns(KernelContext& context, const StoredWeights& weights, int64_t first,
                        float* column) const {
    TensorView bias = operand(context, product_.bias);
    const auto* a = context.input(0).as<const float>();
    auto* y = context.output(0).as<float>();
    const int64_t last = std::min(first + kPanel, product_.n);
    for (int64_t j = first; j < last; ++j) {
      panels_->fill_column(weights, j, column);
      const float start = bias.present() ? bias.as<const float>()[j] : 0.0f;
      for (int64_t row = 0; row < product_.rows; ++row) {
        y[row * product_.n + j] = start + dot_(a + row * product_.k, column, product_.k);
      }
    }
  }

  // Columns [first, first + kPanel) of y.
  void multiply(KernelContext& context, int64_t first, const float* panel, float* mine) const {
    int64_t columns = std::min(kPanel, product_.n - first);
    float* init = mine + kRows * kPanel;
    std::fill_n(init, kPanel, 0.0f);
    TensorView bias = operand(context, product_.bias);
    if (bias.present()) std::copy_n(bias.as<const float>() + first, columns, init);
    const auto* a = context.input(0).as<const float>();
    auto* y = context.output(0).as<float>();
    Rows rows;
    for (int64_t row = 0; row < product_.rows; row += kRows) {
      int64_t count = std::min(kRows, product_.rows - row);
      for (int64_t i = 0; i < count; ++i) {
        rows.a[i] = a + (row + i) * product_.k;
        rows.init[i] = init;
        rows.out[i] = mine + i * kPanel;
      }
      multiply_(rows.a, count, panel, product_.k, rows.init, rows.out, 0);
      for (int64_t i = 0; i < count; ++i) {
        std::copy_n(rows.out[i], columns, y + (row + i) * product_.n + first);
      }
    }
  }

  PanelProduct product_;
  std::shared_ptr<const WeightPanels> panels_;
  decltype(RecurrentKernels::multiply_panel) multiply_;
  decltype(QuantizedRows::dot) dot_;
  int64_t panel_count_;
  int64_t panel_floats_;
  std::shared_ptr<const Buffer> kept_;
  int64_t pieces_ = 1;
  int64_t piece_floats_ = 0;
};

}  // namespace

std::unique_ptr<Kernel> make_panel_product(KernelRequest& request, const PanelProduct& product,
                                           std::shared_ptr<const WeightPanels> panels,
                                           const std::string& format) {
  return std::make_unique<PanelMatMul>(request, product, std::move(panels), format);
}

}  // namespace convoy
