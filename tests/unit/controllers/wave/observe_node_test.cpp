#include "controllers/wave/observe_node.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "controllers/api/codec.hpp"
#include "controllers/plan/recipe.hpp"
#include "tests/support/fake_transport.hpp"

namespace patchwave::wave {
namespace {

using api::TargetState;
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

/// A node that goes back, under `boot_id`, with a Job of `step` that was made under "boot-1" and has not
/// ended.
bool a_job_is_in_the_way(const std::string& step, const std::string& boot_id) {
  auto server = std::make_shared<testing::FakeTransport>();
  const Json node = {{"metadata", {{"name", "n1"}, {"uid", "n1-uid"}}},
                     {"status", {{"nodeInfo", {{"bootID", boot_id}}}}}};
  const Json job = {
      {"metadata",
       {{"name", "a"}, {"annotations", {{node::kNodeAnnotation, "n1"}, {node::kStepAnnotation, step}}}}},
      {"spec",
       {{"template",
         {{"spec", {{"containers", {{{"env", {{{"name", "PATCHWAVE_BOOT_ID"}, {"value", "boot-1"}}}}}}}}}}}}},
      {"status", {{"active", 1}}}};
  server->on("GET", "/api/v1/nodes/n1").reply(200, print_json(node));
  server->on("GET", "/api/v1/pods*").reply(200, R"({"items":[]})");
  server->on("GET", "/apis/policy/v1/poddisruptionbudgets*").reply(200, R"({"items":[]})");
  server->on("GET", "/apis/batch/v1/namespaces/node-jobs/jobs*")
      .reply(200, print_json({{"items", Json::array({job})}}));
  kube::ClientOptions options;
  options.transport = server;
  options.sleep = [](milliseconds) {};
  const kube::Client client(options);

  const auto snapshot = wave();
  api::TargetStatus record;
  record.target = {api::TargetKind::Node, "", "n1", {}};
  record.uid = "n1-uid";
  record.state = TargetState::RollingBack;
  record.node.emplace();
  record.node->touched = true;
  const auto live =
      read_node_live(client, {snapshot.wave, "claim", recipe(), {}, "node-jobs", "nobody"}, record);
  EXPECT_TRUE(live) << live.error().message;
  return live && live->forward_job_active;
}

TEST(ANodeThatGoesBack, WaitsForAPatchThatStillRuns) {
  EXPECT_TRUE(a_job_is_in_the_way("Patch", "boot-2"));
  EXPECT_TRUE(a_job_is_in_the_way("Verify", "boot-2"));
  EXPECT_FALSE(a_job_is_in_the_way("Undo", "boot-2"));
}

TEST(ANodeThatGoesBack, DoesNotWaitForTheEndOfAJobWhoseRebootHasHappened) {
  EXPECT_TRUE(a_job_is_in_the_way("Reboot", "boot-1"));
  EXPECT_FALSE(a_job_is_in_the_way("Reboot", "boot-2"));
}

}  // namespace
}  // namespace patchwave::wave
