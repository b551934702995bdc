// Random feeds for a model whose sizes are open: which ones to try.
#pragma once

#include <cstdint>
#include <functional>
#include <string>
#include <vector>

#include "tools/convoy/feeds.h"

namespace convoy::cli {

// What open dimensions become. Those of the first axis are a batch in most models, and stay small
// where the others grow; so do those of the same symbol elsewhere.
struct Sizing {
  int64_t first = 1;
  int64_t others = 1;
};

// "3", or "2 and 400" for the first axis and the others.
std::string to_string(const Sizing& sizing);

// Whether any size of an input is open.
bool has_open_sizes(const Session& session);

// Whether inputs of these sizes are small enough to try.
bool is_feasible(const Session& session, const Sizing& sizing);

// As make_feeds, with open sizes as `sizing` has them unless --shape or --input gives them.
Feeds sized_feeds(const Session& session, const FeedOptions& options, const Sizing& sizing,
                  uint64_t seed);

// Sizings in the order in which they are worth a try: small ones, then larger ones up to some ten
// thousand, as models have least sizes (a kernel, a stride, a frame of sound) and multiples.
const std::vector<Sizing>& sizings();

}  // namespace convoy::cli
