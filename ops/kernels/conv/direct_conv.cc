#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

void DirectConv::pack_weights(const float* weights, float* packed) const {
  if (channels_) return pack_panels(weights, packed);
  for (int64_t group = 0; group < weight_groups_; ++group) {
    const float* channel = weights + group * out_channels_ * terms_;
    for (int64_t block = 0; block < block_count_; ++block) {
      const int64_t size = block_size(block);
      for (int64_t term = 0; term < terms_; ++term)
        for (int64_t o = 0; o < size; ++o) *packed++ = channel[o * terms_ + term];
      channel += size * terms_;
    }
  }
}

void DirectConv::pack_panels(const float* weights, float* packed) const {
  for (int64_t group = 0; group < weight_groups_; ++group)
    for (int64_t panel = 0; panel < block_count_; ++panel) {
      const int64_t width = panels_.width_of(panel);
      const int64_t channel = group * out_channels_ + first_channel(panel);
      const int64_t size = block_size(panel);
      for (int64_t o = 0; o < width; ++o) {
        const float* from = weights + (channel + o) * terms_;
        for (int64_t term = 0; term < terms_; ++term)
          packed[term * width + o] = o < size ? from[term] : 0.0f;
      }
      packed += width * terms_;
    }
}

}  // namespace convoy::kernels
