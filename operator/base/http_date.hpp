// Times as HTTP headers carry them (RFC 9110 §5.6.7), in the one form that is still sent:
// "Sat, 21 Nov 2026 02:14:07 GMT".
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "operator/base/clock.hpp"

namespace patchwave {

std::optional<Time> parse_http_date(std::string_view text);
std::string format_http_date(Time time);

}  // namespace patchwave
