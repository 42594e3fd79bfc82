#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <filesystem>
#include <ostream>

#include "controllers/calendar/print.hpp"
#include "controllers/schedule/calendars.hpp"
#include "controllers/schedule/local_time.hpp"
#include "operator/cli/files.hpp"
#include "operator/cli/ranking.hpp"
#include "operator/cli/table.hpp"
#include "operator/cli/verbs.hpp"

namespace patchwave::cli {
namespace {

using calendar::MonthPlan;
using schedule::format_local_time;

void warn(Environment& environment, std::string_view file, std::string_view unit,
          const intel::SetAside& set_aside) {
  for (const auto& row : set_aside.rows)
    environment.err << "warning: " << file << ": " << unit << " " << row.line << ": " << row.reason << "\n";
  if (set_aside.count > set_aside.rows.size())
    environment.err << "warning: " << file << ": " << set_aside.count - set_aside.rows.size() << " more\n";
}

void warn_of_patches(Environment& environment, const std::string& file, const intel::PatchList& list) {
  if (!list.missing_columns.empty()) {
    environment.err << "note: " << file << ": columns that are not there: "
                    << fmt::format("{}", fmt::join(list.missing_columns, ", ")) << "\n";
  }
  if (list.later > 0)
    environment.err << "note: " << file << ": " << list.later
                    << " patches are of a later day and are left out\n";
  if (list.disagreements > 0) {
    environment.err << "note: " << file << ": " << list.disagreements
                    << " CVSS scores are not those of their vectors; the vectors count\n";
  }
  warn(environment, file, "line", list.set_aside);
}

Result<icalendar::Calendar> read_calendar(Environment& environment, const std::string& path) {
  return with_text(environment, "calendar", path,
                   [](const std::string& text) { return icalendar::parse_calendar(text); });
}

void say_how_many(Environment& environment, const std::string& path, std::size_t count, std::string_view what,
                  int days) {
  environment.err << fmt::format("note: {}: {} {} in {} days\n", path, count, what, days);
}

/// A group's calendar is looked for beside the environment.
Result<void> add_calendars(Environment& environment, const PlanFiles& files, schedule::Environment& fleet) {
  const auto beside = std::filesystem::path(files.environment).parent_path();
  for (auto& group : fleet.groups) {
    if (group.calendar.empty()) continue;
    const std::string path = (beside / group.calendar).string();
    const auto calendar = read_calendar(environment, path);
    if (!calendar) return fail(calendar.error().within("group " + group.name));
    const auto added = schedule::add_windows(fleet, group, *calendar);
    if (!added) return fail(added.error().within("calendar " + path));
    say_how_many(environment, path, *added, "windows of " + group.name, fleet.horizon_days);
  }
  for (const auto& path : files.freezes) {
    const auto calendar = read_calendar(environment, path);
    if (!calendar) return fail(calendar.error());
    const auto added = schedule::add_freezes(fleet, *calendar);
    if (!added) return fail(added.error().within("calendar " + path));
    say_how_many(environment, path, *added, "freezes", fleet.horizon_days);
  }
  return {};
}

Result<MonthPlan> read_plan(Environment& environment, const Options& options) {
  const PlanFiles& files = options.plan;
  std::vector<std::string> all = {files.patches, files.environment, files.known_issues,
                                  options.ranking.model};
  all.insert(all.end(), files.freezes.begin(), files.freezes.end());
  const auto single = check_standard_input(all);
  if (!single) return fail(single.error());
  auto fleet = with_text(environment, "environment", files.environment,
                         [](const std::string& text) { return schedule::parse_environment(text); });
  if (!fleet) return fail(fleet.error());
  if (const auto added = add_calendars(environment, files, *fleet); !added) return fail(added.error());
  auto list = with_text(environment, "patches", files.patches,
                        [&](const std::string& text) { return intel::parse_patch_list(text, fleet->as_of); });
  if (!list) return fail(list.error());
  warn_of_patches(environment, files.patches, *list);
  intel::KnownIssues issues;
  if (!files.known_issues.empty()) {
    auto read = with_text(environment, "known issues", files.known_issues,
                          [](const std::string& text) { return intel::parse_known_issues(text); });
    if (!read) return fail(read.error());
    warn(environment, files.known_issues, "entry", read->set_aside);
    issues = std::move(*read);
  } else {
    environment.err << "note: no --known-issues: none counts as known\n";
  }
  const auto model = load_model(environment, options.ranking.model);
  if (!model) return fail(model.error());
  return calendar::make_month_plan(std::move(list->rows), std::move(*fleet), issues, *model,
                                   {options.deadlines, {}});
}

std::string due_of(const MonthPlan& plan, std::size_t patch) {
  const auto& due = plan.patches[patch].due;
  return due ? format_local_time(plan.group_of(patch).zone, *due) : "<none>";
}

std::string table_of_sessions(const MonthPlan& plan, bool with_headings) {
  Table table({"SESSION", "GROUP", "START", "OVER BY (90 %)", "WINDOW", "PATCHES", "FIRST"});
  for (const auto& session : calendar::sessions_of(plan)) {
    const schedule::Group& group = plan.environment.groups[session.group];
    table.add({schedule::wave_name(session.wave), group.name, format_local_time(group.zone, session.start),
               format_local_time(group.zone, session.end90), session.opening.window,
               std::to_string(session.patches.size()), plan.rows[session.patches.front()].name});
  }
  return table.print(with_headings);
}

std::string table_of_top(const MonthPlan& plan, bool with_headings) {
  Table table({"RANK", "PATCH", "CVE", "GROUP", "DUE", "WHY"});
  for (const auto patch : calendar::patches_of(plan, schedule::kTopWave)) {
    const intel::PatchRow& row = plan.rows[patch];
    table.add({std::to_string(plan.schedule.entries[patch].rank), row.name, row.finding.id, row.group,
               due_of(plan, patch), calendar::risk_reason(plan, patch)});
  }
  return table.print(with_headings);
}

template <class Remarks>
std::string table_of_remarks(const MonthPlan& plan, std::string_view heading, const Remarks& remarks,
                             bool with_headings) {
  if (remarks.empty()) return "";
  Table table({std::string(heading), "GROUP", "WHY"});
  for (const auto& remark : remarks)
    table.add({plan.rows[remark.patch].name, plan.rows[remark.patch].group, remark.reason});
  return "\n" + table.print(with_headings);
}

std::vector<schedule::Remark> unscheduled(const MonthPlan& plan) {
  std::vector<schedule::Remark> remarks;
  for (const auto patch : plan.schedule.order) {
    const schedule::Entry& entry = plan.schedule.entries[patch];
    if (!entry.placement) remarks.push_back({patch, entry.reason});
  }
  return remarks;
}

void print_tables(std::ostream& out, const MonthPlan& plan, bool with_headings) {
  const schedule::Schedule& schedule = plan.schedule;
  out << table_of_sessions(plan, with_headings) << "\n"
      << table_of_top(plan, with_headings)
      << table_of_remarks(plan, "EMERGENCY", schedule.emergencies, with_headings)
      << table_of_remarks(plan, "TEST LONGER", schedule.extended_testing, with_headings)
      << table_of_remarks(plan, "FAST TRACK", schedule.fast_track, with_headings)
      << table_of_remarks(plan, "NOT SCHEDULED", unscheduled(plan), with_headings) << "\n"
      << calendar::exposure_in_words(plan) << "\n";
}

}  // namespace

Result<int> plan_month(Environment& environment, const Options& options) {
  switch (options.format) {
    case Format::Table:
    case Format::Json:
    case Format::Markdown:
    case Format::Icalendar:
    case Format::Html:
      break;
    default:
      return fail(ErrorKind::Invalid, "plan prints table, json, markdown, ics or html");
  }
  const Result<MonthPlan> plan = read_plan(environment, options);
  if (!plan) return fail(plan.error());
  switch (options.format) {
    case Format::Json:
      environment.out << print_json_pretty(computed("Plan", calendar::print_json(*plan))) << "\n";
      break;
    case Format::Markdown:
      environment.out << calendar::print_markdown(*plan);
      break;
    case Format::Icalendar:
      environment.out << calendar::print_icalendar(*plan);
      break;
    case Format::Html:
      environment.out << calendar::print_html(*plan);
      break;
    default:
      print_tables(environment.out, *plan, !options.no_headers);
  }
  return exit_code::kOk;
}

}  // namespace patchwave::cli
