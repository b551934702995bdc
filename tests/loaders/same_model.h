// Compares models as a reader of files sees them: by names, not by ids.
#pragma once

#include <gtest/gtest.h>

#include "runtime/graph/graph.h"

namespace convoy {

void expect_same(const Graph& a, const Graph& b);
void expect_same(const Model& a, const Model& b);

}  // namespace convoy
