#include "controllers/intel/reading.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <array>

namespace patchwave::intel {
namespace {

constexpr std::size_t kLargestKev = 16 * 1024 * 1024;
/// A reading with more unreadable rows than one in so many is refused.
constexpr std::size_t kLeastReadable = 10;
/// One with fewer than the last good one's rows, divided by this, likewise.
constexpr std::size_t kMostLoss = 2;

struct Kind {
  std::string_view word;
  std::string_view title;
};
constexpr std::array kKinds = {Kind{"epss", "EPSS"}, Kind{"kev", "KEV"}, Kind{"signals", "exploit signals"},
                               Kind{"vulnrichment", "vulnrichment"}};

Result<void> check(const FeedSummary& summary, const SetAside& set_aside) {
  if (set_aside.count * kLeastReadable > summary.records + set_aside.count) {
    return fail(ErrorKind::Invalid, fmt::format("{} of {} rows can't be read, the first in line {}: {}",
                                                set_aside.count, summary.records + set_aside.count,
                                                set_aside.rows.front().line, set_aside.rows.front().reason));
  }
  if (summary.records == 0) return fail(ErrorKind::Invalid, "there is no row that counts today");
  return {};
}

Result<FeedReading> read_epss(std::string_view text, const risk::ThreatModel& model, Date as_of) {
  auto dates = epss_dates(text);
  if (!dates) return fail(dates.error());
  const auto days = choose_epss_days(std::move(*dates), as_of);
  if (!days) return fail(ErrorKind::Invalid, "every day of it is after " + format_date(as_of));
  auto table = parse_epss(text, *days, as_of);
  if (!table) return fail(table.error());
  FeedSummary summary{fmt::format("v{}", static_cast<int>(risk::epss_version_on(days->latest))), days->latest,
                      table->rows.size(), table->later, table->set_aside.count};
  if (auto good = check(summary, table->set_aside); !good) return fail(good.error());
  std::vector<EpssTable> tables;
  tables.push_back(std::move(*table));
  return FeedReading{std::move(summary), merge_epss(std::move(tables), model)};
}

/// "2026.11.26", as CISA numbers the catalogue.
std::optional<Date> date_of_version(std::string version) {
  std::ranges::replace(version, '.', '-');
  const auto date = parse_date(version);
  return date ? std::optional(*date) : std::nullopt;
}

void take_newer(std::optional<Date>& into, const std::optional<Date>& other) {
  if (other && (!into || *other > *into)) into = other;
}

Result<FeedReading> read_kev(std::string_view text, Date as_of) {
  if (text.size() > kLargestKev)
    return fail(ErrorKind::TooLarge, fmt::format("it is over {} bytes", kLargestKev));
  auto feed = parse_kev(text, as_of);
  if (!feed) return fail(feed.error());
  FeedSummary summary{feed->version, date_of_version(feed->version), feed->entries.size(), feed->later,
                      feed->set_aside.count};
  if (auto good = check(summary, feed->set_aside); !good) return fail(good.error());
  if (!summary.date)
    for (const auto& entry : feed->entries.entries()) take_newer(summary.date, entry.kev.added);
  return FeedReading{std::move(summary), std::move(feed->entries)};
}

Result<FeedReading> read_signals(std::string_view text, Date as_of) {
  auto feed = parse_signals(text, as_of);
  if (!feed) return fail(feed.error());
  FeedSummary summary{"", std::nullopt, feed->rows.size(), feed->later, feed->set_aside.count};
  if (auto good = check(summary, feed->set_aside); !good) return fail(good.error());
  for (const auto& row : feed->rows) {
    for (const auto& seen :
         {row.signals.metasploit, row.signals.nuclei, row.signals.proof_of_concept, row.signals.in_the_wild})
      take_newer(summary.date, seen);
  }
  return FeedReading{std::move(summary), std::move(*feed)};
}

Result<FeedReading> read_vulnrichment(std::string_view text, Date as_of) {
  auto feed = parse_vulnrichment(text, as_of);
  if (!feed) return fail(feed.error());
  FeedSummary summary{"", std::nullopt, feed->entries.size(), feed->later, feed->set_aside.count};
  if (auto good = check(summary, feed->set_aside); !good) return fail(good.error());
  for (const auto& entry : feed->entries.entries()) take_newer(summary.date, entry.published);
  return FeedReading{std::move(summary), std::move(feed->entries)};
}

}  // namespace

std::string_view to_string(FeedKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].word;
}

std::string_view title_of(FeedKind kind) {
  return kKinds[static_cast<std::size_t>(kind)].title;
}

std::optional<FeedKind> parse_feed_kind(std::string_view word) {
  const auto kind = std::ranges::find(kKinds, word, &Kind::word);
  return kind == kKinds.end() ? std::nullopt : std::optional(static_cast<FeedKind>(kind - kKinds.begin()));
}

std::string FeedSummary::edition() const {
  const std::string day = date ? format_date(*date) : "";
  // CISA's version is its day already.
  const bool says_the_day = date && date_of_version(version) == date;
  if (version.empty()) return day.empty() ? "of an unknown day" : "of " + day;
  return day.empty() || says_the_day ? version : version + " of " + day;
}

Result<FeedReading> read_feed(FeedKind kind, std::string_view text, const risk::ThreatModel& model,
                              Date as_of) {
  switch (kind) {
    case FeedKind::Epss:
      return read_epss(text, model, as_of);
    case FeedKind::Kev:
      return read_kev(text, as_of);
    case FeedKind::Signals:
      return read_signals(text, as_of);
    case FeedKind::Vulnrichment:
      break;
  }
  return read_vulnrichment(text, as_of);
}

Result<void> may_replace(const FeedSummary& last_good, const FeedSummary& fresh) {
  if (fresh.records * kMostLoss < last_good.records) {
    return fail(ErrorKind::Invalid,
                fmt::format("it has {} rows where the last good one has {}: it is taken for cut off",
                            fresh.records, last_good.records));
  }
  // Of a feed without a version, the day is that of its newest row, which may be taken back.
  const bool dated = !fresh.version.empty() && !last_good.version.empty();
  if (dated && fresh.date && last_good.date && *fresh.date < *last_good.date) {
    return fail(ErrorKind::Invalid, fmt::format("it is of {}, before the last good one of {}",
                                                format_date(*fresh.date), format_date(*last_good.date)));
  }
  return {};
}

}  // namespace patchwave::intel
