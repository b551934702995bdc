// Two neighbouring axes as one, and one as two, by nodes that hold for every size at run time, 0
// among them: Reshape leaves undefined what -1 stands for where another size is 0.
#pragma once

#include "runtime/graph/builder.h"

namespace convoy {

// x of a known rank with axes `axis` and `axis` + 1 as one, row-major; one of the two has a known
// size. From opset 5 on, where Reshape's shape may be computed.
ValueId fold_axes(GraphBuilder& builder, ValueId x, int axis);

// x of a known rank with `axis` as two, of sizes `outer` and `inner`, one of which is known and not
// 0. From opset 5 on.
ValueId split_axis(GraphBuilder& builder, ValueId x, int axis, Dimension outer, Dimension inner);

}  // namespace convoy
