#include "operator/registry/answers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::registry {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;
using namespace std::string_view_literals;

TEST(TokenAnswer, IsRefusedWithoutAWordOfItWhenItIsNotJson) {
  for (const auto body : {"{\"token\":\"s3cret\""sv, "s3cret"sv, "{\"token\":\"s3cret\"}\0 more"sv}) {
    const auto token = parse_token(body);
    ASSERT_FALSE(token);
    EXPECT_EQ(token.error().kind, ErrorKind::Protocol);
    EXPECT_THAT(token.error().message, Not(HasSubstr("s3cret")));
  }
}

TEST(Refusal, TellsTheRegistrysOwnWordsWhenThereAreSome) {
  http::Response response{404, {}, R"({"errors":[{"code":"MANIFEST_UNKNOWN","message":"no such tag"}]})"};
  EXPECT_THAT(refusal("shop/web", "1.4.3", response).message, HasSubstr("MANIFEST_UNKNOWN: no such tag"));
  response.body = "{}\0<html>"sv;
  EXPECT_EQ(refusal("shop/web", "1.4.3", response).kind, ErrorKind::NotFound);
}

}  // namespace
}  // namespace patchwave::registry
