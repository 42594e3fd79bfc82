// Findings and feeds from files, judged and put in order.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

#include "controllers/intel/feeds.hpp"
#include "controllers/risk/assessment.hpp"
#include "operator/cli/environment.hpp"

namespace patchwave::cli {

/// Files as they were named; "" or none for what there isn't. One of them may be "-", standard input. gzip is
/// recognised.
struct RankingFiles {
  std::string findings;
  std::vector<std::string> epss;
  std::string kev;
  std::vector<std::string> signals;
  std::string vulnrichment;
  std::vector<std::string> vex;
  std::string model;  ///< "": the one that is built in.
};

/// A file that a ranking rests on.
struct FeedReport {
  std::string kind;  ///< "EPSS", "KEV", "exploit signals", "vulnrichment", "VEX"
  std::string file;
  std::string version;            ///< "" where the feed has none.
  std::size_t records = 0;        ///< That were used.
  std::size_t later = 0;          ///< Dated after the day that counts: not looked at.
  std::size_t disagreements = 0;  ///< CVSS scores that are not those of their vectors.
  intel::SetAside set_aside;
};

struct RankedRow {
  std::uint32_t row = 0;  ///< In Ranking::findings.
  float probability = 0;
  risk::Place place;
};

struct Ranking {
  Date as_of;
  risk::Rules rules;
  risk::ThreatModel model;
  intel::Findings findings;
  std::vector<FeedReport> feeds;
  std::vector<RankedRow> order;  ///< First comes first.

  [[nodiscard]] const intel::FindingRow& row_of(const RankedRow& ranked) const {
    return findings.rows[ranked.row];
  }
  [[nodiscard]] risk::Assessment assess(const risk::Finding& finding) const {
    return risk::assess(model, rules, finding, as_of);
  }
  /// The rank, from 1, that the finding which is now at `from` would have at `to`, all others being as they
  /// are.
  [[nodiscard]] std::size_t rank_after_move(const risk::Place& from, const risk::Place& to) const;
};

/// Of a file; the one that is built in when `path` is "".
Result<risk::ThreatModel> load_model(Environment& environment, const std::string& path);

/// The order depends on what the rows say, not on theirs. The error names the file.
Result<Ranking> rank_findings(Environment& environment, const RankingFiles& files, const risk::Rules& rules,
                              Date as_of);

}  // namespace patchwave::cli
