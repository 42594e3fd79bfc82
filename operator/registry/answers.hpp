// What a registry's answers mean, as sentences that say what to do.
#pragma once

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::registry {

/// "" when the answer has no such header.
std::string header(const http::Response& response, std::string_view name);

/// An answer other than 200 to a question about `image`. `what` is a tag, a digest, or "" for the whole
/// repository.
Error refusal(std::string_view image, std::string_view what, const http::Response& response);
/// A token server's answer other than 200.
Error token_refusal(std::string_view image, std::string_view host, bool with_credential,
                    const http::Response& response);
/// The host is not asked before its own rate limit allows it again.
Error still_limited(std::string_view host, milliseconds wait);
/// There was no answer.
Error unreachable(std::string_view host, const Error& error);
Error needs_credential(std::string_view image);
Error foreign_token_server(std::string_view image, std::string_view host);

struct TokenAnswer {
  std::string value;
  std::optional<seconds> life;
};
/// Protocol when there is no token in it, or one that no header can carry. No part of the body is in the
/// message.
Result<TokenAnswer> parse_token(std::string_view body);

/// One page of a list of tags; what can be no tag is left out.
Result<std::vector<std::string>> parse_tags(std::string_view body);

/// The target of the next page of a list out of a Link field; "" when it is the last. Only pages of `path`
/// at the same host are followed.
std::string next_page(std::string_view link, std::string_view path);

}  // namespace patchwave::registry
