#include <fmt/format.h>

#include <initializer_list>
#include <iterator>

#include "controllers/calendar/print.hpp"
#include "controllers/schedule/local_time.hpp"

namespace patchwave::calendar {
namespace {

using schedule::format_local_time;
using Text = fmt::memory_buffer;

/// As text in a cell: nothing of it is markup.
std::string cell(std::string_view text) {
  constexpr std::string_view kMarkup = "\\`*_[]<>|#";
  std::string result;
  for (const char letter : text) {
    if (letter == '\n' || letter == '\r') {
      result += ' ';
      continue;
    }
    if (kMarkup.find(letter) != std::string_view::npos) result += '\\';
    result += letter;
  }
  return result;
}

void add(Text& text, std::string_view words) {
  text.append(words.data(), words.data() + words.size());
}

void add_row(Text& text, std::initializer_list<std::string> cells) {
  add(text, "|");
  for (const auto& each : cells) fmt::format_to(std::back_inserter(text), " {} |", cell(each));
  add(text, "\n");
}

void add_heading(Text& text, std::initializer_list<std::string> cells) {
  add_row(text, cells);
  add(text, "|");
  for (std::size_t i = 0; i < cells.size(); ++i) add(text, "---|");
  add(text, "\n");
}

std::string due_of(const MonthPlan& plan, std::size_t patch) {
  const auto& due = plan.patches[patch].due;
  return due ? format_local_time(plan.group_of(patch).zone, *due) : "none";
}

std::string start_of(const MonthPlan& plan, std::size_t patch) {
  const auto& placement = plan.schedule.entries[patch].placement;
  return placement ? format_local_time(plan.group_of(patch).zone, placement->slot.start) : "not scheduled";
}

void add_patches(Text& text, const MonthPlan& plan, std::size_t wave) {
  const auto patches = patches_of(plan, wave);
  fmt::format_to(std::back_inserter(text), "\n## {}: {}\n\n", schedule::wave_name(wave),
                 patches_in_words(patches.size()));
  if (patches.empty()) return;
  add_heading(text, {"Rank", "Patch", "CVE", "Product", "Group", "Due", "Start", "Why"});
  for (const auto patch : patches) {
    const intel::PatchRow& row = plan.rows[patch];
    add_row(text, {std::to_string(plan.schedule.entries[patch].rank), row.name, row.finding.id, row.product,
                   row.group, due_of(plan, patch), start_of(plan, patch), justification(plan, patch)});
  }
}

void add_sessions(Text& text, const MonthPlan& plan) {
  add(text, "\n## Calendar\n\n");
  add_heading(text, {"Session", "Group", "Start", "Over by (90 %)", "Window", "Patches"});
  for (const auto& session : sessions_of(plan)) {
    const schedule::Group& group = plan.environment.groups[session.group];
    add_row(text, {schedule::wave_name(session.wave), group.name,
                   format_local_time(group.zone, session.start), format_local_time(group.zone, session.end90),
                   session.opening.window, std::to_string(session.patches.size())});
  }
}

template <class Remarks>
void add_remarks(Text& text, const MonthPlan& plan, std::string_view title, const Remarks& remarks) {
  if (remarks.empty()) return;
  fmt::format_to(std::back_inserter(text), "\n## {}\n\n", title);
  add_heading(text, {"Patch", "Group", "Why"});
  for (const auto& remark : remarks)
    add_row(text, {plan.rows[remark.patch].name, plan.rows[remark.patch].group, remark.reason});
}

}  // namespace

std::string print_markdown(const MonthPlan& plan) {
  Text text;
  fmt::format_to(std::back_inserter(text),
                 "# Patches from {} on\n\n{} in {} days. Deadlines: {}. Threat model: {}. {}\n",
                 format_date(plan.environment.as_of), patches_in_words(plan.rows.size()),
                 plan.environment.horizon_days, risk::to_string(plan.rules.deadlines), cell(plan.model),
                 exposure_in_words(plan));
  add_sessions(text, plan);
  add_remarks(text, plan, "Emergencies, each for somebody to approve", plan.schedule.emergencies);
  for (std::size_t wave = schedule::kTopWave; wave <= plan.environment.waves; ++wave)
    add_patches(text, plan, wave);
  add_remarks(text, plan, "To be tested longer", plan.schedule.extended_testing);
  add_remarks(text, plan, "Fast track", plan.schedule.fast_track);
  add(text, "\n## What is assumed\n\n");
  for (const auto& sentence : plan.environment.assumptions)
    fmt::format_to(std::back_inserter(text), "- {}\n", cell(sentence));
  return fmt::to_string(text);
}

}  // namespace patchwave::calendar
