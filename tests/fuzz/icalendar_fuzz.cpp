// Calendars: however lines are folded and ended, a text is the same calendar; and what must not be touched
// covers what may be.
#include <string>

#include "controllers/icalendar/calendar.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using namespace patchwave::icalendar;
using fuzz::expect;

/// Every line ends with CRLF and is folded behind its first byte.
std::string written_otherwise(const std::vector<ContentLine>& lines) {
  std::string text;
  for (const auto& line : lines) {
    text += line.name.substr(0, 1) + "\r\n\t" + line.name.substr(1);
    for (const auto& [name, value] : line.parameters) text += ";" + name + "=\"" + value + "\"";
    text += ":" + line.value + "\r\n";
  }
  return text;
}

void check_writing(std::string_view text, const Calendar& calendar) {
  const auto again = parse_calendar(written_otherwise(parse_content_lines(text).value()));
  // What is folded is longer.
  if (!again && again.error().kind == ErrorKind::TooLarge) return;
  expect(again && again->size() == calendar.size(), "folding changes no event");
  for (std::size_t i = 0; i < calendar.size(); ++i) {
    const Event& event = calendar[i];
    const Event& other = (*again)[i];
    expect(event.summary == other.summary && event.start.local == other.start.local &&
               event.except.size() == other.except.size() && event.rule.has_value() == other.rule.has_value(),
           "folding changes nothing of an event");
  }
}

void check_occurrences(const Calendar& calendar, const cctz::time_zone& zone) {
  const plan::Interval span{instant(zone, cctz::civil_second(2024, 3, 1)),
                            instant(zone, cctz::civil_second(2024, 4, 15))};
  const auto widest = occurrences(calendar, zone, span, Reading::Widest);
  const auto narrowest = occurrences(calendar, zone, span, Reading::Narrowest);
  if (!widest) return;
  expect(narrowest && narrowest->size() <= widest->size(), "a window is also one for a freeze");
  for (const auto& each : *narrowest) {
    expect(each.interval.begin < each.interval.end && each.interval.begin < span.end &&
               each.interval.end > span.begin,
           "an occurrence is in the span");
    bool covered = false;
    for (const auto& freeze : *widest) {
      covered = covered ||
                (freeze.interval.begin <= each.interval.begin && freeze.interval.end >= each.interval.end);
    }
    expect(covered, "a freeze covers the window of the same event");
  }
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto calendar = parse_calendar(text);
  if (!calendar) {
    expect(!calendar.error().message.empty(), "what is refused has a reason");
    return 0;
  }
  check_writing(text, *calendar);
  cctz::time_zone zone;
  cctz::load_time_zone("America/New_York", &zone);
  check_occurrences(*calendar, zone);
  return 0;
}
