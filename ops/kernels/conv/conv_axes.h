// What the plans of convolutions do first.
#pragma once

#include "ops/kernels/conv/direct_conv.h"

namespace convoy::kernels {

// An axis that might as well not be there: one position, whatever the stride.
bool is_unit(const ConvWindow& window);

// Makes the rank 3. The last axis is longer than one where any is, and axes that neither kernel,
// stride nor padding touch and that lie one behind the other become one.
void normalise_axes(ConvProblem* problem);

// The batch as second spatial axis, in place of one that might as well not be there.
void batch_as_rows(ConvProblem* problem);

// How many groups have weights of their own, and how far they are apart along the two group axes.
int64_t count_weight_groups(const ConvProblem& problem, int64_t (&strides)[2]);

}  // namespace convoy::kernels
