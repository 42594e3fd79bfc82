#include "controllers/intel/kept_feeds.hpp"

#include <algorithm>

namespace patchwave::intel {
namespace {

constexpr std::size_t kLongestProblem = 300;

/// Cut at a character's begin: the text goes into JSON.
std::string shortened(std::string text) {
  if (text.size() <= kLongestProblem) return text;
  std::size_t end = kLongestProblem;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end) + "…";
}

template <class Rows>
void take_or_copy(FeedReading& reading, const Rows& known, Rows& into) {
  if (auto* rows = std::get_if<Rows>(&reading.rows)) {
    into = std::move(*rows);
  } else {
    into = known;
  }
}

}  // namespace

std::optional<milliseconds> age_of(const FeedState& state, Time now) {
  if (!state.good || !state.confirmed_time) return std::nullopt;
  const Time since = state.good->date ? Time(*state.good->date) : *state.confirmed_time;
  return std::max(milliseconds(0), std::chrono::duration_cast<milliseconds>(now - since));
}

Freshness freshness_of(const FeedState& state, Time now) {
  const auto age = age_of(state, now);
  if (!age) return Freshness::Absent;
  return *age > state.identity.stale_after ? Freshness::Stale : Freshness::Fresh;
}

bool FeedsSnapshot::all_tried() const {
  return std::ranges::all_of(states, &FeedState::tried);
}

KeptFeeds::KeptFeeds(std::vector<FeedIdentity> feeds)
    : signals_(feeds.size()), feeds_(std::make_shared<const Feeds>()) {
  for (auto& feed : feeds) states_.push_back({std::move(feed), false, std::nullopt, std::nullopt, ""});
}

bool KeptFeeds::take(std::size_t feed, Result<FeedReading> reading, Time now) {
  FeedState& state = states_[feed];
  const FeedState before = state;
  state.tried = true;
  if (reading && state.good) {
    if (auto allowed = may_replace(*state.good, reading->summary); !allowed)
      reading = fail(std::move(allowed.error()));
  }
  if (!reading) {
    state.problem = shortened(std::move(reading.error().message));
    return state != before;
  }
  state.problem.clear();
  state.good = reading->summary;
  state.confirmed_time = now;
  put(feed, std::move(*reading));
  // Rows may differ where the summary does not.
  return true;
}

bool KeptFeeds::confirm(std::size_t feed, Time now) {
  FeedState& state = states_[feed];
  const bool changes = !state.problem.empty() || !state.tried;
  state.tried = true;
  state.problem.clear();
  state.confirmed_time = now;
  return changes;
}

void KeptFeeds::put(std::size_t feed, FeedReading reading) {
  auto fresh = std::make_shared<Feeds>();
  take_or_copy(reading, feeds_->epss, fresh->epss);
  take_or_copy(reading, feeds_->kev, fresh->kev);
  take_or_copy(reading, feeds_->vulnrichment, fresh->vulnrichment);
  if (auto* signals = std::get_if<SignalsFeed>(&reading.rows)) {
    signals_[feed] = std::move(*signals);
    fresh->signals = merge_signals(signals_);
    fresh->listed = kinds_of(signals_);
  } else {
    fresh->signals = feeds_->signals;
    fresh->listed = feeds_->listed;
  }
  feeds_ = std::move(fresh);
}

}  // namespace patchwave::intel
