#include "operator/registry/restraint.hpp"

#include <algorithm>
#include <charconv>
#include <string_view>

#include "operator/http/url.hpp"

namespace patchwave::registry {
namespace {

constexpr std::size_t kMostHosts = 256;
constexpr milliseconds kLongest{6 * 3600 * 1000};
// A limit is often one account's, and others have accounts of their own.
constexpr milliseconds kLongestForAll{600'000};
constexpr milliseconds kAfterRefusal{60'000};
constexpr milliseconds kUntilMore{600'000};
constexpr int kShareLeftToPulls = 4;

// The number at the beginning: "76;w=21600" is 76.
std::optional<std::int64_t> number(std::string_view text) {
  text.remove_prefix(std::min(text.find_first_not_of(' '), text.size()));
  std::int64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value);
  if (error != std::errc() || end == text.data() || value < 0) return std::nullopt;
  return value;
}

std::optional<std::int64_t> field(const http::Headers& headers, std::string_view name) {
  const auto found = headers.find(name);
  return found == headers.end() ? std::nullopt : number(found->second);
}

// "limit=100, remaining=50, reset=5" of the draft's single field, with ';' in some of its versions.
std::optional<std::int64_t> parameter(const http::Headers& headers, std::string_view name) {
  const auto found = headers.find("RateLimit");
  if (found == headers.end()) return std::nullopt;
  std::string_view text = found->second;
  while (!text.empty()) {
    const auto end = std::min(text.find_first_of(",;"), text.size());
    auto part = text.substr(0, end);
    part.remove_prefix(std::min(part.find_first_not_of(' '), part.size()));
    if (part.starts_with(name) && part.substr(name.size()).starts_with('='))
      return number(part.substr(name.size() + 1));
    text.remove_prefix(std::min(end + 1, text.size()));
  }
  return std::nullopt;
}

milliseconds bounded(milliseconds wait) {
  return std::clamp(wait, milliseconds(0), kLongest);
}

milliseconds until_reset(const RateLimit& limit, milliseconds otherwise) {
  if (!limit.reset) return otherwise;
  return std::min(*limit.reset, std::chrono::duration_cast<seconds>(kLongest));
}

}  // namespace

RateLimit rate_limit_of(const http::Headers& headers) {
  const auto either = [&](std::string_view name, std::string_view of_draft) {
    const auto own = field(headers, name);
    return own ? own : parameter(headers, of_draft);
  };
  RateLimit limit{either("RateLimit-Limit", "limit"), either("RateLimit-Remaining", "remaining"), {}};
  if (const auto reset = either("RateLimit-Reset", "reset")) limit.reset = seconds(*reset);
  return limit;
}

void Restraint::heed(const std::string& host, const http::Response& response) {
  const auto limit = rate_limit_of(response.headers);
  const bool refused = response.status == 429;
  const bool low = limit.remaining && limit.limit && *limit.remaining <= *limit.limit / kShareLeftToPulls;
  if (!refused && !low) return;
  const MonotonicTime now = clock_.monotonic();
  const std::scoped_lock lock(mutex_);
  if (hosts_.size() >= kMostHosts && !hosts_.contains(host)) hosts_.erase(hosts_.begin());
  auto& closed = hosts_[host];
  if (refused) {
    const auto asked = http::retry_after(response.headers);
    const auto wait = bounded(asked ? *asked : until_reset(limit, kAfterRefusal));
    closed.for_all = now + std::min(wait, kLongestForAll);
    closed.for_patient = std::max(closed.for_patient, now + wait);
  } else {
    closed.for_patient = now + bounded(until_reset(limit, kUntilMore));
  }
}

std::optional<milliseconds> Restraint::wait(const std::string& host, bool can_wait) const {
  const std::scoped_lock lock(mutex_);
  const auto found = hosts_.find(host);
  if (found == hosts_.end()) return std::nullopt;
  const auto& closed = found->second;
  const auto until = can_wait ? std::max(closed.for_all, closed.for_patient) : closed.for_all;
  const auto now = clock_.monotonic();
  if (until <= now) return std::nullopt;
  return std::chrono::ceil<milliseconds>(until - now);
}

}  // namespace patchwave::registry
