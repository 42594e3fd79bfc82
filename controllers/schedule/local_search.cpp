#include "controllers/schedule/local_search.hpp"

#include <algorithm>
#include <optional>
#include <tuple>
#include <utility>

#include "controllers/schedule/sequence.hpp"

namespace patchwave::schedule {
namespace {

using Indices = std::vector<std::size_t>;

/// What is not lower by this share is not worth moving anything.
constexpr double kLeastGain = 1e-9;
constexpr int kDisturbances = 3;
/// Disturbances in a row that led to nothing better; with something nowhere it is worth to go on for longer.
constexpr std::size_t kMostFruitless = 60;
constexpr std::size_t kMostFruitlessNowhere = 2'000;

bool is_better(const Cost& cost, const Cost& than) {
  const auto hard = [](const Cost& each) { return std::tuple(each.nowhere, each.late, each.resized); };
  if (hard(cost) != hard(than)) return hard(cost) < hard(than);
  return cost.exposure < than.exposure * (1 - kLeastGain);
}

/// A fixed row of numbers that look random (Numerical Recipes' linear congruential generator).
class Numbers {
 public:
  std::size_t below(std::size_t limit) {
    state_ = state_ * 1664525 + 1013904223;
    return (state_ >> 8) % limit;
  }

 private:
  std::uint32_t state_ = 1;
};

class Searcher {
 public:
  Searcher(const Problem& problem, Sequence start, std::size_t steps)
      : problem_(problem),
        unavoidable_(unavoidable(problem)),
        decoder_(problem, start.sizes),
        steps_(steps),
        best_(std::move(start)) {
    top_ = best_.sizes[0];
    cost_ = decoder_.decode(best_);
  }

  Sequence search() {
    try_by_loss();
    descend();
    std::size_t fruitless = 0;
    while (may_go_on() && best_.jobs.size() > 1 &&
           fruitless < (cost_.nowhere > unavoidable_.nowhere ? kMostFruitlessNowhere : kMostFruitless)) {
      const Sequence kept = best_;
      const Cost cost = cost_;
      disturb();
      descend();
      if (is_better(cost_, cost)) {
        fruitless = 0;
        continue;
      }
      best_ = kept;
      cost_ = cost;
      ++fruitless;
    }
    return std::move(best_);
  }

 private:
  [[nodiscard]] bool is_bad() const {
    return cost_.nowhere > unavoidable_.nowhere || cost_.late > unavoidable_.late;
  }

  [[nodiscard]] bool may_go_on() {
    if (decoder_.steps() >= steps_) return false;
    if (is_bad() || cost_.resized > 0) return true;
    // Without a change of sizes there is one bound.
    if (!bound_) bound_ = exposure_bound(problem_, best_.sizes, cost_.nowhere == 0);
    return cost_.exposure > *bound_ * (1 + kLeastGain);
  }

  /// Keeps what `change` made of the best when it is better.
  template <class Change>
  bool attempt(Change change) {
    Sequence candidate = best_;
    change(candidate);
    const Cost cost = decoder_.decode(candidate);
    if (!is_better(cost, cost_)) return false;
    best_ = std::move(candidate);
    cost_ = cost;
    return true;
  }

  /// The costliest first: by loss, by loss a round, and by when they are due.
  void try_by_loss() {
    const auto sorted = [&](auto key) {
      attempt([&](Sequence& sequence) {
        const auto middle = sequence.jobs.begin() + static_cast<std::ptrdiff_t>(top_);
        std::ranges::stable_sort(sequence.jobs.begin(), middle, {}, key);
        std::ranges::stable_sort(middle, sequence.jobs.end(), {}, key);
        keep_precedence(sequence);
      });
    };
    sorted([&](std::size_t job) { return -problem_.loss[job]; });
    sorted([&](std::size_t job) { return -problem_.loss[job] / static_cast<double>(problem_.rounds[job]); });
    sorted([&](std::size_t job) { return std::pair(problem_.due[job], -problem_.loss[job]); });
  }

  /// What a job comes after moves to just before it when it is behind.
  void keep_precedence(Sequence& sequence) const {
    Indices position(problem_.jobs(), 0);
    for (std::size_t i = 0; i < sequence.jobs.size(); ++i) position[sequence.jobs[i]] = i;
    // What a job comes after has a smaller number than it, so the later ones are through first.
    for (std::size_t job = problem_.jobs(); job-- > 0;) {
      for (const auto before : problem_.after[job])
        position[before] = std::min(position[before], position[job]);
    }
    std::ranges::sort(sequence.jobs, {}, [&](std::size_t job) { return std::pair(position[job], job); });
  }

  void descend() {
    bool moved = true;
    while (moved && may_go_on()) {
      moved = exchange();
      moved |= insert();
      if (is_bad()) moved |= resize();
    }
  }

  [[nodiscard]] bool may_change_places(std::size_t i, std::size_t j) const {
    return (i < top_) == (j < top_);
  }

  bool exchange() {
    bool moved = false;
    for (std::size_t i = 0; i < best_.jobs.size(); ++i) {
      for (std::size_t j = i + 1; j < best_.jobs.size() && decoder_.steps() < steps_; ++j) {
        if (!may_change_places(i, j)) continue;
        moved |= attempt([&](Sequence& sequence) { std::swap(sequence.jobs[i], sequence.jobs[j]); });
      }
    }
    return moved;
  }

  bool insert() {
    bool moved = false;
    for (std::size_t i = 0; i < best_.jobs.size(); ++i) {
      for (std::size_t j = 0; j < best_.jobs.size() && decoder_.steps() < steps_; ++j) {
        if (i == j || !may_change_places(i, j)) continue;
        moved |= attempt([&](Sequence& sequence) { move(sequence.jobs, i, j); });
      }
    }
    return moved;
  }

  static void move(Indices& jobs, std::size_t from, std::size_t to) {
    const auto at = [&](std::size_t position) {
      return jobs.begin() + static_cast<std::ptrdiff_t>(position);
    };
    if (from < to) {
      std::rotate(at(from), at(from + 1), at(to + 1));
    } else {
      std::rotate(at(to), at(from), at(from + 1));
    }
  }

  /// Each job into each other wave.
  bool resize() {
    bool moved = false;
    for (std::size_t i = top_; i < best_.jobs.size(); ++i) {
      for (std::size_t wave = 1; wave < best_.sizes.size() && decoder_.steps() < steps_; ++wave) {
        const std::size_t from = best_.wave_at(i);
        if (from == wave) continue;
        moved |= attempt([&](Sequence& sequence) { change_wave(sequence, i, from, wave); });
      }
    }
    return moved;
  }

  /// To the end of an earlier wave, or to the begin of a later one.
  static void change_wave(Sequence& sequence, std::size_t position, std::size_t from, std::size_t to) {
    std::size_t end = 0;
    for (std::size_t wave = 0; wave <= (from < to ? to - 1 : to); ++wave) end += sequence.sizes[wave];
    move(sequence.jobs, position, from < to ? end - 1 : end);
    --sequence.sizes[from];
    ++sequence.sizes[to];
  }

  void disturb() {
    for (int i = 0; i < kDisturbances; ++i) {
      const std::size_t a = numbers_.below(best_.jobs.size());
      const std::size_t b = numbers_.below(best_.jobs.size());
      if (may_change_places(a, b)) std::swap(best_.jobs[a], best_.jobs[b]);
    }
    const std::size_t position = numbers_.below(best_.jobs.size());
    const std::size_t wave = 1 + numbers_.below(best_.sizes.size() - 1);
    if (cost_.nowhere > 0 && position >= top_ && best_.wave_at(position) != wave)
      change_wave(best_, position, best_.wave_at(position), wave);
    cost_ = decoder_.decode(best_);
  }

  const Problem& problem_;
  Cost unavoidable_;
  Decoder decoder_;
  std::size_t steps_;
  Sequence best_;
  Cost cost_;
  std::size_t top_ = 0;
  std::optional<double> bound_;
  Numbers numbers_;
};

/// Wave by wave, by opening, then in order; what is nowhere is the last of its wave.
Sequence sequence_of(const Problem& problem, const std::vector<JobPlace>& places, std::size_t waves) {
  Sequence sequence;
  sequence.sizes.assign(waves + 1, 0);
  for (std::size_t job = 0; job < places.size(); ++job) {
    if (!problem.fits_any(job)) continue;
    sequence.jobs.push_back(job);
    ++sequence.sizes[places[job].wave];
  }
  std::ranges::sort(sequence.jobs, {}, [&](std::size_t job) {
    return std::tuple(places[job].wave, places[job].opening.value_or(Decoder::kNowhere), job);
  });
  return sequence;
}

/// Why a job is where it is now, seen from the list's place.
Binding binding_of(const Job& job, const JobPlace& listed, std::size_t opening, std::size_t first) {
  const std::size_t before = listed.opening.value_or(Decoder::kNowhere);
  if (opening == before && listed.binding != Binding::Capacity) return listed.binding;
  if (opening < before) {
    const bool was_late = !listed.opening || (job.due && listed.slot.end90 > *job.due);
    return was_late ? Binding::Deadline : Binding::Exposure;
  }
  if (opening == 0) return Binding::FirstWindow;
  if (opening == job.first_opening) return Binding::After;
  if (opening > before) return Binding::Others;
  return opening == first ? Binding::Bake : Binding::Capacity;
}

class Writer {
 public:
  Writer(const Group& group, const std::vector<Opening>& openings, const std::vector<Job>& jobs,
         const Sequence& sequence, const std::vector<std::size_t>& opening_of)
      : group_(group), openings_(openings), jobs_(jobs), sequence_(sequence), opening_of_(opening_of) {}

  void write(std::vector<JobPlace>& places) const {
    std::vector<Indices> sessions(openings_.size());
    std::vector<std::size_t> firsts(sequence_.sizes.size(), Decoder::kNowhere);
    std::vector<std::size_t> wave_of(jobs_.size(), 0);
    for (std::size_t i = 0; i < sequence_.jobs.size(); ++i) {
      const std::size_t job = sequence_.jobs[i];
      wave_of[job] = sequence_.wave_at(i);
      const std::size_t opening = opening_of_[job];
      if (opening == Decoder::kNowhere) {
        const bool waits =
            jobs_[job].first_opening > 0 || std::ranges::any_of(jobs_[job].after, [&](std::size_t before) {
              return opening_of_[before] == Decoder::kNowhere;
            });
        places[job] = {wave_of[job], std::nullopt, {}, waits ? Binding::Predecessor : Binding::NoRoom};
        continue;
      }
      sessions[opening].push_back(job);
      firsts[wave_of[job]] = std::min(firsts[wave_of[job]], opening);
    }
    for (std::size_t opening = 0; opening < sessions.size(); ++opening) {
      Indices& session = sessions[opening];
      std::ranges::sort(session);
      std::vector<int> affected;
      for (const auto job : session) affected.push_back(jobs_[job].affected);
      const auto slots = session_slots(group_, affected, openings_[opening].interval.begin);
      for (std::size_t i = 0; i < session.size(); ++i) {
        const std::size_t job = session[i];
        const std::size_t wave = wave_of[job];
        places[job] = {wave, opening, slots[i], binding_of(jobs_[job], places[job], opening, firsts[wave])};
      }
    }
  }

 private:
  const Group& group_;
  const std::vector<Opening>& openings_;
  const std::vector<Job>& jobs_;
  const Sequence& sequence_;
  const std::vector<std::size_t>& opening_of_;
};

}  // namespace

Search improve(const Group& group, const std::vector<Opening>& openings, const std::vector<Job>& jobs,
               const Problem& problem, std::vector<JobPlace> list, std::size_t waves, std::size_t steps) {
  Sequence start = sequence_of(problem, list, waves);
  Decoder decoder(problem, start.sizes);
  Search search{std::move(list), decoder.decode(start), {}, {}, 0};
  const Sequence best = Searcher(problem, start, steps).search();
  search.cost = decoder.decode(best);
  Writer(group, openings, jobs, best, decoder.openings()).write(search.places);
  search.sizes = best.sizes;
  search.bound = exposure_bound(problem, best.sizes, search.cost.nowhere == 0);
  return search;
}

}  // namespace patchwave::schedule
