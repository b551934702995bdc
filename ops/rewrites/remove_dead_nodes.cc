// Nodes, constants and captures that nobody reads are removed.
#include "ops/rewrites/rules.h"
#include "runtime/rewrite/driver.h"

namespace convoy {

std::vector<RewriteStep> remove_dead_nodes() {
  return {Pass{"remove_dead_nodes", RuleSet::kPortable, [](GraphEditor& editor) {
                 if (editor.may_fire()) editor.remove_dead();
               }}};
}

}  // namespace convoy
