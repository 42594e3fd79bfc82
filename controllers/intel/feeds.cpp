#include "controllers/intel/feeds.hpp"

namespace patchwave::intel {
namespace {

template <class Value>
void take_if_missing(std::optional<Value>& into, const std::optional<Value>& other) {
  if (!into) into = other;
}

void add_own_epss(FindingRow& row, const risk::ThreatModel& model, Date as_of) {
  if (!row.epss_score) return;
  const auto place = risk::epss_place(model, risk::epss_version_on(as_of), *row.epss_score);
  if (place) row.finding.vulnerability.epss = risk::Epss{*row.epss_score, *place, as_of, std::nullopt};
}

void add_signals(const risk::ExploitSignals& known, risk::ExploitSignals& into) {
  take_if_missing(into.metasploit, known.metasploit);
  take_if_missing(into.nuclei, known.nuclei);
  take_if_missing(into.proof_of_concept, known.proof_of_concept);
  take_if_missing(into.in_the_wild, known.in_the_wild);
}

}  // namespace

void enrich(FindingRow& row, const Feeds& feeds, const risk::ThreatModel& model, Date as_of) {
  risk::Vulnerability& vulnerability = row.finding.vulnerability;
  add_own_epss(row, model, as_of);
  // What has no CVE can't be looked up: nothing is known of it, no exploits included.
  if (!vulnerability.cve) return;
  add_kinds(feeds.listed, vulnerability.listed);
  const risk::CveId cve = *vulnerability.cve;
  if (const auto* entry = feeds.vulnrichment.find(cve)) {
    take_if_missing(vulnerability.published, std::optional(entry->published));
    take_if_missing(vulnerability.cvss, entry->cvss);
    take_if_missing(row.finding.automatable, entry->automatable);
    take_if_missing(row.finding.technical_impact, entry->technical_impact);
  }
  if (const auto* entry = feeds.epss.find(cve)) {
    take_if_missing(vulnerability.epss, std::optional(entry->epss));
    take_if_missing(vulnerability.published, entry->first);
  }
  if (const auto* entry = feeds.kev.find(cve)) take_if_missing(vulnerability.kev, std::optional(entry->kev));
  if (const auto* entry = feeds.signals.find(cve)) add_signals(entry->signals, vulnerability.signals);
}

}  // namespace patchwave::intel
