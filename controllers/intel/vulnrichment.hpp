// CISA's vulnrichment as CSV: publication, CVSS vector and SSVC decision points of CVEs.
#pragma once

#include <optional>
#include <string_view>

#include "controllers/intel/by_cve.hpp"
#include "controllers/intel/csv.hpp"
#include "controllers/risk/decision_points.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

struct VulnrichmentEntry {
  risk::CveId cve;
  Date published;
  std::optional<risk::Cvss> cvss;
  std::optional<risk::Automatable> automatable;
  std::optional<risk::TechnicalImpact> technical_impact;
};

struct VulnrichmentFeed {
  ByCve<VulnrichmentEntry> entries;
  std::size_t later = 0;  ///< Published after the day that counts: not looked at.
  std::size_t disagreements =
      0;  ///< Rows whose CVSS score is not the one of their vector; the vector counts.
  SetAside set_aside;
};

/// The columns cve and published, and maybe vector or cvss_vector, cvss, ssvc_automatable,
/// ssvc_technical_impact and ssvc_date. Decision points of a later ssvc_date are not looked at, nor ever is
/// the exploitation they state or the KEV date: those are written afterwards, and have feeds with dates.
Result<VulnrichmentFeed> parse_vulnrichment(std::string_view text, Date as_of);

}  // namespace patchwave::intel
