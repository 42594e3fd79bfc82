// Times and durations as the Kubernetes API writes them.
#pragma once

#include <string>
#include <string_view>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"

namespace patchwave {

/// metav1.Time: RFC 3339 in UTC with whole seconds, "2026-11-21T02:14:07Z".
std::string format_time(Time time);
/// metav1.MicroTime: the same with six digits of a second, "2026-11-21T02:14:07.000120Z".
std::string format_micro_time(Time time);
/// RFC 3339 with any offset and any fraction. Invalid names the text.
Result<Time> parse_time(std::string_view text);

/// A Gateway API duration (GEP-2257): one to four groups of up to five digits and a unit out of h, m, s
/// and ms; no sign, no fraction, no days. "1h30m".
Result<milliseconds> parse_duration(std::string_view text);
/// The shortest GEP-2257 form; zero is "0s". Rounds down to milliseconds.
std::string format_duration(milliseconds duration);

/// Ages and waits for people, on kubectl's scale (apimachinery duration.HumanDuration): "95s", "4m30s",
/// "95m", "5h30m", "30h", "3d4h", "400d", "3y40d".
std::string format_age(milliseconds age);

}  // namespace patchwave
