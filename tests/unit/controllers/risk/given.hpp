// Findings for tests: one that nothing is known of, and what may be known.
#pragma once

#include "controllers/risk/assessment.hpp"

namespace patchwave::risk::given {

using namespace std::chrono_literals;

inline constexpr Date kToday = 2024y / 9 / 30;

inline Finding finding(std::string_view cve = "CVE-2023-12345") {
  Finding one;
  one.vulnerability.cve = parse_cve(cve);
  one.vulnerability.published = Date(2023y / 9 / 30);
  return one;
}

inline Cvss cvss(std::string_view vector = "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H") {
  return score_cvss(vector).value();
}

inline Epss epss(double score, double place) {
  return {score, place, kToday, std::nullopt};
}

/// Small enough to be reckoned by hand: e^-5 on average, twice as much for a Metasploit module.
inline ThreatModel model() {
  ThreatModel one;
  one.name = "by hand";
  one.provenance = "made up for tests";
  one.intercept = -5;
  one.terms = {{Feature::Metasploit, 0.693147180559945, 0},
               {Feature::EpssPlace, 0.5, 1},
               {Feature::Age, -1, 0},
               {Feature::TotalImpact, 0.25, 0.5}};
  return one;
}

}  // namespace patchwave::risk::given
