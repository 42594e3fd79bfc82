// int-or-percent values of the built-in types against a total.
#pragma once

#include <cstdint>
#include <cstdlib>
#include <string>

#include "operator/base/json.hpp"

namespace patchwave::simulation {

inline std::int64_t scaled(const Json& value, std::int64_t total, bool round_up) {
  if (value.is_number_integer()) return value.get<std::int64_t>();
  if (!value.is_string()) return 0;
  const std::int64_t percent = std::strtoll(value.get_ref<const std::string&>().c_str(), nullptr, 10);
  return (total * percent + (round_up ? 99 : 0)) / 100;
}
inline std::int64_t scaled_up(const Json& value, std::int64_t total) {
  return scaled(value, total, true);
}
inline std::int64_t scaled_down(const Json& value, std::int64_t total) {
  return scaled(value, total, false);
}

}  // namespace patchwave::simulation
