#include "operator/prometheus/access.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/http/cpprest_transport.hpp"
#include "operator/http/url.hpp"

namespace patchwave::prometheus {
namespace {

constexpr std::size_t kLargestSecret = 64 * 1024;
constexpr std::size_t kLargestCa = 4 * 1024 * 1024;

/// A secret in one line, which may end with the file's. What is in it is never told.
Result<std::string> read_secret(const std::string& file, std::string_view name, const ReadFile& read_file) {
  auto text = read_file(file, kLargestSecret);
  if (!text) return fail(text.error().within(name));
  while (text->ends_with('\n') || text->ends_with('\r')) text->pop_back();
  const bool is_line = std::ranges::none_of(*text, [](unsigned char c) { return c < 0x20 || c == 0x7f; });
  if (!text->empty() && is_line) return text;
  return fail(ErrorKind::Invalid, fmt::format("{}: {} must have one line of text", name, file));
}

Result<void> check(const Access& access, const AccessNames& names) {
  if (access.username.empty() != access.password_file.empty()) {
    return fail(ErrorKind::Invalid,
                fmt::format("{} and {} belong together", names.username, names.password_file));
  }
  if (access.username.empty() || access.bearer_token_file.empty()) return {};
  return fail(ErrorKind::Invalid,
              fmt::format("either {} or {}, not both", names.bearer_token_file, names.username));
}

Result<std::string> authorization_of(const Access& access, const AccessNames& names,
                                     const ReadFile& read_file) {
  if (!access.bearer_token_file.empty()) {
    auto token = read_secret(access.bearer_token_file, names.bearer_token_file, read_file);
    if (!token) return fail(std::move(token.error()));
    return "Bearer " + *token;
  }
  if (access.username.empty()) return std::string();
  auto password = read_secret(access.password_file, names.password_file, read_file);
  if (!password) return fail(std::move(password.error()));
  return http::basic_authorization(access.username, *password);
}

/// The API's paths begin with a slash of their own.
std::string prefix_of(std::string path) {
  while (path.ends_with('/')) path.pop_back();
  return path;
}

}  // namespace

Result<ClientOptions> open_access(const Access& access, const AccessNames& names, const ReadFile& read_file) {
  if (auto usable = check(access, names); !usable) return fail(std::move(usable.error()));
  auto url = http::parse_url(access.url);
  if (!url) return fail(url.error().within(names.url));
  if (url->target.find('?') != std::string::npos) {
    return fail(ErrorKind::Invalid, fmt::format("{} has a query, and must have none", names.url));
  }
  http::Endpoint endpoint;
  endpoint.base_url = url->origin();
  const auto current = [endpoint, access, names, read_file]() -> Result<http::Endpoint> {
    auto fresh = endpoint;
    if (access.ca_file.empty()) return fresh;
    auto ca = read_file(access.ca_file, kLargestCa);
    if (!ca) return fail(ca.error().within(names.ca_file));
    fresh.ca_pem = std::move(*ca);
    return fresh;
  };
  if (auto usable = current(); !usable) return fail(std::move(usable.error()));
  ClientOptions options;
  options.transport = http::make_cpprest_transport(endpoint.base_url, current);
  options.path_prefix = prefix_of(url->target);
  options.authorization = [access, names, read_file] { return authorization_of(access, names, read_file); };
  return options;
}

}  // namespace patchwave::prometheus
