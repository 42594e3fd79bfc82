// The few parts of URLs, forms and header fields that more than one client needs.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::http {

struct Url {
  std::string scheme;  ///< "http" or "https"
  std::string host;    ///< Lower case; an IPv6 literal keeps its brackets.
  int port = 0;        ///< The scheme's own when the text names none.
  std::string target;  ///< Path and query, "/" when the text has neither.

  /// "https://host:port", the port left out when it is the scheme's own.
  [[nodiscard]] std::string origin() const;
  [[nodiscard]] bool is_ipv6_literal() const { return host.starts_with('['); }
  bool operator==(const Url&) const = default;
};

/// Absolute http and https URLs. Invalid: another scheme, user information, a fragment, spaces or controls.
Result<Url> parse_url(std::string_view text);

/// Everything but RFC 3986's unreserved characters, as %XX.
std::string percent_encode(std::string_view text);
/// "a=1&b=x%20y": a query string, and the body of application/x-www-form-urlencoded.
std::string encode_form(const std::vector<std::pair<std::string, std::string>>& fields);

std::string base64_encode(std::string_view bytes);
/// Standard alphabet; padding may be left out. nullopt for anything else.
std::optional<std::string> base64_decode(std::string_view text);

/// The value of an Authorization header: "Basic …" (RFC 7617).
std::string basic_authorization(std::string_view user, std::string_view password);

/// Retry-After in whole seconds, at most an hour; the form with a date is not read.
std::optional<milliseconds> retry_after(const Headers& headers);

}  // namespace patchwave::http
