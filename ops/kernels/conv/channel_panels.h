// Output channels in panels of whole vectors, as the kernels of conv_channels.h take them.
#pragma once

#include <algorithm>
#include <cstdint>

namespace convoy::kernels {

// Two vectors a panel; an odd number of vectors makes the first panel one of three, or the only
// one. Panels follow each other, the last filled up to whole vectors.
struct ChannelPanels {
  int64_t channels = 0;
  int64_t lanes = 1;

  int64_t vectors() const { return (channels + lanes - 1) / lanes; }
  int64_t packed_channels() const { return vectors() * lanes; }
  int64_t count() const { return channels == 0 ? 0 : std::max<int64_t>(vectors() / 2, 1); }
  int64_t vectors_of(int64_t panel) const {
    if (vectors() % 2 == 0 || panel > 0) return 2;
    return vectors() == 1 ? 1 : 3;
  }
  int64_t width_of(int64_t panel) const { return vectors_of(panel) * lanes; }
  int64_t first_of(int64_t panel) const {
    return panel == 0 ? 0 : (vectors_of(0) + 2 * (panel - 1)) * lanes;
  }
  int64_t size_of(int64_t panel) const {
    return std::min(width_of(panel), channels - first_of(panel));
  }
};

}  // namespace convoy::kernels
