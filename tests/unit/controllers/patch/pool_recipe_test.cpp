#include "controllers/patch/pool_recipe.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::patch {
namespace {

using ::testing::HasSubstr;

api::Patch patch() {
  api::Patch patch;
  patch.metadata.ns = "patchwave-system";
  patch.metadata.name = "os";
  patch.spec.node_pool = "workers";
  patch.spec.version = "2026-11";
  patch.spec.parameters = {{"packages", "openssl"}};
  return patch;
}

api::PatchPolicy policy(const std::string& name, const std::string& recipe) {
  api::PatchPolicy policy;
  policy.metadata.name = name;
  api::NodePool pool;
  pool.name = "workers";
  pool.recipe = recipe;
  policy.spec.node_pools = {pool};
  return policy;
}

api::NodeRecipe recipe() {
  api::NodeRecipe recipe;
  recipe.metadata.name = "debian";
  recipe.spec.image = "registry.example.com/patch@sha256:" + std::string(64, 'a');
  recipe.spec.patch.command = {"/patch"};
  recipe.spec.parameters = {{"packages", "", "[a-z]+", std::nullopt}};
  return recipe;
}

TEST(TheRecipeOfAPool, IsThatOfThePolicyThatHasThePool) {
  EXPECT_EQ(*recipe_of_pool(patch(), {policy("nodes", "debian")}), "debian");
}

TEST(TheRecipeOfAPool, MustBeTheSameInEveryPolicyThatHasIt) {
  EXPECT_EQ(*recipe_of_pool(patch(), {policy("nodes", "debian"), policy("more", "debian")}), "debian");
  const auto two = recipe_of_pool(patch(), {policy("nodes", "debian"), policy("more", "rhel")});
  ASSERT_FALSE(two);
  EXPECT_THAT(two.error().message, HasSubstr("PatchPolicy 'nodes' has pool 'workers' with recipe 'debian'"));
}

TEST(TheRecipeOfAPool, IsMissedWithTheNameOfThePool) {
  const auto none = recipe_of_pool(patch(), {});
  ASSERT_FALSE(none);
  EXPECT_EQ(
      none.error().message,
      "no PatchPolicy in namespace 'patchwave-system' has a pool 'workers' in `spec.targets.nodePools`");
}

TEST(ResolvingAPatchOfAPool, GivesTheDigestOfRecipeAndParameters) {
  const auto lookup = resolve(patch(), recipe());
  EXPECT_THAT(lookup.digest, ::testing::StartsWith("sha256:"));
  auto other = patch();
  other.spec.parameters = {{"packages", "bash"}};
  EXPECT_NE(resolve(other, recipe()).digest, lookup.digest);
}

TEST(ResolvingAPatchOfAPool, SaysWhichParameterIsNotAllowed) {
  auto bad = patch();
  bad.spec.parameters = {{"packages", "; reboot"}};
  EXPECT_EQ(resolve(bad, recipe()).problem,
            "NodeRecipe 'debian': parameter 'packages' is '; reboot'; it must match '[a-z]+'");
}

}  // namespace
}  // namespace patchwave::patch
