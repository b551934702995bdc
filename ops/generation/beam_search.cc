#include <algorithm>
#include <cmath>
#include <numeric>

#include "ops/generation/generation.h"

namespace convoy {
namespace {

constexpr float kUnused = -1e9f;  // the score of the beams that begin as copies of the first

struct Finished {
  std::vector<int32_t> sequence;
  float score;
};

// The best finished sequences of one batch entry.
class Hypotheses {
 public:
  Hypotheses(int64_t most, float length_penalty)
      : most_(static_cast<size_t>(most)), length_penalty_(length_penalty) {}

  void add(const std::vector<int32_t>& sequence, float sum) {
    const float score = normalized(sum, sequence.size());
    if (kept_.size() == most_ && score <= kept_.back().score) return;
    auto at = std::find_if(kept_.begin(), kept_.end(),
                           [&](const Finished& other) { return other.score < score; });
    kept_.insert(at, {sequence, score});
    if (kept_.size() > most_) kept_.pop_back();
  }
  // Is there nothing better to come from sequences of `length` whose best score is `sum`?
  bool done(float sum, size_t length, bool stops_early) const {
    if (kept_.size() < most_) return false;
    return stops_early || kept_.back().score >= normalized(sum, length);
  }
  const std::vector<Finished>& best_first() const { return kept_; }

 private:
  float normalized(float sum, size_t length) const {
    return sum / std::pow(static_cast<float>(length), length_penalty_);
  }

  size_t most_;
  float length_penalty_;
  std::vector<Finished> kept_;
};

void to_log_probabilities(std::vector<float>& scores) {
  const float top = *std::max_element(scores.begin(), scores.end());
  double total = 0;
  for (float score : scores) total += std::exp(static_cast<double>(score - top));
  const auto shift = static_cast<float>(top + std::log(total));
  for (float& score : scores) score -= shift;
}

struct Candidate {
  size_t beam;
  int32_t token;
  float score;
};

class BeamSearch {
 public:
  BeamSearch(const SearchSettings& settings, const BeamSettings& beams)
      : settings_(settings), beams_(beams), width_(static_cast<size_t>(beams.beams)) {
    for (size_t b = 0; b < settings.prompt.size(); ++b) {
      finished_.emplace_back(beams.beams, beams.length_penalty);
      for (size_t k = 0; k < width_; ++k) {
        sequences_.push_back(settings.prompt[b]);
        mask_.push_back(settings.prompt_mask[b]);
        sums_.push_back(k == 0 ? 0 : kUnused);
      }
    }
    done_.assign(settings.prompt.size(), false);
  }

  BeamResults run(GptDecoder& decoder) {
    decoder.start(mask_, settings_.padding);
    bool first = true;
    bool running = !sequences_.empty();
    while (running && length() < settings_.max_length) {
      std::vector<std::vector<float>> scores = decoder.step(sequences_, settings_.vocabulary);
      for (size_t row = 0; row < scores.size(); ++row) {
        to_log_probabilities(scores[row]);
        adjust_scores(settings_, sequences_[row], static_cast<int64_t>(row / width_), first,
                      scores[row]);
        for (float& score : scores[row]) score += sums_[row];
      }
      first = false;
      std::vector<int64_t> origins = choose(scores);
      if (beams_.keeps_steps)
        results_.steps.insert(results_.steps.end(), scores.begin(), scores.end());
      running = !std::all_of(done_.begin(), done_.end(), [](bool done) { return done; });
      if (running && length() < settings_.max_length) decoder.reorder(origins);
    }
    finish();
    return std::move(results_);
  }

 private:
  int64_t length() const { return static_cast<int64_t>(sequences_[0].size()); }

  // The best tokens of the beams of batch entry b, twice as many as there are beams.
  std::vector<Candidate> candidates(const std::vector<std::vector<float>>& scores, size_t b) const {
    std::vector<Candidate> all;
    for (size_t k = 0; k < width_; ++k) {
      const std::vector<float>& row = scores[b * width_ + k];
      for (size_t i = 0; i < row.size(); ++i) {
        all.push_back({k, static_cast<int32_t>(i), row[i]});
      }
    }
    const size_t count = std::min(all.size(), 2 * width_);
    std::partial_sort(all.begin(), all.begin() + static_cast<int64_t>(count), all.end(),
                      [](const Candidate& a, const Candidate& c) {
                        if (a.score != c.score) return a.score > c.score;
                        return std::pair(a.beam, a.token) < std::pair(c.beam, c.token);
                      });
    all.resize(count);
    return all;
  }

  // Extends all sequences by a token; returns the row that each goes on from.
  std::vector<int64_t> choose(const std::vector<std::vector<float>>& scores) {
    Sequences fresh;
    std::vector<float> sums;
    std::vector<int64_t> origins;
    auto go_on = [&](size_t row, int32_t token, float sum) {
      fresh.push_back(sequences_[row]);
      fresh.back().push_back(token);
      sums.push_back(sum);
      origins.push_back(static_cast<int64_t>(row));
    };
    for (size_t b = 0; b < done_.size(); ++b) {
      const size_t until = (b + 1) * width_;
      if (!done_[b]) {
        const std::vector<Candidate> best = candidates(scores, b);
        for (size_t i = 0; i < best.size() && fresh.size() < until; ++i) {
          const size_t row = b * width_ + best[i].beam;
          if (best[i].token != settings_.end) {
            go_on(row, best[i].token, best[i].score);
          } else if (i < width_) {
            finished_[b].add(sequences_[row], best[i].score);
          }
        }
        check_input(fresh.size() == until, "a vocabulary too small for {} beams", width_);
        done_[b] = finished_[b].done(best[0].score, sequences_[0].size(), beams_.stops_early);
      } else {
        for (size_t k = 0; k < width_; ++k) go_on(b * width_ + k, settings_.padding, 0);
      }
    }
    sequences_ = std::move(fresh);
    sums_ = std::move(sums);
    return origins;
  }

  void finish() {
    for (size_t b = 0; b < done_.size(); ++b) {
      for (size_t k = 0; !done_[b] && k < width_; ++k) {
        finished_[b].add(sequences_[b * width_ + k], sums_[b * width_ + k]);
      }
      for (size_t i = 0; i < static_cast<size_t>(beams_.results); ++i) {
        const Finished& best = finished_[b].best_first()[i];
        results_.sequences.push_back(best.sequence);
        results_.scores.push_back(best.score);
      }
    }
  }

  const SearchSettings& settings_;
  const BeamSettings& beams_;
  size_t width_;
  Sequences sequences_;  // [batch · beams]
  Sequences mask_;
  std::vector<float> sums_;  // of log probabilities
  std::vector<Hypotheses> finished_;
  std::vector<bool> done_;
  BeamResults results_;
};

}  // namespace

BeamResults beam_search(const SearchSettings& settings, const BeamSettings& beams,
                        GptDecoder& decoder) {
  return BeamSearch(settings, beams).run(decoder);
}

}  // namespace convoy
