// Recorded samples as CSV.
#pragma once

#include <iosfwd>
#include <string>
#include <vector>

#include "controllers/judge/recorded.hpp"
#include "operator/base/result.hpp"

namespace patchwave::cli {

struct MalformedRow {
  std::size_t line = 0;  ///< From 1, which is the header.
  std::string problem;
};

/// Rows as they stand; a malformed one is told of and left out. Only the first kMostToldRows are kept.
template <class Row>
struct Samples {
  std::vector<Row> rows;
  std::vector<MalformedRow> malformed;
  std::size_t malformed_count = 0;
  bool times_in_seconds = true;  ///< Every time is a number of seconds rather than RFC 3339.
};

inline constexpr std::size_t kMostToldRows = 20;

/// RFC 3339, or decimal seconds since 1970.
Result<Time> parse_sample_time(const std::string& text);

/// "time,arm,series,events,exposure". Invalid: the header is another one.
Result<Samples<judge::CountRow>> read_count_samples(std::istream& in);
/// "time,arm,series,value". Invalid: the header is another one.
Result<Samples<judge::GaugeRow>> read_gauge_samples(std::istream& in);

}  // namespace patchwave::cli
