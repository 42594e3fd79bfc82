// Times and durations: exactly the texts of RFC 3339 and GEP-2257, each with the value that an independent
// reading gives it, and every value prints as a text that reads as the same.
#include <cctz/civil_time.h>
#include <re2/re2.h>

#include <optional>
#include <string>

#include "operator/base/time.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

std::optional<Time> reference_time(std::string_view text) {
  static const re2::RE2 shape(
      R"((\d{4})-(\d\d)-(\d\d)[Tt](\d\d):(\d\d):(\d\d)(?:\.(\d+))?([Zz]|[+-]\d\d:\d\d))");
  int year = 0;
  int month = 0;
  int day = 0;
  int hour = 0;
  int minute = 0;
  int second = 0;
  std::string fraction;
  std::string offset_text;
  if (!re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), shape, &year, &month, &day, &hour,
                           &minute, &second, &fraction, &offset_text)) {
    return std::nullopt;
  }
  // The library carries what overflows into the next unit; a date that exists stays as it is.
  const cctz::civil_day date(year, month, day);
  const bool exists = date.month() == month && date.day() == day;
  if (!exists || hour > 23 || minute > 59 || second > 60) return std::nullopt;
  int offset = 0;
  if (offset_text.size() > 1) {
    const int hours = std::stoi(offset_text.substr(1, 2));
    const int minutes = std::stoi(offset_text.substr(4, 2));
    if (hours > 23 || minutes > 59) return std::nullopt;
    offset = (hours * 60 + minutes) * (offset_text.front() == '-' ? -1 : 1);
  }
  const auto utc = cctz::civil_second(date) + (hour * 3600 + minute * 60 + second - offset * 60);
  if (utc.year() < 0 || utc.year() > 9999) return std::nullopt;
  fraction.resize(6, '0');
  return Time(seconds(utc - cctz::civil_second(1970, 1, 1)) + microseconds(std::stoll(fraction)));
}

void check_time(std::string_view text) {
  const auto parsed = parse_time(text);
  const auto wanted = reference_time(text);
  expect(parsed.has_value() == wanted.has_value(), "exactly the times of RFC 3339 are taken");
  if (!parsed) return;
  expect(*parsed == *wanted, "a time means what an independent reading says");
  const auto again = parse_time(format_micro_time(*parsed));
  expect(again && *again == *parsed, "a MicroTime reads as what was printed");
  const auto whole = parse_time(format_time(*parsed));
  expect(whole && *whole == std::chrono::floor<seconds>(*parsed), "a Time reads as its whole seconds");
}

void check_duration(std::string_view text) {
  static const re2::RE2 shape("([0-9]{1,5}(h|m|s|ms)){1,4}");
  const bool is_shaped = re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), shape);
  const auto parsed = parse_duration(text);
  expect(!parsed || is_shaped, "only durations of GEP-2257 are taken");
  if (!parsed) {
    // One group always has a form to be printed in.
    static const re2::RE2 one_group("[0-9]{1,5}(h|m|s|ms)");
    expect(!re2::RE2::FullMatch(re2::StringPiece(text.data(), text.size()), one_group),
           "durations of GEP-2257 are taken");
    return;
  }
  expect(*parsed >= milliseconds(0), "no duration is negative");
  const std::string printed = format_duration(*parsed);
  const auto again = parse_duration(printed);
  expect(again && *again == *parsed, "a duration reads as what was printed");
  expect(re2::RE2::FullMatch(printed, shape), "a printed duration is one of GEP-2257");
  expect(!format_age(*parsed).empty(), "an age has a print");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_time(text);
  check_duration(text);
  return 0;
}
