#include <algorithm>

#include "ops/generation/generation.h"

namespace convoy {

Sequences greedy_search(const SearchSettings& settings, GptDecoder& decoder) {
  Sequences sequences = settings.prompt;
  std::vector<bool> ended(sequences.size(), false);
  decoder.start(settings.prompt_mask, settings.padding);
  bool first = true;
  bool running = !sequences.empty();
  while (running && static_cast<int64_t>(sequences[0].size()) < settings.max_length) {
    std::vector<std::vector<float>> scores = decoder.step(sequences, settings.vocabulary);
    running = false;
    for (size_t r = 0; r < sequences.size(); ++r) {
      adjust_scores(settings, sequences[r], static_cast<int64_t>(r), first, scores[r]);
      auto best = std::max_element(scores[r].begin(), scores[r].end()) - scores[r].begin();
      ended[r] = ended[r] || best == settings.end;
      sequences[r].push_back(ended[r] ? settings.padding : static_cast<int32_t>(best));
      running = running || !ended[r];
    }
    first = false;
  }
  return sequences;
}

}  // namespace convoy
