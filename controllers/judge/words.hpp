// How findings name things.
#pragma once

#include <map>
#include <string>

#include "operator/base/clock.hpp"

namespace patchwave::judge {

/// {namespace="shop", pod="web-0"}: without the metric's name and without `hidden`.
std::string print_labels(const std::map<std::string, std::string>& labels, std::string_view hidden = "");
/// Six significant digits: "1234.5", "1e+06".
std::string print_number(double value);
/// Whole seconds, "2m5s".
std::string print_span(microseconds span);

}  // namespace patchwave::judge
