#include "controllers/judge/words.hpp"

#include <fmt/format.h>

#include "operator/base/time.hpp"

namespace patchwave::judge {

std::string print_labels(const std::map<std::string, std::string>& labels, std::string_view hidden) {
  std::string text;
  for (const auto& [key, value] : labels) {
    if (key == "__name__" || key == hidden) continue;
    text += fmt::format("{}{}=\"{}\"", text.empty() ? "" : ", ", key, value);
  }
  return "{" + text + "}";
}

std::string print_number(double value) {
  return fmt::format("{:.6g}", value);
}

std::string print_span(microseconds span) {
  return format_duration(std::chrono::floor<seconds>(span));
}

}  // namespace patchwave::judge
