// RFC 5545: times in UTC (§3.3.5), text escaped (§3.3.11), lines of at most 75 octets (§3.1).
#include <fmt/format.h>

#include <cctype>

#include "controllers/calendar/print.hpp"
#include "controllers/schedule/local_time.hpp"

namespace patchwave::calendar {
namespace {

constexpr std::size_t kMostOctets = 75;

std::string escape(std::string_view text) {
  std::string result;
  for (const char letter : text) {
    if (letter == '\n') {
      result += "\\n";
    } else if (letter == '\\' || letter == ';' || letter == ',') {
      result += std::string("\\") + letter;
    } else if (static_cast<unsigned char>(letter) >= 0x20) {
      result += letter;
    }
  }
  return result;
}

bool continues_character(char byte) {
  return (static_cast<unsigned char>(byte) & 0xC0U) == 0x80U;
}

/// Folded between characters, never within one.
void add_line(std::string& out, std::string_view line) {
  std::size_t room = kMostOctets;
  while (line.size() > room) {
    std::size_t cut = room;
    while (cut > 1 && continues_character(line[cut])) --cut;
    out.append(line.substr(0, cut)).append("\r\n ");
    line.remove_prefix(cut);
    room = kMostOctets - 1;
  }
  out.append(line).append("\r\n");
}

std::string utc(Time time) {
  return cctz::format("%Y%m%dT%H%M%SZ", std::chrono::floor<seconds>(time), cctz::utc_time_zone());
}

/// Letters and digits of a name, the rest as %XX: the same name is the same, another one another.
std::string identifier(std::string_view name) {
  std::string result;
  for (const char letter : name) {
    const auto byte = static_cast<unsigned char>(letter);
    if (std::isalnum(byte) != 0) {
      result += letter;
    } else {
      result += fmt::format("%{:02X}", byte);
    }
  }
  return result;
}

struct Event {
  std::string uid;
  std::string summary;
  std::string description;
  Time start;
  Time end;
  bool tentative = false;
};

void add_event(std::string& out, const Event& event, Time stamp) {
  add_line(out, "BEGIN:VEVENT");
  add_line(out, "UID:" + event.uid + "@patchwave.dev");
  add_line(out, "DTSTAMP:" + utc(stamp));
  add_line(out, "DTSTART:" + utc(event.start));
  add_line(out, "DTEND:" + utc(event.end));
  add_line(out, "SUMMARY:" + escape(event.summary));
  add_line(out, "DESCRIPTION:" + escape(event.description));
  add_line(out, event.tentative ? "STATUS:TENTATIVE" : "STATUS:CONFIRMED");
  add_line(out, "END:VEVENT");
}

/// The time is part of its name: a session that moves is another event than the one it was.
Event event_of(const MonthPlan& plan, const Session& session) {
  const schedule::Group& group = plan.environment.groups[session.group];
  const std::string wave = schedule::wave_name(session.wave);
  Event event{fmt::format("{}.{}.{}", wave, identifier(group.name), utc(session.opening.interval.begin)),
              fmt::format("{}, {}: {}", group.name, wave, patches_in_words(session.patches.size())),
              fmt::format("Window {} ({})", session.opening.window, group.zone_name), session.start,
              session.end90};
  for (const auto patch : session.patches) {
    event.description += fmt::format("\n{} {}: {}", plan.rows[patch].name, plan.rows[patch].finding.id,
                                     justification(plan, patch));
  }
  return event;
}

}  // namespace

std::string print_icalendar(const MonthPlan& plan) {
  const Time stamp = schedule::midnight(plan.environment.zone, plan.environment.as_of);
  std::string out;
  add_line(out, "BEGIN:VCALENDAR");
  add_line(out, "VERSION:2.0");
  add_line(out, "PRODID:-//patchwave.dev//kubectl-patchwave//EN");
  add_line(out, "CALSCALE:GREGORIAN");
  for (const auto& session : sessions_of(plan)) add_event(out, event_of(plan, session), stamp);
  for (const auto& [patch, slot, reason] : plan.schedule.emergencies) {
    if (!slot) continue;
    const std::string& name = plan.rows[patch].name;
    add_event(
        out,
        {"emergency." + identifier(name), fmt::format("{}: {}, if approved", plan.group_of(patch).name, name),
         reason, slot->start, slot->end90, true},
        stamp);
  }
  add_line(out, "END:VCALENDAR");
  return out;
}

}  // namespace patchwave::calendar
