#include "controllers/patch/pullers.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::patch {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const std::string kImage = "registry.example.com/shop/web";

Json workload(const std::string& ns, const std::string& name, const std::string& image,
              const std::vector<std::string>& secrets = {}) {
  Json pod = {{"containers", Json::array({{{"name", "web"}, {"image", image}}})}};
  for (const auto& secret : secrets) pod["imagePullSecrets"].push_back({{"name", secret}});
  return {{"metadata", {{"name", name}, {"namespace", ns}, {"uid", name}, {"resourceVersion", "1"}}},
          {"spec", {{"template", {{"spec", pod}}}}}};
}

TEST(Pullers, AreTheWorkloadsThatRunAnyVersionOfTheImage) {
  inventory::Stores stores;
  ASSERT_TRUE(stores.deployments.apply(workload("shop", "web", kImage + ":1.4.2", {"pull"})));
  ASSERT_TRUE(stores.stateful_sets.apply(workload("shop", "db", "registry.example.com/shop/db:1", {"pull"})));
  EXPECT_THAT(pullers_of(stores, "shop", kImage),
              ElementsAre(Puller{"Deployment shop/web", "shop", {"pull"}, "default"}));
}

TEST(Pullers, AreFoundByInitContainersToo) {
  inventory::Stores stores;
  Json web = workload("shop", "web", "other:1");
  web["spec"]["template"]["spec"]["initContainers"] =
      Json::array({{{"name", "migrate"}, {"image", kImage + ":1"}}});
  ASSERT_TRUE(stores.daemon_sets.apply(web));
  EXPECT_THAT(pullers_of(stores, "", kImage), SizeIs(1));
}

TEST(Pullers, OfOtherNamespacesDoNotCount) {
  inventory::Stores stores;
  ASSERT_TRUE(stores.deployments.apply(workload("shop", "web", kImage + ":1")));
  EXPECT_THAT(pullers_of(stores, "other", kImage), IsEmpty());
  EXPECT_THAT(pullers_of(stores, "", kImage), SizeIs(1));
}

TEST(Pullers, ThatPullInTheSameWayAreOne) {
  inventory::Stores stores;
  Json by_account = workload("shop", "c", kImage + ":1");
  by_account["spec"]["template"]["spec"]["serviceAccountName"] = "builder";
  for (const auto& each :
       {workload("shop", "a", kImage + ":1", {"pull"}), workload("shop", "b", kImage + ":1", {"pull"}),
        by_account, workload("shop", "d", kImage + ":1")}) {
    ASSERT_TRUE(stores.deployments.apply(each));
  }
  EXPECT_THAT(pullers_of(stores, "shop", kImage),
              ElementsAre(Puller{"Deployment shop/a", "shop", {"pull"}, "default"},
                          Puller{"Deployment shop/c", "shop", {}, "builder"},
                          Puller{"Deployment shop/d", "shop", {}, "default"}));
}

}  // namespace
}  // namespace patchwave::patch
