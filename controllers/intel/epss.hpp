// Scores of the Exploit Prediction Scoring System (FIRST), of one day or of many.
//
// Two forms are read, each whole or gzipped:
// - FIRST's own: "#model_version:v2023.03.01,score_date:2024-10-06T00:00:00+0000", then cve,epss,percentile;
// - a matrix: the header cve,2024-09-01,2024-10-06,…, a score in each field. An empty field or "-" has none,
// "=" has
//   that of the field before it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "controllers/intel/by_cve.hpp"
#include "controllers/intel/csv.hpp"
#include "controllers/risk/threat.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

/// A score, and where it comes from.
struct EpssScore {
  float score = 0;        ///< 0: none.
  float percentile = -1;  ///< As FIRST says it; −1 where it doesn't.
  Date date;
};

struct EpssRow {
  risk::CveId cve;
  EpssScore latest;           ///< The newest one, at most kLongestGap old on the newest day.
  EpssScore earlier;          ///< The newest one on EpssTable::earlier, likewise.
  std::optional<Date> first;  ///< The first day that has a score; nullopt when that is the first day of all.
};

/// A snapshot now and then is missing, whole or in part.
inline constexpr std::chrono::days kLongestGap{60};

/// One file, as far as it counts on a day.
struct EpssTable {
  std::vector<EpssRow> rows;
  std::vector<Date> dates;  ///< Of snapshots up to the day that counts, oldest first.
  std::size_t later = 0;    ///< Snapshots after it: not looked at.
  SetAside set_aside;
};

/// The days of the snapshots in `text`, without reading them.
Result<std::vector<Date>> epss_dates(std::string_view text);

/// Which two snapshots are compared for the trend.
struct EpssDays {
  Date latest;
  /// About a month before, by the same version of EPSS; nullopt when there is none 14 to 50 days before.
  std::optional<Date> earlier;
};
/// Of all days of all files, those up to `as_of`; nullopt when there is none.
std::optional<EpssDays> choose_epss_days(std::vector<Date> dates, Date as_of);

/// Invalid: neither form, or a header that is none. TooLarge: more than 5 million rows.
Result<EpssTable> parse_epss(std::string_view text, const EpssDays& days, Date as_of);

struct EpssEntry {
  risk::CveId cve;
  risk::Epss epss;
  std::optional<Date> first;
};

/// Puts files together and every score in its place among all: by its rank where there are enough of them,
/// else by FIRST's percentile, else by the knots of `model`. A score without any of these is left out.
ByCve<EpssEntry> merge_epss(std::vector<EpssTable> tables, const risk::ThreatModel& model);

}  // namespace patchwave::intel
