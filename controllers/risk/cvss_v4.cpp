#include <algorithm>
#include <array>
#include <cmath>
#include <optional>
#include <span>

#include "controllers/risk/cvss_v4_scores.hpp"
#include "controllers/risk/cvss_vector.hpp"

namespace patchwave::risk {
namespace {

// The first fifteen are what the score is made of, the next eleven replace the first eleven where given.
enum Metric : std::uint8_t { AV, AC, AT, PR, UI, VC, VI, VA, SC, SI, SA, E, CR, IR, AR, MAV };

constexpr std::array kDefinition = {
    CvssMetric{"AV", "NALP", true}, CvssMetric{"AC", "LH", true},  CvssMetric{"AT", "NP", true},
    CvssMetric{"PR", "NLH", true},  CvssMetric{"UI", "NPA", true}, CvssMetric{"VC", "HLN", true},
    CvssMetric{"VI", "HLN", true},  CvssMetric{"VA", "HLN", true}, CvssMetric{"SC", "HLN", true},
    CvssMetric{"SI", "HLN", true},  CvssMetric{"SA", "HLN", true}, CvssMetric{"E", "XAPU"},
    CvssMetric{"CR", "XHML"},       CvssMetric{"IR", "XHML"},      CvssMetric{"AR", "XHML"},
    CvssMetric{"MAV", "XNALP"},     CvssMetric{"MAC", "XLH"},      CvssMetric{"MAT", "XNP"},
    CvssMetric{"MPR", "XNLH"},      CvssMetric{"MUI", "XNPA"},     CvssMetric{"MVC", "XHLN"},
    CvssMetric{"MVI", "XHLN"},      CvssMetric{"MVA", "XHLN"},     CvssMetric{"MSC", "XHLN"},
    CvssMetric{"MSI", "XSHLN"},     CvssMetric{"MSA", "XSHLN"},    CvssMetric{"S", "XNP"},
    CvssMetric{"AU", "XNY"},        CvssMetric{"R", "XAUI"},       CvssMetric{"V", "XDC"},
    CvssMetric{"RE", "XLMH"},       CvssMetric{"U", "X"},
};

/// From the worst value to the mildest: the place of a letter is its severity level in tenths (§8.2).
constexpr std::array<std::string_view, 15> kOrder = {"NALP", "LH",  "NP",  "NLH",  "NPA",
                                                     "HLN",  "HLN", "HLN", "SHLN", "SHLN",
                                                     "SHLN", "APU", "HML", "HML",  "HML"};

using Letters = std::array<char, 15>;

/// With modified metrics in place of the base ones, and the worst of what is not defined.
Letters effective(const CvssMetrics& metrics) {
  Letters letters{};
  for (std::size_t i = 0; i <= SA; ++i) {
    const char modified = metrics.letters[MAV + i];
    letters[i] = modified == 'X' ? metrics.letters[i] : modified;
  }
  for (std::size_t i = E; i <= AR; ++i) {
    const char given = metrics.letters[i];
    letters[i] = given == 'X' ? kOrder[i].front() : given;
  }
  return letters;
}

int exploitability_level(const Letters& of) {
  const int worst = (of[AV] == 'N') + (of[PR] == 'N') + (of[UI] == 'N');
  if (worst == 3) return 0;
  return worst > 0 && of[AV] != 'P' ? 1 : 2;
}

int vulnerable_system_level(const Letters& of) {
  if (of[VC] == 'H' && of[VI] == 'H') return 0;
  return of[VC] == 'H' || of[VI] == 'H' || of[VA] == 'H' ? 1 : 2;
}

int subsequent_system_level(const Letters& of) {
  if (of[SI] == 'S' || of[SA] == 'S') return 0;
  return of[SC] == 'H' || of[SI] == 'H' || of[SA] == 'H' ? 1 : 2;
}

/// §8.2, tables 24 to 29.
std::array<int, 6> macro_vector(const Letters& of) {
  const bool needed = (of[CR] == 'H' && of[VC] == 'H') || (of[IR] == 'H' && of[VI] == 'H') ||
                      (of[AR] == 'H' && of[VA] == 'H');
  return {exploitability_level(of),    of[AC] == 'L' && of[AT] == 'N' ? 0 : 1,  vulnerable_system_level(of),
          subsequent_system_level(of), static_cast<int>(kOrder[E].find(of[E])), needed ? 0 : 1};
}

/// A set of metrics that share a level, the worst vectors of each level, and how many steps it spans.
struct Worst {
  std::span<const std::string_view> vectors;  ///< Letters in the order of the set's metrics.
  int depth = 1;
};

constexpr std::array<Metric, 3> kSetOne = {AV, PR, UI};
constexpr std::array<Metric, 2> kSetTwo = {AC, AT};
constexpr std::array<Metric, 6> kSetThreeAndSix = {VC, VI, VA, CR, IR, AR};
constexpr std::array<Metric, 3> kSetFour = {SC, SI, SA};

constexpr std::array<std::string_view, 1> kOne0 = {"NNN"};
constexpr std::array<std::string_view, 3> kOne1 = {"ANN", "NLN", "NNP"};
constexpr std::array<std::string_view, 2> kOne2 = {"PNN", "ALP"};
constexpr std::array<std::string_view, 1> kTwo0 = {"LN"};
constexpr std::array<std::string_view, 2> kTwo1 = {"HN", "LP"};
constexpr std::array<std::string_view, 1> kThree00 = {"HHHHHH"};
constexpr std::array<std::string_view, 2> kThree01 = {"HHLMMH", "HHHMMM"};
constexpr std::array<std::string_view, 2> kThree10 = {"LHHHHH", "HLHHHH"};
constexpr std::array<std::string_view, 5> kThree11 = {"LHLHMH", "LHHHMM", "HLHMHM", "HLLMHH", "LLHHHM"};
constexpr std::array<std::string_view, 1> kThree21 = {"LLLHHH"};
constexpr std::array<std::string_view, 1> kFour0 = {"HSS"};
constexpr std::array<std::string_view, 1> kFour1 = {"HHH"};
constexpr std::array<std::string_view, 1> kFour2 = {"LLL"};

Worst worst_of_one(int level) {
  if (level == 0) return {kOne0, 1};
  return level == 1 ? Worst{kOne1, 4} : Worst{kOne2, 5};
}
Worst worst_of_two(int level) {
  return level == 0 ? Worst{kTwo0, 1} : Worst{kTwo1, 2};
}
Worst worst_of_three_and_six(int three, int six) {
  if (three == 2) return {kThree21, 10};
  if (three == 0) return six == 0 ? Worst{kThree00, 7} : Worst{kThree01, 6};
  return six == 0 ? Worst{kThree10, 8} : Worst{kThree11, 8};
}
Worst worst_of_four(int level) {
  if (level == 0) return {kFour0, 6};
  return level == 1 ? Worst{kFour1, 5} : Worst{kFour2, 4};
}

/// Steps from the first worst vector that is nowhere milder than `of`.
int steps(const Letters& of, std::span<const Metric> set, const Worst& worst) {
  for (const std::string_view vector : worst.vectors) {
    int total = 0;
    bool nowhere_milder = true;
    for (std::size_t i = 0; i < set.size(); ++i) {
      const std::string_view order = kOrder[set[i]];
      const int distance = static_cast<int>(order.find(of[set[i]])) - static_cast<int>(order.find(vector[i]));
      nowhere_milder = nowhere_milder && distance >= 0;
      total += distance;
    }
    if (nowhere_milder) return total;
  }
  return 0;
}

std::optional<double> score_of(const std::array<int, 6>& levels) {
  const auto tenths = cvss_v4_macro_score(levels);
  return tenths == kNoCvssV4Score ? std::nullopt : std::optional(tenths / 10.0);
}

std::optional<double> score_below(std::array<int, 6> levels, std::size_t set) {
  ++levels[set];
  return score_of(levels);
}

/// EQ3 and EQ6 depend on each other and are lowered together: the higher of what one step leads to.
std::optional<double> score_below_three_and_six(const std::array<int, 6>& levels) {
  const auto by_three = score_below(levels, 2);
  const auto by_six = score_below(levels, 5);
  if (levels[2] == 0 && levels[5] == 0) return std::max(by_three, by_six);
  return levels[5] == 1 ? by_three : by_six;
}

/// §8.2: from the score of the MacroVector, the mean over the sets of (room to the next lower MacroVector)
/// times (share of the steps to it that are gone).
double interpolate(const Letters& of) {
  const auto levels = macro_vector(of);
  const double top = score_of(levels).value_or(0);
  double gone = 0;
  int sets = 0;
  const auto count = [&](std::optional<double> below, std::span<const Metric> set, const Worst& worst) {
    if (!below) return;
    ++sets;
    gone += (top - *below) * steps(of, set, worst) / worst.depth;
  };
  count(score_below(levels, 0), kSetOne, worst_of_one(levels[0]));
  count(score_below(levels, 1), kSetTwo, worst_of_two(levels[1]));
  count(score_below_three_and_six(levels), kSetThreeAndSix, worst_of_three_and_six(levels[2], levels[5]));
  count(score_below(levels, 3), kSetFour, worst_of_four(levels[3]));
  // EQ5 has one metric, so each of its vectors is the worst of its level.
  if (score_below(levels, 4)) ++sets;
  const double score = sets == 0 ? top : top - gone / sets;
  constexpr double kFloatingPointError = 1e-6;
  return std::floor(std::clamp(score, 0.0, 10.0) * 10 + 0.5 + kFloatingPointError) / 10;
}

}  // namespace

Result<Cvss> score_cvss_v4(std::string_view vector) {
  const auto metrics = read_cvss_metrics(vector, std::string_view("CVSS:4.0/").size(), kDefinition);
  if (!metrics) return fail(metrics.error());
  const Letters of = effective(*metrics);
  const bool harmless =
      std::all_of(of.begin() + VC, of.begin() + E, [](char letter) { return letter == 'N'; });
  const auto& base = metrics->letters;
  return Cvss{.version = CvssVersion::V40,
              .score = harmless ? 0 : interpolate(of),
              .attack_vector = base[AV],
              .attack_complexity = base[AC],
              .privileges_required = base[PR],
              .user_interaction = base[UI] != 'N',
              .confidentiality = base[VC],
              .integrity = base[VI],
              .availability = base[VA]};
}

}  // namespace patchwave::risk
