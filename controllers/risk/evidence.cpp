#include "controllers/risk/evidence.hpp"

#include <fmt/format.h>

#include <cmath>

namespace patchwave::risk {
namespace {

std::string seen_by(std::string_view what, const std::optional<Date>& date, bool listed, Date as_of) {
  if (date && *date <= as_of) return fmt::format("{} seen by {}", what, format_date(*date));
  return listed ? fmt::format("no {} listed", what) : fmt::format("no feed that lists a {}", what);
}

std::string known_for(std::string_view what, const Vulnerability& vulnerability, Date as_of) {
  const auto since = known_since(vulnerability, as_of);
  if (!since) return "since when it is known is not known";
  return fmt::format("{} for {} days{}", what, (as_of - *since).count(),
                     vulnerability.published ? "" : " (assumed from the year of its name)");
}

std::string epss_score(const std::optional<Epss>& epss) {
  if (!epss) return "no EPSS score";
  return fmt::format("EPSS v{} {:.5g} of {} is above {:.5g} % of all",
                     static_cast<int>(epss_version_on(epss->date)), epss->score, format_date(epss->date),
                     100 * -std::expm1(-epss->place));
}

std::string epss_trend(const std::optional<Epss>& epss) {
  if (!epss || !epss->trend) return "no EPSS score of the month before by the same version";
  return fmt::format("EPSS v{} {} in the month before {}", static_cast<int>(epss_version_on(epss->date)),
                     *epss->trend > 0 ? "rose" : "did not rise", format_date(epss->date));
}

std::string known_exploited(const std::optional<Kev>& kev, Date as_of) {
  if (!kev || kev->added > as_of) return "not in KEV";
  return fmt::format("in KEV {} {}{}", kev->at_the_latest ? "by" : "since", format_date(kev->added),
                     kev->ransomware ? " and used by ransomware" : "");
}

}  // namespace

std::string evidence(Factor factor, const Finding& finding, Date as_of) {
  const Vulnerability& vulnerability = finding.vulnerability;
  switch (factor) {
    case Factor::Base:
      return "the average vulnerability of the model";
    case Factor::EpssScore:
      return epss_score(vulnerability.epss);
    case Factor::EpssTrend:
      return epss_trend(vulnerability.epss);
    case Factor::Novelty:
      return known_for("new", vulnerability, as_of);
    case Factor::Age:
      return known_for("known", vulnerability, as_of);
    case Factor::Metasploit:
      return seen_by("Metasploit module", vulnerability.signals.metasploit, vulnerability.listed.metasploit,
                     as_of);
    case Factor::Nuclei:
      return seen_by("Nuclei template", vulnerability.signals.nuclei, vulnerability.listed.nuclei, as_of);
    case Factor::ProofOfConcept:
      return seen_by("proof of concept", vulnerability.signals.proof_of_concept,
                     vulnerability.listed.proof_of_concept, as_of);
    case Factor::InTheWild:
      return seen_by("report of exploitation", vulnerability.signals.in_the_wild,
                     vulnerability.listed.in_the_wild, as_of);
    case Factor::CvssParts:
      return vulnerability.cvss ? fmt::format("CVSS {} vector", to_string(vulnerability.cvss->version))
                                : "no CVSS vector";
    case Factor::KnownExploited:
      return known_exploited(vulnerability.kev, as_of);
    case Factor::Limit:
      return "nothing is more likely than what is known to be exploited";
    case Factor::Impact:
      return fmt::format("criticality {}{}", to_string(finding.criticality.value_or(HumanImpact::Medium)),
                         finding.criticality ? "" : " (assumed)");
    case Factor::Exposure:
      return fmt::format("exposure {}{}", to_string(finding.exposure.value_or(SystemExposure::Open)),
                         finding.exposure ? "" : " (assumed)");
    case Factor::Mitigation:
      break;
  }
  return finding.mitigation > 0 ? fmt::format("controls take away {:.3g} %", 100 * finding.mitigation)
                                : "no mitigation given";
}

}  // namespace patchwave::risk
