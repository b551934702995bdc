// Rows of results on which an epilogue is a pass of its own, by instruction set.
#pragma once

#include <cstdint>

#include "ops/kernels/epilogue.h"

namespace convoy::kernels {

// row[i] = scale · f(row[i]) + shift for i < count.
using ActivateRow = void (*)(const Epilogue& epilogue, float* row, int64_t count);

void activate_row_generic(const Epilogue& epilogue, float* row, int64_t count);
void activate_row_avx2(const Epilogue& epilogue, float* row, int64_t count);
void activate_row_avx512(const Epilogue& epilogue, float* row, int64_t count);

}  // namespace convoy::kernels
