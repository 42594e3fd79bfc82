#include "operator/registry/challenge.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::registry {
namespace {

TEST(Challenge, ReadsABearersParameters) {
  const auto challenges = parse_challenges(
      R"(Bearer realm="https://auth.example.com/token",service="registry.example.com",scope="repository:a/b:pull,push")");
  ASSERT_EQ(challenges.size(), 1U);
  EXPECT_EQ(challenges[0].scheme, "bearer");
  EXPECT_EQ(challenges[0].parameters.at("realm"), "https://auth.example.com/token");
  EXPECT_EQ(challenges[0].parameters.at("scope"), "repository:a/b:pull,push");
}

TEST(Challenge, ReadsSeveralInOneField) {
  const auto challenges =
      parse_challenges(R"(Basic realm="a, b" , BEARER Realm = "https://x\"y",service=plain)");
  ASSERT_EQ(challenges.size(), 2U);
  EXPECT_EQ(challenges[0].parameters.at("realm"), "a, b");
  EXPECT_EQ(challenges[1].scheme, "bearer");
  EXPECT_EQ(challenges[1].parameters.at("realm"), "https://x\"y");
  EXPECT_EQ(challenges[1].parameters.at("service"), "plain");
}

TEST(Challenge, MakesTheBestOfWhatIsBroken) {
  EXPECT_TRUE(parse_challenges("").empty());
  EXPECT_TRUE(parse_challenges("=,\"x\\").size() <= 1);
  EXPECT_EQ(parse_challenges("Bearer realm=\"never closed").at(0).parameters.at("realm"), "never closed");
}

TEST(Challenge, KeepsABoundedNumber) {
  std::string field;
  for (int i = 0; i < 1000; ++i) field += "Basic a=1, ";
  EXPECT_EQ(parse_challenges(field).size(), 16U);
}

}  // namespace
}  // namespace patchwave::registry
