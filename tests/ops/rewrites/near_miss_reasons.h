// Why the near misses of near_misses_test.cc are refused.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace convoy::testing {

// By rule, one for each near miss: the reason in the report; "" where the pattern does not
// match. Rules that are not named say nothing: their pattern is one operator that is used for much
// else.
inline const std::map<std::string, std::vector<std::string>>& near_miss_reasons() {
  static const std::map<std::string, std::vector<std::string>> kReasons = {
      {"fold_size", {"a dimension is not known"}},
      {"fold_shape", {"a dimension is not known"}},
      {"fold_shape_element", {"a dimension is not known"}},
      {"fold_shape_slice", {"a dimension is not known", "the step is not 1"}},
      {"cancel_unsqueeze", {"the axes differ"}},
      {"cancel_squeeze", {"the axes differ"}},
      {"push_transposes", {"1 would come for 1 that go", "'z' is not transposed", ""}},
      {"compose_reshapes", {"more than one dimension is not known"}},
      {"fold_channel_factor",
       {"the constant is not one for each channel", "the constant is not one for each channel", "",
        "'also' is a graph output"}},
      {"fold_channel_offset",
       {"the constant is not one for each channel", "", "'also' is a graph output"}},
      {"fold_batch_normalization", {"the weight is not constant", "the scale is not constant"}},
      {"merge_convolution_sum",
       {"the weights differ", "the attributes differ", "'also' is a graph output",
        "the inputs may differ in shape"}},
      {"fold_pad_into_conv",
       {"it crops", "it does not pad with zeros", "it does not pad with a constant",
        "the padding is computed from the size", "its own padding makes no sense"}},
      {"fold_pad_into_average_pool",
       {"its own padding does not count", "ceil_mode is set", "it does not pad with zeros",
        "the window is no wider than the padding", "the window is no wider than the padding"}},
      {"raise_stacked_conv_input",
       {"the Transpose moves more than one axis",
        "the Reshape does not fold one axis into the channels", "the groups do not divide",
        "the groups do not divide"}},
      {"raise_stacked_conv_output",
       {"the Reshape does not split the channels", "the Reshape does not split the channels",
        "the Transpose moves more than one axis", "'also' is a graph output"}},
      {"raise_stacked_conv_last",
       {"the groups do not divide", "the Reshape does not split the channels",
        "the Transpose moves more than one axis", "'also' is a graph output"}},
      {"fuse_conv_activation", {"", "'also' is a graph output"}},
      {"fuse_conv_residual", {"the residual may have another shape", "'also' is a graph output"}},
      {"fuse_conv_scale",
       {"the constant is not one number", "there is no activation before it", "",
        "the result may be broadcast", "a number is not finite", "'also' is a graph output"}},
      {"fuse_matmul_bias",
       {"the constant is not one for each column", "the rank is raised", "'also' is a graph output",
        "the right operand may be a vector"}},
      {"fuse_matmul_residual", {"the residual may have another shape"}},
      {"fuse_matmul_activation", {"", "'also' is a graph output"}},
      {"fuse_elementwise", {"'also' is read elsewhere"}},
      {"fuse_quantization",
       {"another scale or zero point leads back", "another scale or zero point leads back",
        "the scales are none of one axis", "", "'also' is a graph output"}},
      {"recognize_swish", {"", "'also' is a graph output"}},
      {"recognize_hard_swish", {"the HardSigmoid is another one", ""}},
      {"recognize_layer_normalization",
       {"the means are not over the last axis",
        "scale or bias is not one for each element of the last axis"}},
  };
  return kReasons;
}

}  // namespace convoy::testing
