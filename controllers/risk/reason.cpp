#include "controllers/risk/reason.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "controllers/risk/evidence.hpp"

namespace patchwave::risk {
namespace {

constexpr std::size_t kMostFactors = 3;
/// Less than a tenth more or less is not worth a word.
constexpr double kLeastContribution = 0.095;

using Text = fmt::memory_buffer;

void add(Text& text, std::string_view words) {
  text.append(words.data(), words.data() + words.size());
}

void add_origin(Text& text, Origin origin) {
  if (origin == Origin::Stated) return;
  add(text, " (");
  add(text, to_string(origin));
  add(text, ")");
}

/// What the table read.
void add_decision(const Finding& finding, const Assessment& assessment, Text& text) {
  const DecisionPoints& points = assessment.points;
  if (points.in_kev) {
    fmt::format_to(fmt::appender(text), "known exploited {} {}{} + ",
                   finding.vulnerability.kev->at_the_latest ? "by" : "since",
                   format_date(finding.vulnerability.kev->added),
                   finding.vulnerability.kev->ransomware ? " by ransomware too" : "");
  }
  const auto add_point = [&](std::string_view name, std::string_view value, Origin origin) {
    add(text, name);
    add(text, value);
    add_origin(text, origin);
  };
  add_point("exposure ", to_string(points.exposure), assessment.exposure_origin);
  add_point(" + automatable ", to_string(points.automatable), assessment.automatable_origin);
  add_point(" + technical impact ", to_string(points.technical_impact), assessment.technical_impact_origin);
}

void add_factors(const Finding& finding, const Assessment& assessment, Date as_of, Text& text) {
  std::array<std::size_t, kFactors> order{};
  std::size_t count = 0;
  for (std::size_t i = 1; i < kFactors; ++i) {
    if (std::abs(assessment.contributions[i]) >= kLeastContribution) order[count++] = i;
  }
  const auto end = order.begin() + static_cast<std::ptrdiff_t>(count);
  std::sort(order.begin(), end, [&](std::size_t a, std::size_t b) {
    const double weight_a = std::abs(assessment.contributions[a]);
    const double weight_b = std::abs(assessment.contributions[b]);
    return weight_a != weight_b ? weight_a > weight_b : a < b;
  });
  for (std::size_t i = 0; i < std::min(count, kMostFactors); ++i) {
    add(text, i == 0 ? ": " : " + ");
    add(text, evidence(static_cast<Factor>(order[i]), finding, as_of));
    fmt::format_to(fmt::appender(text), " ×{:.3g}", std::exp(assessment.contributions[order[i]]));
  }
}

}  // namespace

std::string reason(const Finding& finding, const Assessment& assessment, Date as_of) {
  if (finding.not_affected) {
    return finding.justification.empty() ? "not affected" : "not affected: " + finding.justification;
  }
  Text text;
  add_decision(finding, assessment, text);
  fmt::format_to(fmt::appender(text), "; {:.3g} % in 90 days", 100 * assessment.probability);
  add_factors(finding, assessment, as_of, text);
  return fmt::to_string(text);
}

}  // namespace patchwave::risk
