// A month's plan: a patch list and an environment, judged as a ranking of findings is, and scheduled.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "controllers/intel/known_issues.hpp"
#include "controllers/intel/patch_list.hpp"
#include "controllers/schedule/schedule.hpp"

namespace patchwave::calendar {

/// Everything that is about one patch has the same index.
struct MonthPlan {
  schedule::Environment environment;  ///< With the groups that only patches name.
  risk::Rules rules;
  std::string model;  ///< The name of the threat model.
  std::vector<intel::PatchRow> rows;
  std::vector<risk::Assessment> assessments;
  std::vector<schedule::Patch> patches;
  schedule::Schedule schedule;

  [[nodiscard]] const schedule::Group& group_of(std::size_t patch) const {
    return environment.groups[patches[patch].group];
  }
};

/// Invalid names patches that come after one that is not in the list, or after themselves.
Result<MonthPlan> make_month_plan(std::vector<intel::PatchRow> rows, schedule::Environment environment,
                                  const intel::KnownIssues& issues, const risk::ThreatModel& model,
                                  const risk::Rules& rules);

/// Patches that a group does together.
struct Session {
  std::size_t wave = schedule::kTopWave;
  std::size_t group = 0;
  schedule::Opening opening;
  Time start;
  Time end90;
  std::vector<std::size_t> patches;  ///< By rank.
};
/// By start, then by group.
std::vector<Session> sessions_of(const MonthPlan& plan);
/// The patches of a wave, by rank.
std::vector<std::size_t> patches_of(const MonthPlan& plan, std::size_t wave);

struct FactorView {
  std::string_view name;
  double contribution = 0;  ///< To ln(score).
  std::string evidence;
};
/// The heaviest first: those that make a tenth of difference, and never fewer than three.
std::vector<FactorView> factors_of(const MonthPlan& plan, std::size_t patch);

/// "1 patch", "14 patches".
std::string patches_in_words(std::size_t count);

/// What is lost until everything is done, and how far from the best plan that is.
std::string exposure_in_words(const MonthPlan& plan);

/// By when, why, and why it is where it is: a sentence for each.
std::string justification(const MonthPlan& plan, std::size_t patch);
/// Only what it matters for.
std::string risk_reason(const MonthPlan& plan, std::size_t patch);

}  // namespace patchwave::calendar
