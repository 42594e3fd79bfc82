// Keys of each entry of `feeds`.
#include <fmt/format.h>

#include <algorithm>
#include <charconv>

#include "operator/base/time.hpp"
#include "operator/http/url.hpp"
#include "operator/process/configuration_keys.hpp"

namespace patchwave::process {
namespace {

using feeds::FeedSettings;

constexpr std::size_t kMebibyte = 1024 * 1024;
constexpr std::size_t kMostMebibytes = 512;
constexpr std::string_view kSizeUnit = "Mi";

bool is_name(const std::string& text) {
  const auto plain = [](char c) { return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '-'; };
  return text.size() <= 40 && std::ranges::all_of(text, plain);
}

bool is_url(const std::string& text) {
  return text.empty() || http::parse_url(text).has_value();
}

bool is_sha256(const std::string& text) {
  constexpr std::size_t kDigits = 64;
  const auto digit = [](char c) { return (c >= '0' && c <= '9') || (c >= 'a' && c <= 'f'); };
  return text.empty() || (text.size() == kDigits && std::ranges::all_of(text, digit));
}

bool is_anything(const std::string&) {
  return true;
}

Key<FeedSettings> text_key(std::string name, std::string allowed, bool (*valid)(const std::string&),
                           auto member) {
  return {std::move(name), std::move(allowed),
          [valid, member](FeedSettings& feed, const std::string& text) {
            if (!valid(text)) return false;
            member(feed) = text;
            return true;
          },
          [member](const FeedSettings& feed) { return member(feed); }};
}

Key<FeedSettings> duration_key(std::string name, milliseconds least, milliseconds most, auto member) {
  return {std::move(name),
          fmt::format("a duration from {} to {}", format_duration(least), format_duration(most)),
          [least, most, member](FeedSettings& feed, const std::string& text) {
            const auto duration = parse_duration(text);
            if (!duration || *duration < least || *duration > most) return false;
            member(feed) = *duration;
            return true;
          },
          [member](const FeedSettings& feed) { return format_duration(member(feed)); }};
}

Key<FeedSettings> kind_key() {
  return {"kind", "epss, kev, signals or vulnrichment",
          [](FeedSettings& feed, const std::string& text) {
            const auto kind = intel::parse_feed_kind(text);
            if (kind) feed.kind = *kind;
            return kind.has_value();
          },
          [](const FeedSettings& feed) { return std::string(intel::to_string(feed.kind)); }};
}

Key<FeedSettings> size_key() {
  return {"maxSize", fmt::format("a size from 1Mi to {}Mi", kMostMebibytes),
          [](FeedSettings& feed, const std::string& text) {
            if (!text.ends_with(kSizeUnit)) return false;
            std::size_t count = 0;
            const char* const end = text.data() + text.size() - kSizeUnit.size();
            const auto [stopped, error] = std::from_chars(text.data(), end, count);
            if (error != std::errc() || stopped != end || count < 1 || count > kMostMebibytes) return false;
            feed.max_size = count * kMebibyte;
            return true;
          },
          [](const FeedSettings& feed) { return fmt::format("{}Mi", feed.max_size / kMebibyte); }};
}

std::vector<Key<FeedSettings>> make_feed_keys() {
  using namespace std::chrono_literals;
  constexpr milliseconds kDay = 24h;
  return {
      kind_key(),
      text_key("name", "lower-case letters, digits and '-', at most 40", is_name,
               [](auto& f) -> auto& { return f.name; }),
      text_key("url", "an http:// or https:// URL without credentials", is_url,
               [](auto& f) -> auto& { return f.from.url; }),
      text_key("file", "a file's path", is_anything, [](auto& f) -> auto& { return f.from.file; }),
      text_key("caFile", "a file's path", is_anything, [](auto& f) -> auto& { return f.from.ca_file; }),
      text_key("sha256", "64 lower-case hexadecimal digits", is_sha256,
               [](auto& f) -> auto& { return f.sha256; }),
      text_key("sha256From", "a URL or a file's path", is_anything,
               [](auto& f) -> auto& { return f.sha256_from; }),
      duration_key("interval", 1s, 7 * kDay, [](auto& f) -> auto& { return f.interval; }),
      duration_key("timeout", 1s, 10min, [](auto& f) -> auto& { return f.timeout; }),
      duration_key("staleAfter", 1min, 366 * kDay, [](auto& f) -> auto& { return f.stale_after; }),
      size_key(),
  };
}

}  // namespace

const std::vector<Key<FeedSettings>>& feed_keys() {
  static const auto keys = make_feed_keys();
  return keys;
}

}  // namespace patchwave::process
