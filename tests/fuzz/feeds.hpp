// What holds for every feed: the day that counts, and rows that are told of.
#pragma once

#include <algorithm>

#include "controllers/intel/csv.hpp"
#include "operator/base/date.hpp"
#include "tests/fuzz/property.hpp"

namespace patchwave::fuzz {

inline constexpr Date kToday = std::chrono::sys_days(std::chrono::year(2024) / 9 / 30);

inline void check_set_aside(const intel::SetAside& set_aside) {
  expect(set_aside.rows.size() == std::min(set_aside.count, intel::SetAside::kMostKept),
         "rows that are set aside are told of");
  for (const auto& row : set_aside.rows)
    expect(row.line > 0 && !row.reason.empty(), "a row that is set aside has a line and a reason");
}

}  // namespace patchwave::fuzz
