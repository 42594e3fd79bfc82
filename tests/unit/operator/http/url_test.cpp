#include "operator/http/url.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::http {
namespace {

TEST(Url, FillsInTheSchemesPortAndThePath) {
  const auto url = parse_url("https://Registry.Example.com");
  ASSERT_TRUE(url);
  EXPECT_EQ(*url, (Url{"https", "registry.example.com", 443, "/"}));
  EXPECT_EQ(url->origin(), "https://registry.example.com");
}

TEST(Url, KeepsPortPathAndQuery) {
  const auto url = parse_url("http://127.0.0.1:5000/token?a=b");
  ASSERT_TRUE(url);
  EXPECT_EQ(*url, (Url{"http", "127.0.0.1", 5000, "/token?a=b"}));
  EXPECT_EQ(url->origin(), "http://127.0.0.1:5000");
}

TEST(Url, KnowsAnIpv6Literal) {
  const auto url = parse_url("https://[2001:db8::1]:6443");
  ASSERT_TRUE(url);
  EXPECT_TRUE(url->is_ipv6_literal());
  EXPECT_EQ(url->port, 6443);
}

TEST(Url, IsRefusedWhenItIsNotAnHttpUrl) {
  for (const auto* text :
       {"", "example.com", "ftp://example.com", "https://", "https://a b", "https://a:0", "https://a:99999",
        "https://a:x", "https://a/#f", "https://a\r\nb", "https://[::1", "https://?q"}) {
    EXPECT_FALSE(parse_url(text)) << text;
  }
}

TEST(Url, DoesNotRepeatAPasswordInItsError) {
  const auto url = parse_url("https://user:hunter2@example.com");
  ASSERT_FALSE(url);
  EXPECT_THAT(url.error().message, ::testing::Not(::testing::HasSubstr("hunter2")));
}

TEST(Form, EncodesAllButUnreservedCharacters) {
  EXPECT_EQ(encode_form({{"query", "rate(a{b=\"c\"}[5m]) > 1"}, {"time", "1.500"}}),
            "query=rate%28a%7Bb%3D%22c%22%7D%5B5m%5D%29%20%3E%201&time=1.500");
}

TEST(Base64, MatchesTheVectorsOfRfc4648) {
  const std::pair<std::string, std::string> vectors[] = {
      {"", ""}, {"f", "Zg=="}, {"fo", "Zm8="}, {"foo", "Zm9v"}, {"foob", "Zm9vYg=="}, {"foobar", "Zm9vYmFy"}};
  for (const auto& [bytes, text] : vectors) {
    EXPECT_EQ(base64_encode(bytes), text);
    EXPECT_EQ(base64_decode(text), bytes);
  }
  EXPECT_EQ(base64_decode("Zm8"), "fo");
  EXPECT_EQ(base64_decode("Zm9-"), std::nullopt);
  EXPECT_EQ(base64_decode("Z"), std::nullopt);
}

TEST(RetryAfter, IsReadInSecondsAndBounded) {
  EXPECT_EQ(retry_after({{"retry-after", "7"}}), milliseconds(7'000));
  EXPECT_EQ(retry_after({{"Retry-After", "999999999999"}}), milliseconds(3'600'000));
  EXPECT_EQ(retry_after({{"Retry-After", "-1"}}), std::nullopt);
  EXPECT_EQ(retry_after({{"Retry-After", "Wed, 21 Oct 2026 07:28:00 GMT"}}), std::nullopt);
  EXPECT_EQ(retry_after({}), std::nullopt);
}

}  // namespace
}  // namespace patchwave::http
