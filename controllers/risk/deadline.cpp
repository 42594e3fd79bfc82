#include "controllers/risk/deadline.hpp"

#include <algorithm>
#include <array>
#include <cctype>

namespace patchwave::risk {
namespace {

using enum DeadlineClass;

// In KEV, publicly exposed, automatable, total impact: each a bit, the last one varies fastest.
constexpr std::array<DeadlineClass, 16> kBod2604 = {
    // not in KEV, not exposed
    NextUpgrade, NextUpgrade, SixtyDays, SixtyDays,
    // not in KEV, exposed
    SixtyDays, FourteenDays, FourteenDays, ThreeDays,
    // in KEV, not exposed
    FourteenDays, FourteenDays, FourteenDays, ThreeDaysForensics,
    // in KEV, exposed
    FourteenDays, ThreeDaysForensics, ThreeDays, ThreeDaysForensics};

// Exploitation, exposure, automatable, human impact: a row is one of the first two, and the last one varies
// fastest. D defer, S scheduled, O out-of-cycle, I immediate.
constexpr std::array<std::string_view, 9> kDeployer = {
    "DDSSDSSS",  // none, small
    "DSSSSSSS",  // none, controlled
    "DSSSSSSO",  // none, open
    "DSSSSSSS",  // public poc, small
    "DSSSSSSO",  // public poc, controlled
    "SSSOSSOO",  // public poc, open
    "SSOOSOOO",  // active, small
    "SSOOOOOO",  // active, controlled
    "SOOIOOII",  // active, open
};

constexpr std::array<std::pair<DeadlinePolicy, std::string_view>, 3> kPolicies = {{
    {DeadlinePolicy::Bod2604, "BOD-26-04"},
    {DeadlinePolicy::Ssvc, "SSVC"},
    {DeadlinePolicy::Tiers, "Tiers"},
}};

constexpr std::array<std::string_view, 13> kClasses = {"3 days & forensic investigation",
                                                       "3 days",
                                                       "14 days",
                                                       "60 days",
                                                       "fix on system upgrade",
                                                       "immediate",
                                                       "out-of-cycle",
                                                       "scheduled",
                                                       "defer",
                                                       "same day",
                                                       "72 hours",
                                                       "next window",
                                                       "none"};

DeadlineClass by_bod(const DecisionPoints& points) {
  const std::size_t row = (points.in_kev ? 8U : 0U) + (points.exposure == SystemExposure::Open ? 4U : 0U) +
                          (points.automatable == Automatable::Yes ? 2U : 0U) +
                          (points.technical_impact == TechnicalImpact::Total ? 1U : 0U);
  return kBod2604[row];
}

DeadlineClass by_deployer_table(const DecisionPoints& points) {
  const auto row =
      3 * static_cast<std::size_t>(points.exploitation) + static_cast<std::size_t>(points.exposure);
  const auto column =
      4 * static_cast<std::size_t>(points.automatable) + static_cast<std::size_t>(points.human_impact);
  switch (kDeployer[row][column]) {
    case 'I':
      return Immediate;
    case 'O':
      return OutOfCycle;
    case 'S':
      return Scheduled;
    default:
      return Defer;
  }
}

DeadlineClass by_tiers(const DecisionPoints& points) {
  switch (by_bod(points)) {
    case ThreeDaysForensics:
    case ThreeDays:
      return SameDay;
    case FourteenDays:
      return SeventyTwoHours;
    default:
      return NextWindow;
  }
}

}  // namespace

std::string_view to_string(DeadlinePolicy policy) {
  return kPolicies[static_cast<std::size_t>(policy)].second;
}

std::optional<DeadlinePolicy> parse_deadline_policy(std::string_view word) {
  const auto lower = [](char letter) { return std::tolower(static_cast<unsigned char>(letter)); };
  for (const auto& [policy, name] : kPolicies) {
    if (std::ranges::equal(word, name, {}, lower, lower)) return policy;
  }
  return std::nullopt;
}

std::string_view to_string(DeadlineClass deadline) {
  return kClasses[static_cast<std::size_t>(deadline)];
}

std::optional<std::chrono::hours> time_allowed(DeadlineClass deadline) {
  constexpr std::chrono::hours kDay{24};
  switch (deadline) {
    case ThreeDaysForensics:
    case ThreeDays:
    case SeventyTwoHours:
      return 3 * kDay;
    case FourteenDays:
      return 14 * kDay;
    case SixtyDays:
      return 60 * kDay;
    case SameDay:
      return kDay;
    default:
      return std::nullopt;
  }
}

DeadlineClass decide_deadline(DeadlinePolicy policy, const DecisionPoints& points) {
  switch (policy) {
    case DeadlinePolicy::Ssvc:
      return by_deployer_table(points);
    case DeadlinePolicy::Tiers:
      return by_tiers(points);
    case DeadlinePolicy::Bod2604:
      break;
  }
  return by_bod(points);
}

}  // namespace patchwave::risk
