#include <algorithm>

#include "controllers/calendar/print.hpp"
#include "controllers/schedule/change.hpp"
#include "controllers/schedule/local_time.hpp"

namespace patchwave::calendar {
namespace {

using schedule::format_offset_time;

Json print_time(const schedule::Group& group, const std::optional<Time>& time) {
  return time ? Json(format_offset_time(group.zone, *time)) : Json(nullptr);
}

Json print_factors(const MonthPlan& plan, std::size_t patch) {
  Json factors = Json::array();
  for (const auto& factor : factors_of(plan, patch)) {
    factors.push_back(
        {{"name", factor.name}, {"contribution", factor.contribution}, {"evidence", factor.evidence}});
  }
  return factors;
}

/// What is true of a patch wherever it is.
Json print_patch(const MonthPlan& plan, std::size_t patch) {
  const intel::PatchRow& row = plan.rows[patch];
  const risk::Assessment& assessment = plan.assessments[patch];
  return {{"patch", row.name},
          {"cve", row.finding.id},
          {"group", row.group},
          {"affectedSystems", plan.patches[patch].affected},
          {"after", row.after},
          {"rank", plan.schedule.entries[patch].rank},
          {"deadlineClass", risk::to_string(assessment.deadline)},
          {"due", print_time(plan.group_of(patch), plan.patches[patch].due)},
          {"score", assessment.score},
          {"probability", assessment.probability},
          {"reason", justification(plan, patch)},
          {"factors", print_factors(plan, patch)}};
}

Json print_item(const MonthPlan& plan, std::size_t patch) {
  const intel::PatchRow& row = plan.rows[patch];
  Json item = print_patch(plan, patch);
  item["wave"] = schedule::wave_name(plan.schedule.entries[patch].wave);
  item["vendor"] = row.vendor;
  item["product"] = row.product;
  item["changes"] = schedule::to_string(schedule::change_kind(row.vendor, row.product));
  item["columns"] = row.other;
  return item;
}

Json print_placement(const MonthPlan& plan, std::size_t patch) {
  const schedule::Entry& entry = plan.schedule.entries[patch];
  const schedule::Group& group = plan.group_of(patch);
  const auto& [slot, opening, late] = *entry.placement;
  return {{"patch", plan.rows[patch].name},
          {"group", group.name},
          {"wave", schedule::wave_name(entry.wave)},
          {"start", format_offset_time(group.zone, slot.start)},
          {"end50", format_offset_time(group.zone, slot.end50)},
          {"end90", format_offset_time(group.zone, slot.end90)},
          {"window", opening.window},
          {"windowStart", format_offset_time(group.zone, opening.interval.begin)},
          {"windowEnd", format_offset_time(group.zone, opening.interval.end)},
          {"late", late},
          {"reason", justification(plan, patch)},
          {"factors", print_factors(plan, patch)}};
}

Json print_calendar(const MonthPlan& plan) {
  Json calendar = Json::array();
  for (const auto& session : sessions_of(plan)) {
    for (const auto patch : session.patches) calendar.push_back(print_placement(plan, patch));
  }
  return calendar;
}

Json print_waves(const MonthPlan& plan) {
  Json waves = Json::array();
  for (std::size_t wave = 1; wave <= plan.environment.waves; ++wave) {
    Json items = Json::array();
    for (const auto patch : patches_of(plan, wave)) items.push_back(plan.rows[patch].name);
    waves.push_back({{"name", schedule::wave_name(wave)}, {"items", std::move(items)}});
  }
  return waves;
}

Json print_emergencies(const MonthPlan& plan) {
  Json emergencies = Json::array();
  for (const auto& [patch, slot, reason] : plan.schedule.emergencies) {
    const schedule::Group& group = plan.group_of(patch);
    emergencies.push_back({{"patch", plan.rows[patch].name},
                           {"group", group.name},
                           {"due", print_time(group, plan.patches[patch].due)},
                           {"start", slot ? print_time(group, slot->start) : Json(nullptr)},
                           {"end90", slot ? print_time(group, slot->end90) : Json(nullptr)},
                           {"needsApproval", true},
                           {"reason", risk_reason(plan, patch) + ". " + reason + "."}});
  }
  return emergencies;
}

Json print_remarks(const MonthPlan& plan, const std::vector<schedule::Remark>& remarks) {
  Json list = Json::array();
  for (const auto& [patch, reason] : remarks)
    list.push_back({{"patch", plan.rows[patch].name}, {"reason", reason}});
  return list;
}

}  // namespace

Json print_json(const MonthPlan& plan) {
  Json top = Json::array();
  Json items = Json::array();
  Json unscheduled = Json::array();
  for (const auto patch : plan.schedule.order) {
    const schedule::Entry& entry = plan.schedule.entries[patch];
    if (entry.wave == schedule::kTopWave) top.push_back(print_patch(plan, patch));
    items.push_back(print_item(plan, patch));
    if (!entry.placement) {
      unscheduled.push_back({{"patch", plan.rows[patch].name},
                             {"wave", schedule::wave_name(entry.wave)},
                             {"reason", entry.reason}});
    }
  }
  return {{"asOf", format_date(plan.environment.as_of)},
          {"horizonDays", plan.environment.horizon_days},
          {"timezone", plan.environment.zone_name},
          {"deadlines", risk::to_string(plan.rules.deadlines)},
          {"model", plan.model},
          {"exposure",
           {{"planned", plan.schedule.exposure.planned},
            {"lowerBound", plan.schedule.exposure.bound},
            {"gap", plan.schedule.exposure.gap()},
            {"listSchedule", plan.schedule.exposure.list}}},
          {"assumptions", plan.environment.assumptions},
          {"top", std::move(top)},
          {"waves", print_waves(plan)},
          {"calendar", print_calendar(plan)},
          {"emergencies", print_emergencies(plan)},
          {"extendedTesting", print_remarks(plan, plan.schedule.extended_testing)},
          {"fastTrack", print_remarks(plan, plan.schedule.fast_track)},
          {"unscheduled", std::move(unscheduled)},
          {"items", std::move(items)}};
}

}  // namespace patchwave::calendar
