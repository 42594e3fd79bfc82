// What a Patch's vulnerabilities are worth closing, by when, and in which order patches come. Pure.
#pragma once

#include <map>
#include <string>
#include <vector>

#include "controllers/api/patch.hpp"
#include "controllers/intel/kept_feeds.hpp"
#include "controllers/ranking/circumstances.hpp"
#include "controllers/risk/assessment.hpp"

namespace patchwave::ranking {

/// What all assessments of one look rest on.
struct Basis {
  const intel::FeedsSnapshot& feeds;
  const risk::ThreatModel& model;
  risk::Rules rules;
  Time now;

  [[nodiscard]] Date as_of() const { return std::chrono::floor<std::chrono::days>(now); }
};

struct AssessedPatch {
  std::string key;  ///< "namespace/name"
  std::string uid;
  bool is_open = true;  ///< Not everywhere yet.
  risk::Place place;
  api::RiskReport report;  ///< Its rank is set by put_in_order.
  /// Findings by class, of an open patch.
  std::map<risk::DeadlineClass, std::size_t> findings;
};

/// A finding is due time_allowed() after the patch for it was there, which is the Patch's creation; one that
/// is known to be exploited, after that was known if that came later, and never later than without that. A
/// patch is due when the first of its findings is.
///
/// While a feed that is configured has never been read, a more pressing assessment that the Patch has already
/// stays: what can't be looked up now is no reason to let a deadline go.
AssessedPatch assess_patch(const api::Patch& patch, const Circumstances& circumstances, const Basis& basis);

/// Open patches before others, then by class, score and severity, then by name. Ranks count from 1.
void put_in_order(std::vector<AssessedPatch>& patches);

/// RiskAssessed of a Patch when no feed is configured.
api::RiskReport without_feeds();

}  // namespace patchwave::ranking
