// All feeds as they are kept: of each the last good reading, whatever came after it, and what is wrong now.
#pragma once

#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "controllers/intel/feeds.hpp"
#include "controllers/intel/reading.hpp"
#include "operator/base/clock.hpp"

namespace patchwave::intel {

struct FeedIdentity {
  std::string name;
  FeedKind kind = FeedKind::Epss;
  milliseconds stale_after{0};  ///< Data older than this is stale.
  bool operator==(const FeedIdentity&) const = default;
};

enum class Freshness : std::uint8_t {
  Absent,  ///< There is no good reading.
  Fresh,
  Stale,
};

struct FeedState {
  FeedIdentity identity;
  bool tried = false;
  std::optional<FeedSummary> good;     ///< Of the last good reading.
  std::optional<Time> confirmed_time;  ///< When it was last found to be what the source has.
  std::string problem;                 ///< Of the last try; "" when it went well.
  bool operator==(const FeedState&) const = default;
};

/// How old the data is; since it was read where it has no day. nullopt: there is none.
std::optional<milliseconds> age_of(const FeedState& state, Time now);
Freshness freshness_of(const FeedState& state, Time now);

struct FeedsSnapshot {
  std::shared_ptr<const Feeds> feeds;  ///< Never null.
  std::vector<FeedState> states;       ///< In the order of the configuration.
  /// Each was tried: before that, what is absent is only not read yet.
  [[nodiscard]] bool all_tried() const;
};

/// A value: what reads the feeds hands it what came of each try.
class KeptFeeds {
 public:
  explicit KeptFeeds(std::vector<FeedIdentity> feeds);

  /// What the feed is now, or why it could not be read. A reading that may not take the place of the last
  /// good one becomes a problem. True when something changed that an assessment depends on.
  bool take(std::size_t feed, Result<FeedReading> reading, Time now);
  /// The source has what it had: the last good reading holds.
  bool confirm(std::size_t feed, Time now);

  [[nodiscard]] FeedsSnapshot snapshot() const { return {feeds_, states_}; }

 private:
  void put(std::size_t feed, FeedReading reading);

  std::vector<FeedState> states_;
  /// By feed; of those that are no signals, empty. Several of them are one.
  std::vector<SignalsFeed> signals_;
  std::shared_ptr<const Feeds> feeds_;
};

}  // namespace patchwave::intel
