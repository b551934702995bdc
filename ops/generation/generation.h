// The searches of generation.cc.
#pragma once

#include "ops/generation/scores.h"

namespace convoy {

// Runs until every sequence has ended or is of the greatest length; all are of one length, filled
// with the padding. `decoder` has not run yet.
Sequences greedy_search(const SearchSettings& settings, GptDecoder& decoder);

struct BeamSettings {
  int64_t beams = 1;
  int64_t results = 1;  // of each batch entry, at most `beams`
  float length_penalty = 1;
  bool keeps_steps = false;  // the scores of all steps are wanted
  bool stops_early = false;  // as soon as there are `beams` finished sequences
};

struct BeamResults {
  Sequences sequences;                    // [batch · results], of different lengths, best first
  std::vector<float> scores;              // of these
  std::vector<std::vector<float>> steps;  // [step · batch · beams][vocabulary]
};

BeamResults beam_search(const SearchSettings& settings, const BeamSettings& beams,
                        GptDecoder& decoder);

}  // namespace convoy
