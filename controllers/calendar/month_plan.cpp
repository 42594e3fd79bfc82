#include "controllers/calendar/month_plan.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <map>
#include <tuple>

#include "controllers/intel/feeds.hpp"
#include "controllers/risk/evidence.hpp"
#include "controllers/risk/reason.hpp"
#include "controllers/schedule/emergencies.hpp"
#include "controllers/schedule/local_time.hpp"
#include "controllers/schedule/precedence.hpp"

namespace patchwave::calendar {
namespace {

constexpr std::size_t kLeastFactors = 3;
/// Less than a tenth more or less is not worth a word.
constexpr double kLeastContribution = 0.095;

/// Indices of groups by name; groups that only patches name are added.
class Groups {
 public:
  explicit Groups(schedule::Environment& environment) : environment_(environment) {
    for (std::size_t i = 0; i < environment.groups.size(); ++i) index_[environment.groups[i].name] = i;
  }

  std::size_t find_or_add(const std::string& name) {
    const auto [found, is_new] = index_.try_emplace(name, environment_.groups.size());
    if (is_new) environment_.groups.push_back(schedule::unknown_group(environment_, name));
    return found->second;
  }

 private:
  schedule::Environment& environment_;
  std::map<std::string, std::size_t> index_;
};

schedule::Patch to_patch(const intel::PatchRow& row, std::size_t index, const schedule::Group& group,
                         const risk::Assessment& assessment, Date as_of, std::string known_issue) {
  schedule::Patch patch;
  patch.name = row.name;
  patch.group = index;
  patch.affected = row.affected == 0 ? group.count : row.affected;
  if (group.known) patch.affected = std::min(patch.affected, group.count);
  patch.place = risk::place_of(assessment);
  patch.due = schedule::due_time(group.zone, row.detected.value_or(as_of), assessment.deadline);
  patch.vendor = row.vendor;
  patch.product = row.product;
  patch.known_issue = std::move(known_issue);
  return patch;
}

Result<schedule::Precedence> precedence_of(const std::vector<intel::PatchRow>& rows) {
  std::vector<std::string> names;
  std::vector<std::vector<std::string>> after;
  for (const auto& row : rows) {
    names.push_back(row.name);
    after.push_back(row.after);
  }
  return schedule::resolve_precedence(names, after);
}

void add_assumptions(schedule::Environment& environment) {
  auto& assumptions = environment.assumptions;
  assumptions.emplace_back(
      "which systems a patch affects is not told, only how many: the first ones of its group are meant");
  assumptions.push_back(
      fmt::format("an emergency takes {} hours to be approved", schedule::kApprovalTime.count()));
}

}  // namespace

Result<MonthPlan> make_month_plan(std::vector<intel::PatchRow> rows, schedule::Environment environment,
                                  const intel::KnownIssues& issues, const risk::ThreatModel& model,
                                  const risk::Rules& rules) {
  auto precedence = precedence_of(rows);
  if (!precedence) return fail(precedence.error());
  MonthPlan plan;
  plan.environment = std::move(environment);
  plan.rules = rules;
  plan.model = model.name;
  const Date as_of = plan.environment.as_of;
  Groups groups(plan.environment);
  for (auto& row : rows) {
    const std::size_t index = groups.find_or_add(row.group);
    const schedule::Group& group = plan.environment.groups[index];
    risk::Finding& finding = row.finding.finding;
    finding.exposure = group.exposure;
    finding.criticality = group.criticality;
    intel::enrich(row.finding, {}, model, as_of);
    plan.assessments.push_back(risk::assess(model, rules, finding, as_of));
    plan.patches.push_back(
        to_patch(row, index, group, plan.assessments.back(), as_of, intel::issues_of(issues, row)));
    plan.patches.back().after = std::move((*precedence)[plan.rows.size()]);
    plan.rows.push_back(std::move(row));
  }
  add_assumptions(plan.environment);
  plan.schedule = schedule::make_schedule(plan.environment, plan.patches);
  return plan;
}

std::vector<Session> sessions_of(const MonthPlan& plan) {
  std::map<std::tuple<Time, std::size_t>, Session> sessions;
  for (const auto patch : plan.schedule.order) {
    const schedule::Entry& entry = plan.schedule.entries[patch];
    if (!entry.placement) continue;
    const auto& [slot, opening, late] = *entry.placement;
    const std::size_t group = plan.patches[patch].group;
    auto& session = sessions
                        .try_emplace({opening.interval.begin, group},
                                     Session{entry.wave, group, opening, slot.start, slot.end90, {}})
                        .first->second;
    session.start = std::min(session.start, slot.start);
    session.end90 = std::max(session.end90, slot.end90);
    session.patches.push_back(patch);
  }
  std::vector<Session> result;
  for (auto& [key, session] : sessions) result.push_back(std::move(session));
  return result;
}

std::vector<std::size_t> patches_of(const MonthPlan& plan, std::size_t wave) {
  std::vector<std::size_t> patches;
  for (const auto patch : plan.schedule.order) {
    if (plan.schedule.entries[patch].wave == wave) patches.push_back(patch);
  }
  return patches;
}

std::vector<FactorView> factors_of(const MonthPlan& plan, std::size_t patch) {
  const auto& contributions = plan.assessments[patch].contributions;
  std::vector<std::size_t> order;
  for (std::size_t i = 0; i < risk::kFactors; ++i) {
    const auto factor = static_cast<risk::Factor>(i);
    // These two say nothing of the patch itself.
    if (factor != risk::Factor::Base && factor != risk::Factor::Limit) order.push_back(i);
  }
  std::ranges::stable_sort(order, std::ranges::greater(),
                           [&](std::size_t i) { return std::abs(contributions[i]); });
  std::vector<FactorView> factors;
  for (const auto i : order) {
    if (factors.size() >= kLeastFactors && std::abs(contributions[i]) < kLeastContribution) break;
    const auto factor = static_cast<risk::Factor>(i);
    factors.push_back({risk::to_string(factor), contributions[i],
                       risk::evidence(factor, plan.rows[patch].finding.finding, plan.environment.as_of)});
  }
  return factors;
}

std::string patches_in_words(std::size_t count) {
  return fmt::format("{} patch{}", count, count == 1 ? "" : "es");
}

std::string exposure_in_words(const MonthPlan& plan) {
  const schedule::Exposure& exposure = plan.schedule.exposure;
  return fmt::format(
      "Until what is planned begins, a loss of {:.3g} is expected, in the unit of scores; no plan with these "
      "waves "
      "is below {:.3g}, so {:.1f} % could be saved at most.",
      exposure.planned, exposure.bound, 100 * exposure.gap());
}

std::string risk_reason(const MonthPlan& plan, std::size_t patch) {
  const risk::Assessment& assessment = plan.assessments[patch];
  const auto& due = plan.patches[patch].due;
  return fmt::format(
      "{}{}: {}", risk::to_string(assessment.deadline),
      due ? fmt::format(", due {}", schedule::format_local_time(plan.group_of(patch).zone, *due)) : "",
      risk::reason(plan.rows[patch].finding.finding, assessment, plan.environment.as_of));
}

std::string justification(const MonthPlan& plan, std::size_t patch) {
  return fmt::format("{}. {}.", risk_reason(plan, patch), plan.schedule.entries[patch].reason);
}

}  // namespace patchwave::calendar
