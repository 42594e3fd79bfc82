// Reads every feed on its schedule and keeps the last good reading of each.
#pragma once

#include <functional>
#include <memory>
#include <mutex>
#include <optional>
#include <stop_token>
#include <vector>

#include "controllers/feeds/settings.hpp"
#include "controllers/intel/kept_feeds.hpp"
#include "operator/base/log.hpp"
#include "operator/runtime/risk_metrics.hpp"

namespace patchwave::feeds {

/// The pause before the next try: the interval, or after `failures` in a row less: half a minute, doubled
/// each time, up to the interval.
milliseconds pause_after(int failures, milliseconds interval);

class FeedKeeper {
 public:
  /// References must outlive the keeper.
  FeedKeeper(std::vector<FeedSettings> feeds, Fetch fetch, const risk::ThreatModel& model, const Clock& clock,
             Log& log, runtime::Metrics& metrics);

  /// Called without a lock held, from the thread that reads, when an assessment may come out otherwise.
  /// Before run().
  void on_change(std::function<void()> changed) { changed_ = std::move(changed); }

  /// Until `stop`: reads what is due and waits for what comes next.
  void run(const std::stop_token& stop);
  /// Reads what is due now; one thread at a time. When the next is due.
  MonotonicTime read_due(const std::stop_token& stop);

  /// Thread-safe.
  [[nodiscard]] intel::FeedsSnapshot snapshot() const;

 private:
  struct Slot {
    FeedSettings settings;
    MonotonicTime due;
    int failures = 0;
    Validators validators;
    std::string digest;  ///< Of the last good reading's bytes.
    std::optional<Date> read_on;
  };

  /// True when something changed.
  bool read(std::size_t index, const std::stop_token& stop);
  /// nullopt: the source has what it had.
  Result<std::optional<intel::FeedReading>> read_new(Slot& slot, Date today, const std::stop_token& stop);
  Result<void> check_digest(const FeedSettings& settings, const std::string& digest,
                            const std::stop_token& stop) const;
  void report(const intel::FeedState& state, const std::string& problem_before);
  void count();

  Fetch fetch_;
  const risk::ThreatModel& model_;
  const Clock& clock_;
  Log& log_;
  std::function<void()> changed_;
  std::vector<Slot> slots_;

  mutable std::mutex mutex_;
  intel::KeptFeeds kept_;

  runtime::FeedMetrics families_;
  std::shared_ptr<void> before_scrape_;
};

}  // namespace patchwave::feeds
