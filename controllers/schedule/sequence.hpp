// Sequences of jobs cut into waves, and the placement that each stands for. See local_search.hpp.
#pragma once

#include <optional>
#include <vector>

#include "controllers/schedule/exposure.hpp"

namespace patchwave::schedule {

struct Sequence {
  std::vector<std::size_t> jobs;
  std::vector<std::size_t> sizes;  ///< Of the waves; the first is the top's. They sum to the number of jobs.

  /// The wave at a position in `jobs`.
  [[nodiscard]] std::size_t wave_at(std::size_t position) const;
};

/// Turns sequences into openings, one after the other; keeps its memory.
class Decoder {
 public:
  static constexpr std::size_t kNowhere = static_cast<std::size_t>(-1);

  /// `sizes` are those that a cost compares with.
  Decoder(const Problem& problem, std::vector<std::size_t> sizes);

  Cost decode(const Sequence& sequence);
  /// Of each job, of the last sequence; kNowhere without one.
  [[nodiscard]] const std::vector<std::size_t>& openings() const { return openings_; }
  /// How often a job was tried in an opening so far.
  [[nodiscard]] std::size_t steps() const { return steps_; }

 private:
  void place_wave(const std::size_t* first, const std::size_t* last);
  /// The first opening that it may be in; kNowhere when what it comes after is not placed.
  [[nodiscard]] std::size_t earliest(std::size_t begin, std::size_t job) const;
  /// From `begin` on; `in_time` when nothing else may become late by it.
  std::optional<std::size_t> first_with_room(std::size_t begin, std::size_t job, bool in_time);
  bool take(std::size_t opening, std::size_t job, bool in_time);
  [[nodiscard]] std::size_t late_in(std::size_t opening) const;

  struct Due {
    std::size_t job;
    std::int64_t end;  ///< Of the job, by the 90th percentile.
  };
  struct Session {
    std::int64_t furthest = 0;
    std::int64_t installs = 0;
    std::vector<std::size_t> jobs;
    std::vector<Due> dues;  ///< Of the jobs that are due.
  };
  const Problem& problem_;
  std::vector<std::size_t> sizes_;
  std::vector<Session> sessions_;
  std::vector<std::size_t> openings_;
  std::vector<double> begin_days_;
  std::size_t next_ = 0;  ///< The first opening that no wave before has used.
  std::size_t steps_ = 0;
  Cost cost_;
};

}  // namespace patchwave::schedule
