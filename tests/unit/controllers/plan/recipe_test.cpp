#include "controllers/plan/recipe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::plan {
namespace {

using ::testing::HasSubstr;

api::NodeRecipeSpec recipe() {
  api::NodeRecipeSpec spec;
  spec.image = "registry.example.com/patch@sha256:" + std::string(64, 'a');
  spec.patch.command = {"/patch"};
  spec.parameters = {{"packages", "", "[a-z0-9.+-]+( [a-z0-9.+-]+)*", std::nullopt},
                     {"release", "", "stable|testing", "stable"}};
  return spec;
}

TEST(FillIn, TakesWhatIsGivenAndTheDefaultsOfTheRest) {
  const auto values = fill_in(recipe(), {{"packages", "openssl libssl3"}});
  ASSERT_TRUE(values) << values.error().message;
  EXPECT_EQ(values->at("packages"), "openssl libssl3");
  EXPECT_EQ(values->at("release"), "stable");
}

TEST(FillIn, NamesAParameterThatIsMissing) {
  const auto values = fill_in(recipe(), {});
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().message, "parameter 'packages' must be set");
}

TEST(FillIn, RefusesAValueThatItsPatternDoesNotAllowAsAWhole) {
  const auto values = fill_in(recipe(), {{"packages", "openssl; reboot"}});
  ASSERT_FALSE(values);
  EXPECT_THAT(values.error().message, HasSubstr("parameter 'packages' is 'openssl; reboot'; it must match"));
}

TEST(FillIn, RefusesAParameterThatTheRecipeHasNot) {
  const auto values = fill_in(recipe(), {{"packages", "openssl"}, {"command", "sh"}});
  ASSERT_FALSE(values);
  EXPECT_EQ(values.error().message, "the recipe has no parameter 'command'");
}

TEST(FillIn, SaysWhichPatternCanNotBeRead) {
  auto broken = recipe();
  broken.parameters[0].pattern = "(";
  const auto values = fill_in(broken, {{"packages", "openssl"}});
  ASSERT_FALSE(values);
  EXPECT_THAT(values.error().message, HasSubstr("the pattern '(' of parameter 'packages' can't be read"));
}

TEST(TheDigestOfARecipe, ChangesWithEveryWordOfItAndWithTheValues) {
  const std::map<std::string, std::string> values = {{"packages", "openssl"}};
  auto other = recipe();
  other.patch.command.push_back("--force");
  EXPECT_NE(recipe_digest(recipe(), values), recipe_digest(other, values));
  EXPECT_NE(recipe_digest(recipe(), values), recipe_digest(recipe(), {{"packages", "bash"}}));
  EXPECT_EQ(recipe_digest(recipe(), values), recipe_digest(recipe(), values));
}

}  // namespace
}  // namespace patchwave::plan
