// Cron schedules: written another way that means the same, a text is the same schedule; and every schedule
// that is taken comes due some day.
#include <cctz/civil_time.h>

#include <algorithm>
#include <string>
#include <vector>

#include "controllers/plan/cron.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
using plan::CronSchedule;

bool same(const Result<CronSchedule>& a, const CronSchedule& b) {
  return a && a->minutes_of_day == b.minutes_of_day && a->days == b.days && a->months == b.months &&
         a->weekdays == b.weekdays && a->either_day == b.either_day;
}

std::string with_other_case(std::string text) {
  for (char& c : text) {
    if (c >= 'a' && c <= 'z') {
      c = static_cast<char>(c - 'a' + 'A');
    } else if (c >= 'A' && c <= 'Z') {
      c = static_cast<char>(c - 'A' + 'a');
    }
  }
  return text;
}

std::vector<std::string> split(std::string_view text, std::string_view separators) {
  std::vector<std::string> parts(1);
  for (const char c : text) {
    if (separators.find(c) == std::string_view::npos) {
      parts.back() += c;
    } else {
      parts.emplace_back();
    }
  }
  return parts;
}

/// The items of every field in the opposite order, but for a field that begins with '*', which that would
/// take the meaning of.
std::string with_lists_turned(std::string_view text) {
  std::string turned;
  for (const std::string& field : split(text, " \t")) {
    auto items = split(field, ",");
    if (!items.front().starts_with('*') && !items.back().starts_with('*')) std::ranges::reverse(items);
    for (std::size_t i = 0; i < items.size(); ++i) turned += (i == 0 ? "" : ",") + items[i];
    turned += ' ';
  }
  return turned;
}

/// Twenty-eight years have every date on every day of the week.
bool comes_due(const CronSchedule& schedule) {
  const cctz::civil_day first(2001, 1, 1);
  for (cctz::civil_day day = first; day < first + 28 * 366; ++day) {
    if (schedule.matches(day)) return true;
  }
  return false;
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto schedule = plan::parse_cron(text);
  if (!schedule) {
    expect(schedule.error().kind == ErrorKind::Invalid && !schedule.error().message.empty(),
           "a refusal is invalid and says why");
    return 0;
  }
  const auto& minutes = schedule->minutes_of_day;
  expect(!minutes.empty() && minutes.front() >= 0 && minutes.back() < 24 * 60, "minutes are those of a day");
  expect(std::ranges::adjacent_find(minutes, std::ranges::greater_equal{}) == minutes.end(),
         "minutes ascend");
  expect(same(plan::parse_cron(with_other_case(std::string(text))), *schedule),
         "the case of a name is nothing");
  expect(same(plan::parse_cron(with_lists_turned(text)), *schedule), "the order of a list is nothing");
  expect(comes_due(*schedule), "a schedule comes due some day");
  return 0;
}
