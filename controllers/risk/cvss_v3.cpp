#include <algorithm>
#include <array>
#include <cmath>

#include "controllers/risk/cvss_vector.hpp"

namespace patchwave::risk {
namespace {

enum Metric : std::uint8_t { AV, AC, PR, UI, S, C, I, A };

// Temporal and environmental metrics are checked and passed over: the base score is what is compared with a
// published one.
constexpr std::array kDefinition = {
    CvssMetric{"AV", "NALP", true}, CvssMetric{"AC", "LH", true}, CvssMetric{"PR", "NLH", true},
    CvssMetric{"UI", "NR", true},   CvssMetric{"S", "UC", true},  CvssMetric{"C", "HLN", true},
    CvssMetric{"I", "HLN", true},   CvssMetric{"A", "HLN", true}, CvssMetric{"E", "XHFPU"},
    CvssMetric{"RL", "XUWTO"},      CvssMetric{"RC", "XCRU"},     CvssMetric{"CR", "XHML"},
    CvssMetric{"IR", "XHML"},       CvssMetric{"AR", "XHML"},     CvssMetric{"MAV", "XNALP"},
    CvssMetric{"MAC", "XLH"},       CvssMetric{"MPR", "XNLH"},    CvssMetric{"MUI", "XNR"},
    CvssMetric{"MS", "XUC"},        CvssMetric{"MC", "XHLN"},     CvssMetric{"MI", "XHLN"},
    CvssMetric{"MA", "XHLN"},
};

double attack_vector(char letter) {
  switch (letter) {
    case 'N':
      return 0.85;
    case 'A':
      return 0.62;
    case 'L':
      return 0.55;
    default:
      return 0.2;
  }
}

double privileges_required(char letter, bool scope_changes) {
  if (letter == 'N') return 0.85;
  if (letter == 'L') return scope_changes ? 0.68 : 0.62;
  return scope_changes ? 0.5 : 0.27;
}

double impact(char letter) {
  if (letter == 'H') return 0.56;
  return letter == 'L' ? 0.22 : 0;
}

/// 3.1, appendix A: the smallest number with one decimal that is not below, on integers, so that the error
/// of a binary fraction rounds nothing up.
double round_up_v31(double value) {
  const auto scaled = std::llround(value * 100'000);
  return scaled % 10'000 == 0 ? static_cast<double>(scaled) / 100'000
                              : (std::floor(static_cast<double>(scaled) / 10'000) + 1) / 10;
}

}  // namespace

Result<Cvss> score_cvss_v3(std::string_view vector, CvssVersion version) {
  const auto metrics = read_cvss_metrics(vector, std::string_view("CVSS:3.1/").size(), kDefinition);
  if (!metrics) return fail(metrics.error());
  const auto& letter = metrics->letters;
  const bool changed = letter[S] == 'C';
  const double iss = 1 - (1 - impact(letter[C])) * (1 - impact(letter[I])) * (1 - impact(letter[A]));
  const double impact_score = changed ? 7.52 * (iss - 0.029) - 3.25 * std::pow(iss - 0.02, 15) : 6.42 * iss;
  const double exploitability = 8.22 * attack_vector(letter[AV]) * (letter[AC] == 'L' ? 0.77 : 0.44) *
                                privileges_required(letter[PR], changed) * (letter[UI] == 'N' ? 0.85 : 0.62);
  double score = 0;
  if (impact_score > 0) {
    const double sum = std::min((changed ? 1.08 : 1.0) * (impact_score + exploitability), 10.0);
    score = version == CvssVersion::V31 ? round_up_v31(sum) : std::ceil(sum * 10) / 10;
  }
  return Cvss{.version = version,
              .score = score,
              .attack_vector = letter[AV],
              .attack_complexity = letter[AC],
              .privileges_required = letter[PR],
              .user_interaction = letter[UI] == 'R',
              .confidentiality = letter[C],
              .integrity = letter[I],
              .availability = letter[A]};
}

}  // namespace patchwave::risk
