#include "controllers/discovery/running.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/discovery/given.hpp"

namespace patchwave::discovery {
namespace {

using given::digest;
using given::kWeb;
using ::testing::ElementsAre;
using ::testing::IsEmpty;

Json metadata(const std::string& ns, const std::string& name) {
  return {{"name", name}, {"namespace", ns}, {"uid", name}, {"resourceVersion", "1"}};
}

class Running : public ::testing::Test {
 protected:
  Running() {
    policy_.spec.workloads = api::WorkloadTargets{{}, {}, {"registry.example.com/shop/*"}};
    for (const auto* ns : {"shop", "other"})
      EXPECT_TRUE(stores_.namespaces.apply({{"metadata", metadata("", ns)}}));
  }
  void deploy(const std::string& name, const std::string& image, const std::string& ns = "shop") {
    const Json pod = {{"containers", Json::array({{{"name", "app"}, {"image", image}}})}};
    EXPECT_TRUE(stores_.deployments.apply(
        {{"metadata", metadata(ns, name)}, {"spec", {{"template", {{"spec", pod}}}}}}));
  }
  void report(const std::string& name, const std::string& image, const std::string& image_id) {
    const Json pod = {
        {"metadata", metadata("shop", name)},
        {"spec", {{"containers", Json::array({{{"name", "app"}, {"image", image}}})}}},
        {"status", {{"containerStatuses", Json::array({{{"name", "app"}, {"imageID", image_id}}})}}}};
    EXPECT_TRUE(stores_.pods.apply(pod));
  }
  [[nodiscard]] std::vector<RunningImage> images(bool in_operator_namespace = false) const {
    return running_images(stores_, policy_, in_operator_namespace);
  }

  inventory::Stores stores_;
  api::PatchPolicy policy_ = given::policy();
};

TEST_F(Running, AreTheImagesThatThePolicyMayChangeOnceEach) {
  deploy("a", kWeb + ":1.4.2");
  deploy("b", kWeb + ":1.4.2");
  deploy("c", kWeb + ":1.4.1");
  deploy("d", "elsewhere.example.com/db:1");
  EXPECT_THAT(images(), ElementsAre(RunningImage{kWeb, "1.4.1"}, RunningImage{kWeb, "1.4.2"}));
}

TEST_F(Running, AreThoseOfOtherNamespacesOnlyForAPolicyOfTheOperatorsOwn) {
  deploy("a", kWeb + ":1.4.2", "other");
  EXPECT_THAT(images(false), IsEmpty());
  EXPECT_THAT(images(true), ElementsAre(RunningImage{kWeb, "1.4.2"}));
}

TEST_F(Running, HaveTheDigestThatTheirContainersName) {
  deploy("a", kWeb + ":1.4.2@" + digest("a"));
  EXPECT_THAT(images(), ElementsAre(RunningImage{kWeb, "1.4.2", {digest("a")}}));
}

TEST_F(Running, HaveTheDigestsThatTheirPodsReportWhereTheyNameNone) {
  deploy("a", kWeb + ":1.4.2");
  report("a-1", kWeb + ":1.4.2", "docker-pullable://" + kWeb + "@" + digest("a"));
  report("a-2", kWeb + ":1.4.2", kWeb + "@" + digest("b"));
  report("a-3", kWeb + ":1.4.2", "");
  report("c-1", kWeb + ":1.4.1", kWeb + "@" + digest("c"));
  EXPECT_THAT(images(), ElementsAre(RunningImage{kWeb, "1.4.2", {digest("a"), digest("b")}}));
}

}  // namespace
}  // namespace patchwave::discovery
