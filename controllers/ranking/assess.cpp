#include "controllers/ranking/assess.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <cmath>

#include "controllers/ranking/provenance.hpp"
#include "controllers/risk/reason.hpp"

namespace patchwave::ranking {
namespace {

using risk::DeadlineClass;
using risk::Factor;

constexpr std::size_t kLongestReason = 1000;
constexpr int kMostDecimals = 9;
constexpr double kLeastContribution = 0.0005;
constexpr std::string_view kOtherFindings = "otherFindings";

/// Three digits that count, without an exponent.
std::string decimal(double value) {
  if (!(value > 0)) return "0";
  const int digits = std::clamp(2 - static_cast<int>(std::floor(std::log10(value))), 0, kMostDecimals);
  std::string text = fmt::format("{:.{}f}", value, digits);
  if (text.find('.') == std::string::npos) return text;
  text.erase(text.find_last_not_of('0') + 1);
  if (text.back() == '.') text.pop_back();
  return text;
}

std::string contribution_text(double value) {
  std::string text = fmt::format("{:.3f}", value);
  return text == "-0.000" ? "0.000" : text;
}

double read_decimal(std::string_view text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

DeadlineClass parse_class(std::string_view word) {
  for (int i = 0; i < static_cast<int>(DeadlineClass::None); ++i) {
    if (risk::to_string(static_cast<DeadlineClass>(i)) == word) return static_cast<DeadlineClass>(i);
  }
  return DeadlineClass::None;
}

struct AssessedFinding {
  std::string id;
  risk::Finding finding;
  risk::Assessment assessment;
  std::optional<Time> due;
};

std::optional<Time> later_by(Time since, DeadlineClass deadline) {
  const auto allowed = risk::time_allowed(deadline);
  return allowed ? std::optional(since + *allowed) : std::nullopt;
}

std::optional<Time> earlier_of(const std::optional<Time>& a, const std::optional<Time>& b) {
  if (!a || !b) return a ? a : b;
  return std::min(*a, *b);
}

std::optional<Time> due_of(const risk::Finding& finding, const risk::Assessment& assessment, Time known,
                           const Basis& basis) {
  if (!assessment.points.in_kev) return later_by(known, assessment.deadline);
  const Time exploited = std::max(known, Time(finding.vulnerability.kev->added));
  risk::Finding before = finding;
  before.vulnerability.kev.reset();
  const auto without = risk::assess(basis.model, basis.rules, before, basis.as_of());
  return earlier_of(later_by(exploited, assessment.deadline), later_by(known, without.deadline));
}

AssessedFinding assess_finding(const std::string& id, Time known, const Circumstances& circumstances,
                               const Basis& basis) {
  intel::FindingRow row;
  row.id = id;
  row.finding.vulnerability.cve = risk::parse_cve(id);
  intel::enrich(row, *basis.feeds.feeds, basis.model, basis.as_of());
  row.finding.exposure = circumstances.exposure;
  row.finding.criticality = circumstances.criticality;
  const auto assessment = risk::assess(basis.model, basis.rules, row.finding, basis.as_of());
  const auto due = due_of(row.finding, assessment, known, basis);
  return {id, std::move(row.finding), assessment, due};
}

/// The worst first.
std::vector<AssessedFinding> assess_findings(const api::Patch& patch, const Circumstances& circumstances,
                                             const Basis& basis) {
  const Time known = patch.metadata.creation_time.value_or(basis.now);
  std::vector<AssessedFinding> findings;
  for (const auto& id : patch.spec.fixes) findings.push_back(assess_finding(id, known, circumstances, basis));
  std::ranges::sort(findings, [](const AssessedFinding& a, const AssessedFinding& b) {
    const auto one = risk::place_of(a.assessment);
    const auto other = risk::place_of(b.assessment);
    if (risk::comes_before(one, other)) return true;
    return !risk::comes_before(other, one) && a.id < b.id;
  });
  return findings;
}

/// A factor without weight is worth a line where its source is: that KEV was asked and does not have it, say.
bool is_told(Factor factor, double contribution) {
  return std::abs(contribution) >= kLeastContribution || factor == Factor::EpssScore ||
         factor == Factor::KnownExploited || factor == Factor::Impact || factor == Factor::Exposure;
}

std::vector<api::RiskFactor> factors_of(const AssessedFinding& worst, double total, std::size_t others,
                                        const Circumstances& circumstances, const Basis& basis) {
  std::vector<api::RiskFactor> factors;
  for (std::size_t i = 0; i < risk::kFactors; ++i) {
    const auto factor = static_cast<Factor>(i);
    const double contribution = worst.assessment.contributions[i];
    if (!is_told(factor, contribution)) continue;
    factors.push_back({std::string(risk::to_string(factor)), contribution_text(contribution),
                       source_of(factor, worst.finding, circumstances, basis)});
  }
  if (others > 0 && worst.assessment.score > 0) {
    factors.push_back({std::string(kOtherFindings),
                       contribution_text(std::log(total / worst.assessment.score)),
                       fmt::format("{} more that it closes, each assessed likewise", others)});
  }
  return factors;
}

std::optional<api::RiskCounterfactual> otherwise_of(const AssessedFinding& worst, const Basis& basis) {
  const auto other = risk::counterfactual(basis.model, basis.rules, worst.finding, basis.as_of());
  if (!other) return std::nullopt;
  return api::RiskCounterfactual{std::string(other->change),
                                 std::string(risk::to_string(other->place.deadline)),
                                 decimal(other->place.score)};
}

std::string reason_of(const AssessedFinding& worst, Date as_of) {
  std::string text = fmt::format("{}: {}", worst.id, risk::reason(worst.finding, worst.assessment, as_of));
  if (text.size() > kLongestReason) text.resize(kLongestReason);
  return text;
}

risk::Place place_that_stands(const api::RiskStatus& risk) {
  return {parse_class(risk.deadline_class), read_decimal(risk.score), -1};
}

void take_what_stands(const api::PatchStatus& status, AssessedPatch& assessed) {
  assessed.place = place_that_stands(*status.risk);
  assessed.report.risk = status.risk;
  assessed.report.deadline = earlier_of(status.deadline, assessed.report.deadline);
}

void assess_anew(const api::Patch& patch, const Circumstances& circumstances, const Basis& basis,
                 AssessedPatch& assessed) {
  api::RiskStatus risk;
  risk.deadline_class = risk::to_string(DeadlineClass::None);
  risk.score = risk.probability = "0";
  const auto findings = assess_findings(patch, circumstances, basis);
  if (findings.empty()) {
    risk.reason = "it names no vulnerability that it closes";
    assessed.report.risk = std::move(risk);
    return;
  }
  double total = 0;
  double spared = 1;
  for (const auto& each : findings) {
    total += each.assessment.score;
    spared *= 1 - each.assessment.probability;
    assessed.report.deadline = earlier_of(assessed.report.deadline, each.due);
    if (assessed.is_open) assessed.findings[each.assessment.deadline] += 1;
  }
  const AssessedFinding& worst = findings.front();
  assessed.place = {worst.assessment.deadline, total, worst.assessment.severity};
  risk.deadline_class = risk::to_string(worst.assessment.deadline);
  risk.score = decimal(total);
  risk.probability = decimal(1 - spared);
  risk.finding = worst.id;
  risk.findings = static_cast<int>(findings.size());
  risk.reason = reason_of(worst, basis.as_of());
  risk.factors = factors_of(worst, total, findings.size() - 1, circumstances, basis);
  risk.otherwise = otherwise_of(worst, basis);
  assessed.report.risk = std::move(risk);
}

}  // namespace

AssessedPatch assess_patch(const api::Patch& patch, const Circumstances& circumstances, const Basis& basis) {
  AssessedPatch assessed;
  assessed.key = patch.metadata.ns + "/" + patch.metadata.name;
  assessed.uid = patch.metadata.uid;
  assessed.is_open = patch.status.phase != "Succeeded";
  const bool lacks_a_feed = std::ranges::any_of(
      basis.feeds.states, [](const intel::FeedState& state) { return !state.good.has_value(); });
  assess_anew(patch, circumstances, basis, assessed);
  const bool is_kept = lacks_a_feed && patch.status.risk && !patch.spec.fixes.empty() &&
                       risk::comes_before(place_that_stands(*patch.status.risk), assessed.place);
  if (is_kept) take_what_stands(patch.status, assessed);
  assessed.report.condition = condition_of(patch, basis.feeds, is_kept, basis.now);
  return assessed;
}

void put_in_order(std::vector<AssessedPatch>& patches) {
  std::ranges::sort(patches, [](const AssessedPatch& a, const AssessedPatch& b) {
    if (a.is_open != b.is_open) return a.is_open;
    if (risk::comes_before(a.place, b.place)) return true;
    return !risk::comes_before(b.place, a.place) && a.key < b.key;
  });
  for (std::size_t i = 0; i < patches.size(); ++i) {
    if (patches[i].report.risk) patches[i].report.risk->rank = static_cast<int>(i) + 1;
  }
}

api::RiskReport without_feeds() {
  return {std::nullopt,
          std::nullopt,
          {std::string(api::kRiskAssessed),
           "Unknown",
           "NoFeeds",
           "the operator's configuration names no feeds, so nothing is known of what it closes",
           0,
           {}}};
}

}  // namespace patchwave::ranking
