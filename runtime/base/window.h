// Sliding windows on concrete sizes, of convolutions and pools alike.
#pragma once

#include <vector>

#include "runtime/base/shape.h"
#include "runtime/base/sized_window.h"

namespace convoy {

// One for each spatial axis, outermost first.
struct Window {
  std::vector<SizedWindow> axes;

  int rank() const { return static_cast<int>(axes.size()); }
  const SizedWindow& operator[](int axis) const { return axes[static_cast<size_t>(axis)]; }
  SizedWindow& operator[](int axis) { return axes[static_cast<size_t>(axis)]; }
  const SizedWindow& back() const { return axes.back(); }

  Dims input() const { return sizes(&SizedWindow::input_size); }
  Dims output() const { return sizes(&SizedWindow::output_size); }
  Dims kernel() const { return sizes(&SizedWindow::kernel); }
  int64_t kernel_volume() const { return element_count(kernel()); }
  friend bool operator==(const Window&, const Window&) = default;

 private:
  template <typename Member>
  Dims sizes(Member member) const {
    Dims list;
    for (const SizedWindow& axis : axes) list.push_back(axis.*member);
    return list;
  }
};

}  // namespace convoy
