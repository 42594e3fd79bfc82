#include "controllers/schedule/sequence.hpp"

#include <algorithm>

namespace patchwave::schedule {
namespace {

constexpr double kDay = 86'400'000;

}  // namespace

std::size_t Sequence::wave_at(std::size_t position) const {
  std::size_t wave = 0;
  while (position >= sizes[wave]) position -= sizes[wave++];
  return wave;
}

Decoder::Decoder(const Problem& problem, std::vector<std::size_t> sizes)
    : problem_(problem),
      sizes_(std::move(sizes)),
      sessions_(problem.begin.size()),
      openings_(problem.jobs(), kNowhere) {
  for (const auto begin : problem.begin) begin_days_.push_back(static_cast<double>(begin) / kDay);
}

Cost Decoder::decode(const Sequence& sequence) {
  for (auto& session : sessions_) {
    session.furthest = 0;
    session.installs = 0;
    session.jobs.clear();
    session.dues.clear();
  }
  std::ranges::fill(openings_, kNowhere);
  cost_ = {};
  next_ = 0;
  const std::size_t* first = sequence.jobs.data();
  for (std::size_t wave = 0; wave < sequence.sizes.size(); ++wave) {
    const std::size_t* last = first + sequence.sizes[wave];
    place_wave(first, last);
    first = last;
    cost_.resized += std::max(sequence.sizes[wave], sizes_[wave]) - sizes_[wave];
  }
  for (std::size_t opening = 0; opening < next_; ++opening) cost_.late += late_in(opening);
  for (const auto job : sequence.jobs) {
    if (openings_[job] == kNowhere && problem_.due[job] < problem_.until) ++cost_.late;
  }
  // Summed by job, so that it does not depend on the sequence when the placement doesn't.
  for (std::size_t job = 0; job < openings_.size(); ++job) {
    const double days =
        openings_[job] == kNowhere ? static_cast<double>(problem_.until) / kDay : begin_days_[openings_[job]];
    cost_.exposure += problem_.loss[job] * days;
  }
  return cost_;
}

void Decoder::place_wave(const std::size_t* first, const std::size_t* last) {
  const std::size_t begin = next_;
  for (const std::size_t* at = first; at != last; ++at) {
    const std::size_t earliest_one = earliest(begin, *at);
    auto opening = first_with_room(earliest_one, *at, true);
    if (!opening) opening = first_with_room(earliest_one, *at, false);
    if (!opening) {
      ++cost_.nowhere;
      continue;
    }
    openings_[*at] = *opening;
    next_ = std::max(next_, *opening + 1);
  }
}

std::size_t Decoder::earliest(std::size_t begin, std::size_t job) const {
  std::size_t opening = std::max(begin, problem_.first_opening[job]);
  for (const auto before : problem_.after[job]) opening = std::max(opening, openings_[before]);
  return opening;
}

std::optional<std::size_t> Decoder::first_with_room(std::size_t begin, std::size_t job, bool in_time) {
  for (std::size_t opening = begin; opening < sessions_.size(); ++opening) {
    if (take(opening, job, in_time)) return opening;
  }
  return std::nullopt;
}

bool Decoder::take(std::size_t opening, std::size_t job, bool in_time) {
  ++steps_;
  Session& session = sessions_[opening];
  const std::int64_t rounds = problem_.rounds[job];
  const std::int64_t furthest = std::max(session.furthest, rounds);
  const std::int64_t installs = session.installs + rounds;
  if (problem_.session(furthest, installs) > problem_.length[opening]) return false;
  const auto longer = [&](std::size_t other) {
    return problem_.patch_p90 * std::min(problem_.rounds[other], rounds);
  };
  if (in_time && std::ranges::any_of(session.dues, [&](const Due& each) {
        const std::int64_t due = problem_.due[each.job];
        return each.end <= due && each.end + longer(each.job) > due;
      }))
    return false;
  session.furthest = furthest;
  session.installs = installs;
  session.jobs.push_back(job);
  for (auto& each : session.dues) each.end += longer(each.job);
  if (problem_.due[job] == Problem::kNever) return true;
  std::int64_t end = problem_.begin[opening] + problem_.system_p90 * rounds;
  for (const auto other : session.jobs) end += longer(other);
  session.dues.push_back({job, end});
  return true;
}

std::size_t Decoder::late_in(std::size_t opening) const {
  return static_cast<std::size_t>(std::ranges::count_if(
      sessions_[opening].dues, [&](const Due& each) { return each.end > problem_.due[each.job]; }));
}

}  // namespace patchwave::schedule
