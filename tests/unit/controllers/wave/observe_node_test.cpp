#include "controllers/wave/observe_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/api/codec.hpp"
#include "controllers/plan/recipe.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::wave {
namespace {

using ::testing::HasSubstr;

constexpr const char* kRecipe = "/apis/patchwave.dev/v1alpha1/namespaces/patchwave-system/noderecipes/debian";
constexpr const char* kOperatorNamespace = "patchwave-system";

api::NodeRecipeSpec recipe() {
  api::NodeRecipeSpec spec;
  spec.image = "registry.example.com/patch@sha256:" + std::string(64, 'a');
  spec.patch.command = {"/patch"};
  spec.reboot = api::RecipeStep{{"/reboot"}, seconds(60)};
  return spec;
}

std::string recipe_json(const api::NodeRecipeSpec& spec) {
  return print_json({{"metadata", {{"name", "debian"}}}, {"spec", api::print_spec(spec)}});
}

Snapshot wave() {
  Snapshot snapshot;
  snapshot.wave.metadata.ns = kOperatorNamespace;
  snapshot.wave.metadata.name = "os-all";
  snapshot.wave.spec.nodes = api::NodeWork{"workers", "debian", {}, api::Reboot::IfNeeded, {}};
  snapshot.patch = api::Patch{};
  snapshot.patch->status.digest = plan::recipe_digest(recipe(), {});
  return snapshot;
}

class TheContextOfAWaveOfNodes : public ::testing::Test {
 protected:
  TheContextOfAWaveOfNodes() : client_(options()) {}

  kube::ClientOptions options() {
    kube::ClientOptions made;
    made.transport = server_;
    made.sleep = [](milliseconds) {};
    return made;
  }

  NodeContext read(const Snapshot& snapshot, const NodeJobSettings& jobs = {"node-jobs", "nobody"}) {
    auto context = read_node_context(client_, snapshot, jobs, kOperatorNamespace);
    EXPECT_TRUE(context) << context.error().message;
    return context.value_or(NodeContext{});
  }

  std::shared_ptr<testing::FakeTransport> server_ = std::make_shared<testing::FakeTransport>();
  kube::Client client_;
};

TEST_F(TheContextOfAWaveOfNodes, IsTheRecipeWhenItIsThatOfThePatch) {
  server_->on("GET", kRecipe).reply(200, recipe_json(recipe()));
  const auto context = read(wave());
  EXPECT_EQ(context.problem, "");
  EXPECT_EQ(context.recipe, recipe());
}

TEST_F(TheContextOfAWaveOfNodes, RefusesAnotherRecipeUnderTheName) {
  auto other = recipe();
  other.patch.command = {"/another"};
  server_->on("GET", kRecipe).reply(200, recipe_json(other));
  const auto context = read(wave());
  EXPECT_THAT(context.problem, HasSubstr("which the Patch was resolved to"));
  EXPECT_FALSE(context.recipe);
}

TEST_F(TheContextOfAWaveOfNodes, IsRefusedOutsideTheOperatorsNamespace) {
  auto elsewhere = wave();
  elsewhere.wave.metadata.ns = "shop";
  EXPECT_THAT(read(elsewhere).problem, HasSubstr("in the operator's namespace, 'patchwave-system'"));
}

TEST_F(TheContextOfAWaveOfNodes, SaysWhichKeyOfTheConfigurationLetsNodesBePatched) {
  EXPECT_THAT(read(wave(), {"", "nobody"}).problem, HasSubstr("`nodeJobs.namespace`"));
}

TEST_F(TheContextOfAWaveOfNodes, NamesARecipeThatIsNotThere) {
  server_->on("GET", kRecipe)
      .reply(404, print_json({{"kind", "Status"},
                              {"code", 404},
                              {"reason", "NotFound"},
                              {"details", {{"name", "debian"}, {"kind", "noderecipes"}}}}));
  EXPECT_THAT(read(wave()).problem, HasSubstr("NodeRecipe 'debian' does not exist"));
}

TEST_F(TheContextOfAWaveOfNodes, WantsAWayToRebootWhereARebootMayBeDue) {
  auto without = recipe();
  without.reboot.reset();
  auto snapshot = wave();
  snapshot.patch->status.digest = plan::recipe_digest(without, {});
  server_->on("GET", kRecipe).reply(200, recipe_json(without));
  EXPECT_THAT(read(snapshot).problem, HasSubstr("`spec.nodes.reboot` is IfNeeded"));
  snapshot.wave.spec.nodes->reboot = api::Reboot::Never;
  server_->on("GET", kRecipe).reply(200, recipe_json(without));
  EXPECT_EQ(read(snapshot).problem, "");
}

}  // namespace
}  // namespace patchwave::wave
