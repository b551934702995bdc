// The signature rewrite as a step of the pipeline; runtime/rewrite/branch_merge has its parts.
#include "ops/rewrites/rules.h"
#include "runtime/rewrite/branch_merge/merge.h"

namespace convoy {

std::vector<RewriteStep> merge_branches() {
  return {Pass{"merge_branches", RuleSet::kPortable, merge_sibling_branches}};
}

}  // namespace convoy
