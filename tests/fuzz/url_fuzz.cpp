// URLs and the encodings around them: what is taken is safe to put into a request, and reads back the same.
#include <algorithm>
#include <cctype>
#include <string>

#include "operator/http/url.hpp"
#include "operator/kube/encoding.hpp"
#include "operator/kube/resource.hpp"
#include "tests/fuzz/property.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;

void check_url(std::string_view text) {
  const auto url = http::parse_url(text);
  if (!url) {
    expect(url.error().kind == ErrorKind::Invalid, "what is no URL is invalid");
    // It may hold a password.
    expect(text.size() < 12 || !url.error().message.contains(text), "a refusal does not repeat the URL");
    return;
  }
  const auto again = http::parse_url(url->origin() + url->target);
  expect(again && *again == *url, "a URL reads as it was printed");
  expect(url->target.starts_with('/'), "a target begins with a slash");
  expect(url->port >= 1 && url->port <= 65'535, "a port is one of TCP");
  const std::string whole = url->origin() + url->target;
  expect(std::ranges::none_of(whole, [](unsigned char c) { return c <= ' ' || c == 0x7f; }),
         "no part of a URL can end a line of a request");
}

std::string percent_decoded(std::string_view text) {
  std::string decoded;
  for (std::size_t at = 0; at < text.size(); ++at) {
    if (text[at] != '%') {
      decoded += text[at];
      continue;
    }
    decoded += static_cast<char>(std::stoi(std::string(text.substr(at + 1, 2)), nullptr, 16));
    at += 2;
  }
  return decoded;
}

void check_percent(std::string_view text) {
  for (const std::string& encoded : {http::percent_encode(text), kube::percent_encode(text)}) {
    expect(percent_decoded(encoded) == text, "what is percent-encoded decodes to the same bytes");
    expect(encoded.find_first_of("/?#& ") == std::string::npos, "what is encoded cannot leave its segment");
  }
  const std::string path = kube::path_of(kube::resources::kPods, text.empty() ? "a" : text, "web");
  expect(std::ranges::count(path, '/') == 6, "no name can leave its segment of a path");
}

void check_base64(std::string_view text) {
  for (const auto& [encode, decode] : {std::pair(&http::base64_encode, &http::base64_decode),
                                       std::pair(&kube::base64_encode, &kube::base64_decode)}) {
    expect(decode(encode(text)) == text, "what is base64 decodes to the same bytes");
    const auto decoded = decode(text);
    if (decoded) expect(decode(encode(*decoded)) == *decoded, "what was decoded can be encoded again");
  }
  expect(http::base64_encode(text) == kube::base64_encode(text), "there is one base64");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  check_url(text);
  check_percent(text);
  check_base64(text);
  const auto wait = http::retry_after({{"Retry-After", std::string(text)}});
  expect(!wait || (*wait >= milliseconds(0) && *wait <= std::chrono::hours(1)),
         "a wait is from none to an hour");
  return 0;
}
