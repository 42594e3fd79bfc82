#include "operator/registry/answers.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "operator/base/json.hpp"
#include "operator/base/time.hpp"
#include "operator/http/url.hpp"
#include "operator/registry/reference.hpp"

namespace patchwave::registry {
namespace {

constexpr std::size_t kMaxQuoted = 200;
constexpr std::size_t kMaxToken = 64 * 1024;

/// `code: message` of the first of the OCI errors, where the body has them.
std::string own_words(const http::Response& response) {
  const auto json = parse_json(response.body, "the answer");
  if (!json) return "";
  const Json& errors = array_at(*json, {"errors"});
  if (errors.empty()) return "";
  return fmt::format(" ({}: {})", string_at(errors[0], {"code"}).substr(0, kMaxQuoted),
                     string_at(errors[0], {"message"}).substr(0, kMaxQuoted));
}

Error error_for(ErrorKind kind, const http::Response& response, std::string message) {
  return {kind, std::move(message), response.status, http::retry_after(response.headers), {}};
}

Error rate_limited(std::string_view host, const http::Response& response) {
  return error_for(ErrorKind::TooManyRequests, response,
                   fmt::format("{} limits our rate; sign in with a pull credential or look less often{}",
                               host, own_words(response)));
}

}  // namespace

std::string header(const http::Response& response, std::string_view name) {
  const auto found = response.headers.find(name);
  return found == response.headers.end() ? "" : found->second;
}

Error refusal(std::string_view image, std::string_view what, const http::Response& response) {
  const std::string words = own_words(response);
  switch (response.status) {
    case 401:
      return error_for(ErrorKind::Unauthorized, response,
                       fmt::format("{}: the registry does not accept our credential; renew the pull secret{}",
                                   image, words));
    case 403:
      return error_for(ErrorKind::Forbidden, response,
                       fmt::format("{}: the pull credential may not read this repository{}", image, words));
    case 404:
      if (what.empty()) {
        return error_for(ErrorKind::NotFound, response,
                         fmt::format("{}: no such repository; check its name{}", image, words));
      }
      return error_for(ErrorKind::NotFound, response,
                       fmt::format("{} has no {}; push it or correct the name{}", image, what, words));
    case 429:
      return rate_limited(image, response);
    default:
      break;
  }
  const ErrorKind kind = response.status / 100 == 5 ? ErrorKind::Unavailable : ErrorKind::Protocol;
  return error_for(kind, response,
                   fmt::format("{}: the registry answered {}{}", image, response.status, words));
}

Error token_refusal(std::string_view image, std::string_view host, bool with_credential,
                    const http::Response& response) {
  if (response.status == 429) return rate_limited(host, response);
  if (response.status / 100 == 5) {
    return error_for(ErrorKind::Unavailable, response,
                     fmt::format("{}: the token server {} answered {}", image, host, response.status));
  }
  if (response.status / 100 == 4) {
    return error_for(
        ErrorKind::Unauthorized, response,
        with_credential
            ? fmt::format("{}: the token server {} does not accept our credential; renew the pull secret",
                          image, host)
            : fmt::format("{}: the token server {} gives no token without a credential; add a pull secret",
                          image, host));
  }
  return error_for(ErrorKind::Protocol, response,
                   fmt::format("{}: the token server {} answered {}", image, host, response.status));
}

Error still_limited(std::string_view host, milliseconds wait) {
  return {ErrorKind::TooManyRequests,
          fmt::format("{} limits our rate and is asked again in {}; sign in with a pull credential for more",
                      host, format_age(wait)),
          429,
          wait,
          {}};
}

Error unreachable(std::string_view host, const Error& error) {
  Error out = error.within(fmt::format("registry host {}", host));
  if (error.kind == ErrorKind::Transport && error.message.contains("certificate")) {
    out.message += "; if the host has a CA of its own, add that to the registry's configuration";
  }
  return out;
}

Error needs_credential(std::string_view image) {
  return {ErrorKind::Unauthorized,
          fmt::format("{}: the registry asks for a credential; add a pull secret", image),
          401,
          std::nullopt,
          {}};
}

Error foreign_token_server(std::string_view image, std::string_view host) {
  return {ErrorKind::Forbidden,
          fmt::format(
              "{}: the registry sends us to {} for a token, which may not see its credential; name it as the "
              "registry's token server in the configuration if that is right",
              image, host),
          401,
          std::nullopt,
          {}};
}

Result<TokenAnswer> parse_token(std::string_view body) {
  // The parser's own message quotes the text around the mistake.
  const auto json = parse_json(body, "the answer");
  if (!json) return fail(ErrorKind::Protocol, "the token server's answer is not JSON");
  TokenAnswer answer;
  answer.value = string_at(*json, {"token"}, string_at(*json, {"access_token"}));
  const auto printable = [](char c) { return c > ' ' && c < 0x7f; };
  if (answer.value.empty() || answer.value.size() > kMaxToken ||
      !std::ranges::all_of(answer.value, printable)) {
    return fail(ErrorKind::Protocol, "the token server's answer has no usable token");
  }
  if (const Json* life = find(*json, {"expires_in"}); life != nullptr && life->is_number_integer()) {
    answer.life = seconds(std::clamp<std::int64_t>(life->get<std::int64_t>(), 0, 24 * 3600));
  }
  return answer;
}

Result<std::vector<std::string>> parse_tags(std::string_view body) {
  const auto json = parse_json(body, "the list of tags");
  if (!json) return fail(json.error());
  std::vector<std::string> tags;
  for (const auto& tag : array_at(*json, {"tags"})) {
    if (tag.is_string() && is_tag(tag.get_ref<const std::string&>())) tags.push_back(tag.get<std::string>());
  }
  return tags;
}

std::string next_page(std::string_view link, std::string_view path) {
  const auto begin = link.find('<');
  const auto end = link.find('>', begin == std::string_view::npos ? 0 : begin);
  if (begin == std::string_view::npos || end == std::string_view::npos) return "";
  if (!link.substr(end).contains("next")) return "";
  std::string target(link.substr(begin + 1, end - begin - 1));
  if (const auto url = http::parse_url(target)) target = url->target;
  return target.starts_with(path) && target.substr(path.size()).starts_with('?') ? target : "";
}

}  // namespace patchwave::registry
