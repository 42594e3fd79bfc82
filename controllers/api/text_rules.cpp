#include "controllers/api/text_rules.hpp"

#include <algorithm>
#include <chrono>
#include <ranges>

namespace patchwave::api {
namespace {

constexpr std::string_view kDigits = "0123456789";
constexpr std::string_view kLower = "abcdefghijklmnopqrstuvwxyz0123456789";
constexpr std::string_view kAlphanumeric = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789";

bool in(char character, std::string_view set) {
  return set.find(character) != std::string_view::npos;
}

bool all_in(std::string_view text, std::string_view set, std::string_view more = "") {
  return std::ranges::all_of(text, [&](char each) { return in(each, set) || in(each, more); });
}

// Non-empty, with the ends in `ends` and everything in `ends` or `inner`.
bool is_bounded(std::string_view text, std::string_view ends, std::string_view inner) {
  return !text.empty() && in(text.front(), ends) && in(text.back(), ends) && all_in(text, ends, inner);
}

template <class Predicate>
bool all_parts(std::string_view text, char separator, std::size_t most, Predicate holds) {
  std::size_t count = 0;
  for (const auto part : std::views::split(text, separator)) {
    if (++count > most || !holds(std::string_view(part.begin(), part.end()))) return false;
  }
  return count > 0;
}

// Runs of lower-case letters and digits, joined by one of ".", "_", "__" or any number of dashes.
bool is_repository_segment(std::string_view text) {
  if (!is_bounded(text, kLower, "._-")) return false;
  for (std::size_t at = 0; at < text.size();) {
    if (in(text[at], kLower)) {
      ++at;
      continue;
    }
    const auto end = std::min(text.find_first_of(kLower, at), text.size());
    const auto joint = text.substr(at, end - at);
    const bool dashes = all_in(joint, "-");
    if (joint != "." && joint != "_" && joint != "__" && !dashes) return false;
    at = end;
  }
  return true;
}

bool is_registry_host(std::string_view text) {
  const auto colon = text.find(':');
  const auto host = text.substr(0, colon);
  if (host.empty() || !all_in(host, kAlphanumeric, ".-")) return false;
  if (colon == std::string_view::npos) return true;
  const auto port = text.substr(colon + 1);
  return !port.empty() && port.size() <= 5 && all_in(port, kDigits);
}

int number(std::string_view digits) {
  int value = 0;
  for (const char each : digits) value = value * 10 + (each - '0');
  return value;
}

}  // namespace

bool is_any_text(std::string_view) {
  return true;
}

bool is_label_name(std::string_view text) {
  return is_bounded(text, kLower, "-");
}

bool is_object_name(std::string_view text) {
  return is_bounded(text, kLower, "-.");
}

bool is_label_value(std::string_view text) {
  return text.empty() || is_bounded(text, kAlphanumeric, "-_.");
}

bool is_digest(std::string_view text) {
  constexpr std::string_view kAlgorithm = "sha256:";
  return text.starts_with(kAlgorithm) && text.size() == kAlgorithm.size() + 64 &&
         all_in(text.substr(kAlgorithm.size()), kDigits, "abcdef");
}

bool is_image_tag(std::string_view text) {
  return !text.empty() && !in(text.front(), ".-") && all_in(text, kAlphanumeric, "._-");
}

bool is_image_repository(std::string_view text) {
  const auto slash = text.find('/');
  const auto path_holds = [](std::string_view path) {
    return all_parts(path, '/', path.size(), is_repository_segment);
  };
  if (path_holds(text)) return true;
  return slash != std::string_view::npos && is_registry_host(text.substr(0, slash)) &&
         path_holds(text.substr(slash + 1));
}

bool is_image_glob(std::string_view text) {
  return !text.empty() && !in(text.front(), "._:/-") && all_in(text, kAlphanumeric, "._:/*-");
}

bool is_pinned_image(std::string_view text) {
  const auto at = text.find('@');
  if (at == std::string_view::npos || !is_digest(text.substr(at + 1)) || text.substr(at + 1).empty())
    return false;
  const auto name = text.substr(0, at);
  // A colon after the last slash begins a tag; one before it, a port.
  const auto colon = name.rfind(':');
  const auto slash = name.rfind('/');
  const bool tagged = colon != std::string_view::npos && (slash == std::string_view::npos || colon > slash);
  if (!tagged) return is_image_repository(name);
  return is_image_repository(name.substr(0, colon)) && is_image_tag(name.substr(colon + 1));
}

bool is_absolute_path(std::string_view text) {
  return text.starts_with('/') && all_in(text, kAlphanumeric, "/._-") && !text.contains("..") &&
         !text.ends_with('.');
}

bool is_advisory(std::string_view text) {
  return !text.empty() && in(text.front(), kAlphanumeric) && all_in(text, kAlphanumeric, ".:_-");
}

bool is_decimal(std::string_view text) {
  if (text.starts_with('-')) text.remove_prefix(1);
  const auto point = text.find('.');
  const auto whole = text.substr(0, point);
  if (whole.empty() || whole.size() > 15 || !all_in(whole, kDigits)) return false;
  if (point == std::string_view::npos) return true;
  const auto fraction = text.substr(point + 1);
  return !fraction.empty() && fraction.size() <= 9 && all_in(fraction, kDigits);
}

bool is_metric_selector(std::string_view text) {
  const auto brace = text.find('{');
  const auto name = text.substr(0, brace);
  if (name.empty() || in(name.front(), kDigits) || !all_in(name, kAlphanumeric, "_:")) return false;
  return brace == std::string_view::npos ||
         (text.ends_with('}') && text.find('\n') == std::string_view::npos);
}

bool is_cron_shaped(std::string_view text) {
  std::size_t fields = 0;
  for (const auto part : std::views::split(text, ' ')) {
    const std::string_view field(part.begin(), part.end());
    if (!all_in(field, kAlphanumeric, "*,/-")) return false;
    if (!field.empty()) ++fields;
  }
  return fields == 5 && !text.starts_with(' ') && !text.ends_with(' ');
}

bool is_time_zone_shaped(std::string_view text) {
  const bool starts_well = !text.empty() && in(text.front(), kAlphanumeric) && !in(text.front(), kDigits);
  return starts_well && text != "Local" && all_parts(text, '/', 3, [](std::string_view part) {
           return !part.empty() && all_in(part, kAlphanumeric, "_+-");
         });
}

bool is_local_minute(std::string_view text) {
  constexpr std::string_view kShape = "0000-00-00T00:00";
  if (text.size() != kShape.size()) return false;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (kShape[at] == '0' ? !in(text[at], kDigits) : text[at] != kShape[at]) return false;
  }
  const std::chrono::year_month_day day{std::chrono::year(number(text.substr(0, 4))),
                                        std::chrono::month(static_cast<unsigned>(number(text.substr(5, 2)))),
                                        std::chrono::day(static_cast<unsigned>(number(text.substr(8, 2))))};
  return number(text.substr(0, 4)) >= 1 && day.ok() && number(text.substr(11, 2)) < 24 &&
         number(text.substr(14, 2)) < 60;
}

}  // namespace patchwave::api
