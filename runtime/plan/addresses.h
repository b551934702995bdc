// What is left when the steps of a plan are known: where every storage lies, and when the values of
// dynamic steps may go.
#pragma once

#include "runtime/plan/locations.h"

namespace convoy {

// Lays out the arena by the storages' lifetimes and turns the places of all steps, which name
// storages, into places of a run. Throws kOutOfMemory above `memory_limit` bytes; 0 is no limit.
void assign_addresses(Plan& plan, const Locations& locations, size_t memory_limit);

// Notes at each step which slots of the value table nobody reads after it.
void release_slots(Plan& plan);

}  // namespace convoy
