// One feed read once: from bytes to rows, or the reason why they can't be trusted.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <variant>

#include "controllers/intel/epss.hpp"
#include "controllers/intel/kev.hpp"
#include "controllers/intel/signals.hpp"
#include "controllers/intel/vulnrichment.hpp"
#include "controllers/risk/threat.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

enum class FeedKind : std::uint8_t { Epss, Kev, Signals, Vulnrichment };

/// As in the configuration: "epss".
std::string_view to_string(FeedKind kind);
std::optional<FeedKind> parse_feed_kind(std::string_view word);
/// As people call it: "EPSS", "exploit signals".
std::string_view title_of(FeedKind kind);

/// What can be said of a reading without its rows.
struct FeedSummary {
  std::string version;       ///< "v4"; CISA's catalogVersion; "" where the feed has none.
  std::optional<Date> date;  ///< Of the data: what the feed says, else its newest row.
  std::size_t records = 0;   ///< That count.
  std::size_t later = 0;     ///< Dated after the day that counts: not looked at.
  std::size_t set_aside = 0;
  bool operator==(const FeedSummary&) const = default;

  /// "v4 of 2026-11-25", "2026.11.26", "of 2026-11-20".
  [[nodiscard]] std::string edition() const;
};

struct FeedReading {
  FeedSummary summary;
  std::variant<ByCve<EpssEntry>, ByCve<KevEntry>, SignalsFeed, ByCve<VulnrichmentEntry>> rows;
};

/// Rows up to `as_of`. Invalid: another document, no row that counts, or more than one row in ten that can't
/// be read: what is broken in so many places is not trusted in the others. TooLarge: a KEV catalogue above
/// 16 MiB, which is ten times what there is.
Result<FeedReading> read_feed(FeedKind kind, std::string_view text, const risk::ThreatModel& model,
                              Date as_of);

/// Whether a reading may take the place of the last good one. Invalid: fewer than half of its rows, which is
/// a feed that broke off; or data from before it, which is a copy that lags behind.
Result<void> may_replace(const FeedSummary& last_good, const FeedSummary& fresh);

}  // namespace patchwave::intel
