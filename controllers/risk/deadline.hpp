// By when a finding must be closed: the first of two layers. A class is read off a published table, never
// computed, so that anyone can check it.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "controllers/risk/decision_points.hpp"
#include "operator/base/clock.hpp"

namespace patchwave::risk {

enum class DeadlinePolicy : std::uint8_t {
  Bod2604,  ///< CISA Binding Operational Directive 26-04, the table of CERT/CC's SSVC repository,
            ///< version 1.0.0.
  Ssvc,     ///< SSVC's deployer table, "patch application priority", version 1.0.0.
  Tiers,    ///< Same day, 72 hours, or the next maintenance window.
};

/// From the most to the least urgent.
enum class DeadlineClass : std::uint8_t {
  ThreeDaysForensics,
  ThreeDays,
  FourteenDays,
  SixtyDays,
  NextUpgrade,
  Immediate,
  OutOfCycle,
  Scheduled,
  Defer,
  SameDay,
  SeventyTwoHours,
  NextWindow,
  None,  ///< Not affected, or fixed: nothing is due.
};

std::string_view to_string(DeadlinePolicy policy);
/// "BOD-26-04", "SSVC" or "Tiers", in any case.
std::optional<DeadlinePolicy> parse_deadline_policy(std::string_view word);
/// The word of the published table: "3 days & forensic investigation", "out-of-cycle".
std::string_view to_string(DeadlineClass deadline);
/// Counted from the day the finding is known; nullopt for classes that name no number of days.
std::optional<std::chrono::hours> time_allowed(DeadlineClass deadline);

/// What the tables ask. Each policy reads its own part.
struct DecisionPoints {
  bool in_kev = false;  ///< In CISA's Known Exploited Vulnerabilities catalogue.
  Exploitation exploitation = Exploitation::None;
  SystemExposure exposure = SystemExposure::Open;
  Automatable automatable = Automatable::No;
  TechnicalImpact technical_impact = TechnicalImpact::Partial;
  HumanImpact human_impact = HumanImpact::Medium;
};

/// BOD 26-04 counts as publicly exposed what is openly exposed. The tiers are BOD 26-04 for whoever has no
/// obligation to it and wants to be faster: its 3 days are the same day, its 14 days are 72 hours, the rest
/// is the next window.
DeadlineClass decide_deadline(DeadlinePolicy policy, const DecisionPoints& points);

}  // namespace patchwave::risk
