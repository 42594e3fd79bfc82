// Findings as CSV: what a scanner or an inventory found, one vulnerability of one thing a row.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/intel/csv.hpp"
#include "controllers/risk/assessment.hpp"
#include "operator/base/result.hpp"

namespace patchwave::intel {

struct FindingRow {
  std::string id;  ///< As it stands: a CVE, or another name such as a GHSA.
  std::size_t line = 0;
  risk::Finding finding;
  std::optional<float> epss_score;  ///< Of the row itself, without its place yet.
  std::string product;              ///< What has it, as normal_purl: an image, an application. "": not said.
  std::string component;            ///< What part of that: a package. "": not said.
};

struct Findings {
  std::vector<FindingRow> rows;
  std::vector<std::string> unused_columns;
  std::size_t later = 0;          ///< Published after the day that counts: left out.
  std::size_t disagreements = 0;  ///< CVSS scores that are not those of their vectors; the vector counts.
  /// Rows without a name, and values that can't be read: those count as missing, and their row stays.
  SetAside set_aside;
};

/// The column cve, or id; all others may be missing. Any order, any case:
/// - aliases: other names, set apart by blanks or ';'; the first CVE counts for an id that is none;
/// - cvss_vector or vector, and cvss, its score: the vector is what counts;
/// - published or vendor_release_date;
/// - exposure: small, controlled, open;
/// - criticality: low, medium, high, very high;
/// - ssvc_automatable, ssvc_technical_impact, also without ssvc_;
/// - mitigation: 0 to 1;
/// - vex or status, and justification: not_affected and fixed take the finding off;
/// - product, component: package URLs, or other names: what has it, and in which part;
/// - epss, kev, kev_ransomware, metasploit, nuclei, proof_of_concept: what is known on the day that counts: a
///   score; yes, no, 1, 0 or a date.
///
/// Invalid: no header, or no column with names. TooLarge: more than 5 million rows.
Result<Findings> parse_findings(std::string_view text, Date as_of);

/// Findings as JSON, told apart by their shape:
/// - VulnerabilityReports of trivy-operator, one or a list of them: products are their images, components the
///   packages;
/// - CycloneDX with vulnerabilities, also as VEX: products are what they affect.
/// What has no name is set aside by its number, from 1. Invalid: something else. TooLarge: more than 64 MiB.
Result<Findings> parse_findings_json(std::string_view text, Date as_of);

}  // namespace patchwave::intel
