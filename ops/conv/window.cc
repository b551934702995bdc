#include "ops/conv/window.h"

namespace convoy {

WindowAttributes read_window(AttributeReader& attributes) {
  WindowAttributes window;
  window.auto_pad = auto_pad_named(attributes.text("auto_pad", "NOTSET"));
  window.kernel_shape = attributes.integers("kernel_shape");
  window.strides = attributes.integers("strides");
  window.dilations = attributes.integers("dilations");
  window.pads = attributes.integers("pads");
  return window;
}

}  // namespace convoy
