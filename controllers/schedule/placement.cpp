#include "controllers/schedule/placement.hpp"

#include <algorithm>
#include <utility>

namespace patchwave::schedule {
namespace {

using Indices = std::vector<std::size_t>;

/// Openings [first, end).
struct Span {
  std::size_t first = 0;
  std::size_t end = 0;
};

class GroupPlacer {
 public:
  GroupPlacer(const Group& group, const std::vector<Opening>& openings, const std::vector<Job>& jobs)
      : group_(group), openings_(openings), jobs_(jobs), places_(jobs.size()) {
    for (const auto& opening : openings) longest_ = std::max(longest_, length_of(opening));
  }

  std::vector<JobPlace> place(std::size_t top, std::size_t waves) {
    top = std::min(top, jobs_.size());
    place_top(top);
    Indices rest;
    for (std::size_t i = top; i < jobs_.size(); ++i) rest.push_back(i);
    place_waves(std::move(rest), waves);
    return std::move(places_);
  }

 private:
  static microseconds length_of(const Opening& opening) {
    return opening.interval.end - opening.interval.begin;
  }

  /// Puts jobs into openings first come first served, each when all that it comes after is `done`; the answer
  /// is what found no room. Moves next_ behind the last opening that was used when it writes.
  template <class Write>
  Indices pack(Indices remaining, Span span, std::vector<bool> done, Write write) const {
    for (std::size_t at = span.first; at < span.end && !remaining.empty(); ++at) {
      SessionBudget budget(group_, std::chrono::floor<milliseconds>(length_of(openings_[at])));
      Indices taken;
      Indices left;
      for (const auto job : remaining) {
        const bool is_taken = is_ready(job, at, done) && budget.take(jobs_[job].affected);
        if (is_taken) done[job] = true;
        (is_taken ? taken : left).push_back(job);
      }
      if (!taken.empty()) write(at, taken);
      remaining = std::move(left);
    }
    return remaining;
  }
  [[nodiscard]] bool is_ready(std::size_t job, std::size_t opening, const std::vector<bool>& done) const {
    return jobs_[job].first_opening <= opening &&
           std::ranges::all_of(jobs_[job].after, [&](std::size_t before) { return done[before]; });
  }
  /// As if all others were done.
  Indices without_room(const Indices& jobs, Span span) const {
    std::vector<bool> done(jobs_.size(), true);
    for (const auto job : jobs) done[job] = false;
    return pack(jobs, span, std::move(done), [](std::size_t, const Indices&) {});
  }
  Indices commit(const Indices& jobs, Span span, std::size_t wave, Binding first) {
    std::vector<bool> done(jobs_.size());
    for (std::size_t job = 0; job < jobs_.size(); ++job) done[job] = places_[job].opening.has_value();
    return pack(jobs, span, std::move(done), [&](std::size_t at, const Indices& taken) {
      std::vector<int> affected;
      for (const auto job : taken) affected.push_back(jobs_[job].affected);
      const auto slots = session_slots(group_, affected, openings_[at].interval.begin);
      for (std::size_t i = 0; i < taken.size(); ++i) {
        places_[taken[i]] = {wave, at, slots[i], at == span.first ? first : Binding::Capacity};
      }
      next_ = at + 1;
    });
  }

  [[nodiscard]] bool fits_any(std::size_t job) const {
    return alone_p90(group_, jobs_[job].affected) <= longest_;
  }
  void nowhere(std::size_t job, std::size_t wave, Binding binding) {
    places_[job] = {wave, std::nullopt, {}, binding};
  }

  void place_top(std::size_t top) {
    Indices jobs;
    for (std::size_t i = 0; i < top; ++i) {
      if (fits_any(i)) {
        jobs.push_back(i);
      } else {
        nowhere(i, 0, openings_.empty() ? Binding::NoWindow : Binding::TooLong);
      }
    }
    for (const auto job : commit(jobs, {0, openings_.size()}, 0, Binding::FirstWindow))
      nowhere(job, 0, Binding::NoRoom);
  }

  void place_waves(Indices rest, std::size_t waves) {
    const std::size_t usable = std::min(waves, openings_.size() - next_);
    Indices pending;
    for (std::size_t i = 0; i < rest.size(); ++i) {
      const std::size_t wave = 1 + i * std::max<std::size_t>(usable == 0 ? waves : usable, 1) / rest.size();
      Binding binding = fits_any(rest[i]) ? Binding::NoRoom : Binding::TooLong;
      if (openings_.empty()) binding = Binding::NoWindow;
      // What fits gets another place below.
      nowhere(rest[i], wave, binding);
      if (fits_any(rest[i]) && usable > 0) pending.push_back(rest[i]);
    }
    const std::size_t width = usable == 0 ? 0 : width_of(pending, usable);
    for (std::size_t wave = 1; wave <= usable && !pending.empty(); ++wave)
      pending = place_wave(std::move(pending), wave, usable, width);
    for (const auto job : pending) nowhere(job, usable, Binding::NoRoom);
  }

  /// How many openings each wave may take: as few as let everything in.
  [[nodiscard]] std::size_t width_of(const Indices& pending, std::size_t waves) const {
    const std::size_t most = (openings_.size() - next_) / waves;
    std::size_t width = 1;
    while (width < most && !without_room(pending, {next_, next_ + width * waves}).empty()) ++width;
    return width;
  }

  /// The answer is what is left for later waves, in order.
  Indices place_wave(Indices pending, std::size_t wave, std::size_t last, std::size_t width) {
    const std::size_t later = last - wave;
    const std::size_t end =
        wave == last ? openings_.size() : std::min(next_ + width, openings_.size() - later);
    const Span span{next_, end};
    const std::size_t even = (pending.size() + later) / (later + 1);
    const std::vector<bool> chosen = choose(pending, even, end);
    Indices now;
    Indices left;
    for (std::size_t i = 0; i < pending.size(); ++i) (chosen[i] ? now : left).push_back(pending[i]);
    const Binding first = span.first == 0 ? Binding::FirstWindow : Binding::Bake;
    const Indices refused = commit(now, span, wave, first);
    for (std::size_t i = even; i < pending.size(); ++i) {
      JobPlace& place = places_[pending[i]];
      const bool early = chosen[i] && place.opening && is_urgent(pending[i], end);
      if (early) place.binding = Binding::Deadline;
    }
    left.insert(left.end(), refused.begin(), refused.end());
    std::ranges::sort(left);
    return left;
  }

  /// Whether it would be late in an opening from `next` on.
  [[nodiscard]] bool is_urgent(std::size_t job, std::size_t next) const {
    return jobs_[job].due && next < openings_.size() &&
           *jobs_[job].due < openings_[next].interval.begin + alone_p90(group_, jobs_[job].affected);
  }

  /// Which of `pending` go now: what would be late afterwards, then in order until there are `even`, then
  /// what the openings from `next` on have no room for.
  [[nodiscard]] std::vector<bool> choose(const Indices& pending, std::size_t even, std::size_t next) const {
    std::vector<bool> chosen(pending.size(), false);
    std::size_t count = 0;
    for (std::size_t i = 0; i < pending.size(); ++i) {
      chosen[i] = is_urgent(pending[i], next);
      if (chosen[i]) ++count;
    }
    const auto add = [&](std::size_t more) {
      for (std::size_t i = 0; i < pending.size() && more > 0; ++i) {
        if (chosen[i]) continue;
        chosen[i] = true;
        ++count;
        --more;
      }
    };
    add(even > count ? even - count : 0);
    while (count < pending.size()) {
      Indices later;
      for (std::size_t i = 0; i < pending.size(); ++i) {
        if (!chosen[i]) later.push_back(pending[i]);
      }
      const std::size_t excess = without_room(later, {next, openings_.size()}).size();
      if (excess == 0) break;
      add(excess);
    }
    return chosen;
  }

  const Group& group_;
  const std::vector<Opening>& openings_;
  const std::vector<Job>& jobs_;
  std::vector<JobPlace> places_;
  microseconds longest_{0};
  std::size_t next_ = 0;  ///< The first opening that nothing is in yet.
};

}  // namespace

std::vector<JobPlace> place_group(const Group& group, const std::vector<Opening>& openings,
                                  const std::vector<Job>& jobs, std::size_t top, std::size_t waves) {
  return GroupPlacer(group, openings, jobs).place(top, waves);
}

}  // namespace patchwave::schedule
