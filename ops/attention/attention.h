// The operators of attention.cc that have files of their own.
#pragma once

#include "runtime/op/op.h"

namespace convoy {

void register_group_query_attention(OpDef& definition);

}  // namespace convoy
