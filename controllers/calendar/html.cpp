#include <fmt/format.h>

#include <array>
#include <initializer_list>
#include <map>
#include <span>

#include "controllers/calendar/print.hpp"
#include "controllers/schedule/local_time.hpp"

namespace patchwave::calendar {
namespace {

using schedule::format_local_time;

constexpr std::array<std::string_view, 7> kWeekdays = {"Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"};
constexpr std::string_view kHead = R"(<!DOCTYPE html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Patch plan</title>
<style>
body { font: 15px/1.45 system-ui, sans-serif; color: #1d2733; margin: 2rem auto; max-width: 78rem; padding: 0 1rem; }
h1 { font-size: 1.6rem; margin-bottom: .2rem; }
h2 { font-size: 1.15rem; margin-top: 2rem; }
body * { overflow-wrap: anywhere; }
table { border-collapse: collapse; width: 100%; table-layout: fixed; }
th, td { border-bottom: 1px solid #d9e0e7; padding: .35rem .5rem; text-align: left; vertical-align: top; }
th { font-weight: 600; background: #f3f6f9; }
.patches th:nth-child(1) { width: 4%; }
.patches th:nth-child(2), .patches th:nth-child(3) { width: 14%; }
.patches th:nth-child(5), .patches th:nth-child(6), .patches th:nth-child(7) { width: 15%; }
.patches td { border-bottom: 0; }
.patches .why td { border-bottom: 1px solid #d9e0e7; padding: 0 .5rem .6rem; color: #5b6875; font-size: .87rem; }
.remarks th:nth-child(1), .remarks th:nth-child(2) { width: 17%; }
.month { display: grid; grid-template-columns: repeat(7, minmax(0, 1fr)); gap: 1px; background: #d9e0e7; border: 1px solid #d9e0e7; }
.day { background: #fff; min-height: 5rem; padding: .3rem; }
.day.out { background: #f3f6f9; }
.name { background: #f3f6f9; padding: .3rem; font-weight: 600; }
.date { color: #5b6875; font-size: .85rem; }
.weekday { display: none; }
.session { border-left: 4px solid #3b6fb5; background: #e8f0fa; margin-top: .25rem; padding: .1rem .3rem; font-size: .82rem; }
.session.top { border-color: #b5433b; background: #fbeae8; }
.emergency { border-left: 4px dashed #b5433b; margin-top: .25rem; padding: .1rem .3rem; font-size: .82rem; }
summary { cursor: pointer; font-weight: 600; padding: .3rem 0; }
.quiet { color: #5b6875; }
@media (max-width: 45rem) {
  body { margin-top: 1rem; }
  h1 { font-size: 1.3rem; }
  .month, table, tbody, tr, td { display: block; }
  .name, .day.free, .heads { display: none; }
  .day { min-height: 0; border-bottom: 1px solid #d9e0e7; }
  .weekday { display: inline; }
  tr { border-bottom: 1px solid #d9e0e7; padding: .4rem 0; }
  td, .patches .why td { border: 0; padding: .05rem 0; }
  .patches tr:not(.why) { border: 0; padding-bottom: 0; }
  .patches .why { padding-top: 0; }
  td[data-label]::before { content: attr(data-label) ": "; color: #5b6875; }
  ul { padding-left: 1.2rem; }
}
@media print { details:not([open]) > *:not(summary) { display: block; } body { max-width: none; margin: 0; } }
</style>
</head>
<body>
)";

std::string escape(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    switch (letter) {
      case '&':
        result += "&amp;";
        break;
      case '<':
        result += "&lt;";
        break;
      case '>':
        result += "&gt;";
        break;
      case '"':
        result += "&quot;";
        break;
      default:
        result += letter;
    }
  }
  return result;
}

using Names = std::span<const std::string_view>;
using Cells = std::initializer_list<std::string>;

void add_heads(std::string& out, Names names) {
  out += "<tr class=\"heads\">";
  for (const auto name : names) out += fmt::format("<th>{}</th>", name);
  out += "</tr>\n";
}

/// Each cell has its head's name with it, for screens that have no room for columns.
void add_row(std::string& out, Names names, Cells cells) {
  out += "<tr>";
  for (std::size_t i = 0; i < cells.size(); ++i)
    out += fmt::format("<td data-label=\"{}\">{}</td>", names[i], escape(cells.begin()[i]));
  out += "</tr>\n";
}

cctz::civil_day day_of(const cctz::time_zone& zone, Time time) {
  return cctz::civil_day(cctz::convert(std::chrono::floor<seconds>(time), zone));
}

std::string hours_of(const cctz::time_zone& zone, Time from, Time to) {
  const auto hour = [&](Time time) { return cctz::format("%H:%M", std::chrono::floor<seconds>(time), zone); };
  return hour(from) + "–" + hour(to);
}

/// What stands on a day, each on the calendar of its group's zone.
std::map<cctz::civil_day, std::string> entries_of(const MonthPlan& plan) {
  std::map<cctz::civil_day, std::string> days;
  for (const auto& [patch, slot, reason] : plan.schedule.emergencies) {
    if (!slot) continue;
    const auto& zone = plan.group_of(patch).zone;
    days[day_of(zone, slot->start)] +=
        fmt::format("<div class=\"emergency\">{} if approved: {}</div>\n",
                    hours_of(zone, slot->start, slot->end90), escape(plan.rows[patch].name));
  }
  for (const auto& session : sessions_of(plan)) {
    const schedule::Group& group = plan.environment.groups[session.group];
    days[day_of(group.zone, session.start)] += fmt::format(
        "<div class=\"session{}\">{}<br>{}: {}, {}</div>\n", session.wave == schedule::kTopWave ? " top" : "",
        hours_of(group.zone, session.start, session.end90), escape(group.name),
        schedule::wave_name(session.wave), patches_in_words(session.patches.size()));
  }
  return days;
}

void add_month(std::string& out, const MonthPlan& plan) {
  const auto days = entries_of(plan);
  const cctz::civil_day first = schedule::civil_day_of(plan.environment.as_of);
  const cctz::civil_day end = first + plan.environment.horizon_days;
  const auto before = static_cast<int>(cctz::get_weekday(first));
  out += "<h2>Calendar</h2>\n<div class=\"month\">\n";
  for (const auto name : kWeekdays) out += fmt::format("<div class=\"name\">{}</div>\n", name);
  for (cctz::civil_day day = first - before; day < end || cctz::get_weekday(day) != cctz::weekday::monday;
       ++day) {
    const auto found = days.find(day);
    out += fmt::format(
        "<div class=\"day{}{}\"><div class=\"date\"><span class=\"weekday\">{} "
        "</span>{}-{:02}-{:02}</div>\n{}</div>\n",
        day < first || day >= end ? " out" : "", found == days.end() ? " free" : "",
        kWeekdays.at(static_cast<std::size_t>(cctz::get_weekday(day))), day.year(), day.month(), day.day(),
        found == days.end() ? "" : found->second);
  }
  out += "</div>\n";
}

std::string start_of(const MonthPlan& plan, std::size_t patch) {
  const auto& placement = plan.schedule.entries[patch].placement;
  return placement ? format_local_time(plan.group_of(patch).zone, placement->slot.start) : "not scheduled";
}

std::string due_of(const MonthPlan& plan, std::size_t patch) {
  const auto& due = plan.patches[patch].due;
  return due ? format_local_time(plan.group_of(patch).zone, *due) : "none";
}

void add_patches(std::string& out, const MonthPlan& plan, std::size_t wave) {
  const auto patches = patches_of(plan, wave);
  out += fmt::format("<details{}><summary>{}: {}</summary>\n<table class=\"patches\">\n",
                     wave == schedule::kTopWave ? " open" : "", schedule::wave_name(wave),
                     patches_in_words(patches.size()));
  static constexpr std::array<std::string_view, 7> kNames = {"Rank",  "Patch", "CVE",  "Product",
                                                             "Group", "Due",   "Start"};
  add_heads(out, kNames);
  for (const auto patch : patches) {
    const intel::PatchRow& row = plan.rows[patch];
    add_row(out, kNames,
            {std::to_string(plan.schedule.entries[patch].rank), row.name, row.finding.id, row.product,
             row.group, due_of(plan, patch), start_of(plan, patch)});
    out += fmt::format("<tr class=\"why\"><td colspan=\"{}\">{}</td></tr>\n", kNames.size(),
                       escape(justification(plan, patch)));
  }
  out += "</table>\n</details>\n";
}

template <class Remarks>
void add_remarks(std::string& out, const MonthPlan& plan, std::string_view title, const Remarks& remarks) {
  if (remarks.empty()) return;
  out += fmt::format("<h2>{}</h2>\n<table class=\"remarks\">\n", title);
  static constexpr std::array<std::string_view, 3> kNames = {"Patch", "Group", "Why"};
  add_heads(out, kNames);
  for (const auto& remark : remarks)
    add_row(out, kNames, {plan.rows[remark.patch].name, plan.rows[remark.patch].group, remark.reason});
  out += "</table>\n";
}

}  // namespace

std::string print_html(const MonthPlan& plan) {
  std::string out(kHead);
  out += fmt::format(
      "<h1>Patches from {} on</h1>\n<p class=\"quiet\">{} in {} days. Deadlines: {}. "
      "Threat model: "
      "{}. {}</p>\n",
      format_date(plan.environment.as_of), patches_in_words(plan.rows.size()), plan.environment.horizon_days,
      risk::to_string(plan.rules.deadlines), escape(plan.model), exposure_in_words(plan));
  add_month(out, plan);
  add_remarks(out, plan, "Emergencies, each for somebody to approve", plan.schedule.emergencies);
  out += "<h2>Waves</h2>\n";
  for (std::size_t wave = schedule::kTopWave; wave <= plan.environment.waves; ++wave)
    add_patches(out, plan, wave);
  add_remarks(out, plan, "To be tested longer", plan.schedule.extended_testing);
  add_remarks(out, plan, "Fast track", plan.schedule.fast_track);
  out += "<h2>What is assumed</h2>\n<ul>\n";
  for (const auto& sentence : plan.environment.assumptions)
    out += fmt::format("<li>{}</li>\n", escape(sentence));
  out += "</ul>\n</body>\n</html>\n";
  return out;
}

}  // namespace patchwave::calendar
