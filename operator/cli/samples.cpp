#include "operator/cli/samples.hpp"

#include <charconv>
#include <cmath>
#include <istream>
#include <optional>
#include <string_view>

#include "operator/base/time.hpp"

namespace patchwave::cli {
namespace {

constexpr std::size_t kLongestSeriesName = 1024;
/// Seconds that fit the API's times, the years 1970 to 9999.
constexpr double kLastSecond = 253402300799;

std::optional<double> number(std::string_view text) {
  double value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end != text.data() + text.size() || !std::isfinite(value)) return std::nullopt;
  return value;
}

std::string_view trimmed(std::string_view text) {
  const auto begin = text.find_first_not_of(" \t\r");
  if (begin == std::string_view::npos) return {};
  return text.substr(begin, text.find_last_not_of(" \t\r") - begin + 1);
}

std::vector<std::string_view> split(std::string_view line) {
  std::vector<std::string_view> fields;
  while (true) {
    const auto comma = line.find(',');
    fields.push_back(trimmed(line.substr(0, comma)));
    if (comma == std::string_view::npos) return fields;
    line.remove_prefix(comma + 1);
  }
}

/// What both kinds of rows begin with; the answer is the problem, if there is one.
template <class Row>
std::string read_head(const std::vector<std::string_view>& fields, Row& row) {
  const auto time = parse_sample_time(std::string(fields[0]));
  if (!time) return time.error().message;
  if (fields[1] != "canary" && fields[1] != "baseline")
    return "arm is '" + std::string(fields[1]) + "' and must be canary or baseline";
  if (fields[2].empty() || fields[2].size() > kLongestSeriesName) return "series must have 1 to 1024 bytes";
  row.time = *time;
  row.arm = fields[1] == "canary" ? judge::Arm::Canary : judge::Arm::Baseline;
  row.series = fields[2];
  return "";
}

std::string read_row(const std::vector<std::string_view>& fields, judge::CountRow& row) {
  if (fields.size() != 5) return "the row must have 5 fields";
  const auto events = number(fields[3]);
  const auto exposure = number(fields[4]);
  if (!events || *events < 0) {
    return "events is '" + std::string(fields[3]) + "' and must be a number that is not negative";
  }
  if (!exposure || *exposure < 0) {
    return "exposure is '" + std::string(fields[4]) + "' and must be a number that is not negative";
  }
  if (*events > 0 && *exposure == 0) return "events without exposure have no rate";
  row.count = {*events, *exposure};
  return read_head(fields, row);
}

std::string read_row(const std::vector<std::string_view>& fields, judge::GaugeRow& row) {
  if (fields.size() != 4) return "the row must have 4 fields";
  const auto value = number(fields[3]);
  if (!value) return "value is '" + std::string(fields[3]) + "' and must be a finite number";
  row.value = *value;
  return read_head(fields, row);
}

template <class Row>
Result<Samples<Row>> read_samples(std::istream& in, std::string_view header) {
  std::string line;
  std::getline(in, line);
  if (trimmed(line) != header) {
    return fail(ErrorKind::Invalid, "the samples begin with '" + line.substr(0, 80) +
                                        "' and must with the header " + std::string(header));
  }
  Samples<Row> samples;
  for (std::size_t number_of_line = 2; std::getline(in, line); ++number_of_line) {
    if (trimmed(line).empty()) continue;
    const auto fields = split(line);
    Row row;
    const auto problem = read_row(fields, row);
    if (problem.empty()) {
      samples.times_in_seconds = samples.times_in_seconds && number(fields[0]).has_value();
      samples.rows.push_back(std::move(row));
      continue;
    }
    ++samples.malformed_count;
    if (samples.malformed.size() < kMostToldRows) samples.malformed.push_back({number_of_line, problem});
  }
  return samples;
}

}  // namespace

Result<Time> parse_sample_time(const std::string& text) {
  const auto at = number(text);
  if (!at) return parse_time(text);
  if (*at < 0 || *at > kLastSecond)
    return fail(ErrorKind::Invalid, "time is '" + text + "' and must be from 1970 to 9999");
  return Time(microseconds(std::llround(*at * 1e6)));
}

Result<Samples<judge::CountRow>> read_count_samples(std::istream& in) {
  return read_samples<judge::CountRow>(in, "time,arm,series,events,exposure");
}

Result<Samples<judge::GaugeRow>> read_gauge_samples(std::istream& in) {
  return read_samples<judge::GaugeRow>(in, "time,arm,series,value");
}

}  // namespace patchwave::cli
