// Rows of results on which an epilogue is a pass of its own, by instruction set.
#pragma once

#include <cstdint>

#include "ops/kernels/epilogue.h"
#include "runtime/device/per_isa.h"

namespace convoy::kernels {

// row[i] = scale · f(row[i]) + shift for i < count.
using ActivateRow = void(const Epilogue& epilogue, float* row, int64_t count);
CONVOY_DECLARE_PER_ISA(ActivateRow, activate_row);

}  // namespace convoy::kernels
