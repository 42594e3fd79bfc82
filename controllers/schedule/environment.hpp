// What is to be patched: groups of systems, the windows they have, how long a system takes and how many may
// be out at once.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "controllers/risk/decision_points.hpp"
#include "controllers/schedule/weekly_window.hpp"

namespace patchwave::schedule {

/// The 50th and the 90th percentile.
struct Duration {
  milliseconds p50{0};
  milliseconds p90{0};
};

struct Durations {
  /// Once a system and session: draining, the restart, and looking whether it is well.
  Duration system{std::chrono::minutes(6), std::chrono::minutes(10)};
  /// More for each patch of the bundle.
  Duration patch{std::chrono::seconds(30), std::chrono::minutes(1)};
};

struct Group {
  std::string name;
  int count = 1;    ///< Systems.
  int at_once = 1;  ///< Systems that may be out at the same time; at least 1.
  std::optional<risk::HumanImpact> criticality;
  std::optional<risk::SystemExposure> exposure;
  std::string zone_name;
  cctz::time_zone zone;
  std::vector<WeeklyWindow> windows;
  std::vector<Denial> denials;
  std::string calendar;  ///< File of more windows; "": none. Whoever reads files adds them to `dated`.
  Dated dated;
  Durations durations;
  bool known = true;  ///< False for one that only patches name.
};

struct Environment {
  Date as_of;
  int horizon_days = 30;
  std::string zone_name;
  cctz::time_zone zone;
  std::vector<Group> groups;
  std::size_t top = 15;   ///< Patches that go first.
  std::size_t waves = 3;  ///< That the rest is divided into.
  /// What a failed patch costs, as a share of what a compromise of the same system would.
  double failure_cost = 0.02;
  std::vector<std::string> assumptions;  ///< What nobody stated, in sentences.
};

/// JSON:
///   asOf                       a date: its local midnight is when the plan is made
///   horizonDays, topN, waves   30, 15 and 3 when not given
///   timezone                   IANA name, Etc/UTC when not given; also of a group
///   durations                  {system: {p50, p90}, patch: {p50, p90}}, as "10m"; also of a group
///   deny                       [{from, to, reason}], local times or dates; also of a group
///   failureCostPercent         see Environment::failure_cost
///   assetGroups                name, count, window (one or a list), and maybe criticality, exposure,
///   calendar,
///                              capacity (systems at once), minAvailable (a count or "80%")
/// Protocol: no JSON. Invalid names field, value and what is allowed.
Result<Environment> parse_environment(std::string_view text);

/// A group that patches name and the environment lacks: it has no windows.
Group unknown_group(const Environment& environment, std::string name);

}  // namespace patchwave::schedule
