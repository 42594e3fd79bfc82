#include "controllers/node/job.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::node {
namespace {

using ::testing::EndsWith;
using ::testing::StartsWith;

const std::string kImage = "registry.example.com/patch@sha256:" + std::string(64, 'a');

api::NodeRecipeSpec recipe() {
  api::NodeRecipeSpec spec;
  spec.image = kImage;
  spec.privileged = true;
  spec.host_pid = true;
  spec.host_paths = {{"/var/lib", "/host/var/lib", false}};
  spec.patch = {{"/patch", "now"}, std::chrono::minutes(7)};
  spec.undo = api::RecipeStep{{"/undo"}, std::chrono::minutes(1)};
  return spec;
}

JobOrder order() {
  return {"node-jobs",
          "nobody",
          "ops/os-canary",
          "wave-uid",
          "n1",
          "node-uid",
          api::NodeStep::Patch,
          1,
          "boot-1",
          {{"package-list", "openssl $(HOME)"}}};
}

Json job_with(std::string_view condition) {
  return {{"status",
           {{"conditions", Json::array({{{"type", condition}, {"status", "True"}, {"reason", "Why"}}})}}}};
}

Json pod_that_ended(int code, const std::string& message) {
  return {{"status",
           {{"containerStatuses",
             Json::array({{{"state", {{"terminated", {{"exitCode", code}, {"message", message}}}}}}})}}}};
}

TEST(ANodeJob, RunsOnItsNodeAloneByTheNodesName) {
  const Json job = make_job(order(), recipe());
  const Json& terms =
      job.at(Json::json_pointer("/spec/template/spec/affinity/nodeAffinity/"
                                "requiredDuringSchedulingIgnoredDuringExecution/nodeSelectorTerms"));
  ASSERT_EQ(terms.size(), 1U);
  EXPECT_EQ(terms[0]["matchFields"][0]["key"], "metadata.name");
  EXPECT_EQ(terms[0]["matchFields"][0]["values"], Json::array({"n1"}));
}

TEST(ANodeJob, KnowsTheBootIdThatTheNodeHadWhenItWasMade) {
  EXPECT_EQ(boot_id_of(make_job(order(), recipe())), "boot-1");
  EXPECT_EQ(boot_id_of(Json::object()), "");
}

TEST(ANodeJob, RunsOnceAndNoLongerThanItsStepMay) {
  const Json spec = make_job(order(), recipe())["spec"];
  EXPECT_EQ(spec["backoffLimit"], 0);
  EXPECT_EQ(spec["activeDeadlineSeconds"], 420);
  EXPECT_EQ(spec["template"]["spec"]["restartPolicy"], "Never");
}

TEST(ANodeJob, HasNoTokenAndTheAccountWithoutRights) {
  const Json pod = make_job(order(), recipe())["spec"]["template"]["spec"];
  EXPECT_EQ(pod["automountServiceAccountToken"], false);
  EXPECT_EQ(pod["serviceAccountName"], "nobody");
}

TEST(ANodeJob, GetsParametersInItsEnvironmentAndNeverInItsCommand) {
  const Json container = make_job(order(), recipe())["spec"]["template"]["spec"]["containers"][0];
  EXPECT_EQ(container["command"], Json::array({"/patch", "now"}));
  EXPECT_THAT(container["env"],
              ::testing::Contains(Json{{"name", "PARAMETER_PACKAGE_LIST"}, {"value", "openssl $$(HOME)"}}));
  EXPECT_THAT(container["env"],
              ::testing::Contains(Json{{"name", "PATCHWAVE_BOOT_ID"}, {"value", "boot-1"}}));
}

TEST(ANodeJob, SeesOnlyTheDirectoriesOfItsRecipe) {
  const Json pod = make_job(order(), recipe())["spec"]["template"]["spec"];
  ASSERT_EQ(pod["volumes"].size(), 1U);
  EXPECT_EQ(pod["volumes"][0]["hostPath"]["path"], "/var/lib");
  EXPECT_EQ(pod["containers"][0]["volumeMounts"][0]["mountPath"], "/host/var/lib");
}

TEST(TheNameOfANodeJob, IsTheSameForTheSameWork) {
  EXPECT_EQ(job_name(order()), job_name(order()));
  EXPECT_THAT(job_name(order()), StartsWith("patchwave-patch-"));
}

TEST(TheNameOfANodeJob, DiffersByWaveNodeMachineStepAndAttempt) {
  std::vector<std::string> names = {job_name(order())};
  const auto with = [&](auto change) {
    auto other = order();
    change(other);
    names.push_back(job_name(other));
  };
  with([](JobOrder& other) { other.wave_uid = "another"; });
  with([](JobOrder& other) { other.node = "n2"; });
  with([](JobOrder& other) { other.node_uid = "another"; });
  with([](JobOrder& other) { other.step = api::NodeStep::Undo; });
  with([](JobOrder& other) { other.attempt = 2; });
  std::sort(names.begin(), names.end());
  EXPECT_EQ(std::adjacent_find(names.begin(), names.end()), names.end());
}

TEST(ReadingANodeJob, TellsAbsentActiveSucceededAndFailedApart) {
  EXPECT_EQ(read_job(std::nullopt, Json::array()).state, JobFacts::State::Absent);
  EXPECT_EQ(read_job(Json::object(), Json::array()).state, JobFacts::State::Active);
  EXPECT_EQ(read_job(job_with("Complete"), Json::array()).state, JobFacts::State::Succeeded);
  EXPECT_EQ(read_job(job_with("Failed"), Json::array()).state, JobFacts::State::Failed);
}

TEST(ReadingANodeJob, SaysHowItsContainerEnded) {
  const auto facts = read_job(job_with("Failed"), Json::array({pod_that_ended(3, "no space\nleft")}));
  EXPECT_TRUE(facts.started);
  EXPECT_EQ(facts.message, "exit code 3: no space left");
}

TEST(ReadingANodeJob, ThatNothingHasRunSaysThatItHasNotStarted) {
  const Json waiting = {
      {"status",
       {{"containerStatuses", Json::array({{{"state", {{"waiting", {{"reason", "ImagePullBackOff"}}}}}}})}}}};
  const auto facts = read_job(job_with("Failed"), Json::array({waiting}));
  EXPECT_FALSE(facts.started);
  EXPECT_EQ(facts.message, "ImagePullBackOff");
}

TEST(ReadingANodeJob, HearsThatARebootIsRequiredOnlyAsALineOfItsOwn) {
  const auto heard = [](const std::string& message) {
    return read_job(job_with("Complete"), Json::array({pod_that_ended(0, message)})).reboot_required;
  };
  EXPECT_TRUE(heard("3 packages\nreboot-required\n"));
  EXPECT_TRUE(heard("reboot-required"));
  EXPECT_FALSE(heard("no reboot-required file"));
}

TEST(ReadingANodeJob, KeepsTheEndOfALongMessage) {
  const auto facts =
      read_job(job_with("Failed"), Json::array({pod_that_ended(1, std::string(5000, 'x') + "the reason")}));
  EXPECT_THAT(facts.message, EndsWith("the reason"));
  EXPECT_LT(facts.message.size(), 400U);
}

}  // namespace
}  // namespace patchwave::node
