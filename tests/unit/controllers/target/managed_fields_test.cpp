#include "controllers/target/managed_fields.hpp"

#include <gtest/gtest.h>

#include "controllers/target/target.hpp"

namespace patchwave::target {
namespace {

const Json kObject = Json::parse(R"({"metadata": {"managedFields": [
  {"manager": "kubectl-client-side-apply", "operation": "Update", "time": "2026-11-20T10:00:00Z",
   "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {".": {}, "f:image": {}}}}}}}},
  {"manager": "kustomize-controller", "operation": "Apply",
   "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:initContainers": {"k:{\"name\":\"web\"}": {"f:image": {}}}}}}}},
  {"manager": "kube-controller-manager", "operation": "Update", "subresource": "status",
   "fieldsV1": {"f:spec": {"f:template": {"f:spec": {"f:containers": {"k:{\"name\":\"web\"}": {"f:image": {}}}}}}}}]}})");

TEST(ManagedFields, NameTheManagerOfOneContainersImageAndWhenItWrote) {
  const auto owners = owners_of(kObject, image_field("web", false));
  ASSERT_EQ(owners.size(), 1U) << "writers of subresources do not own the image";
  EXPECT_EQ(owners[0].manager, "kubectl-client-side-apply");
  EXPECT_TRUE(owners[0].time);
}

TEST(ManagedFields, TellContainersFromInitContainers) {
  const auto owners = owners_of(kObject, image_field("web", true));
  ASSERT_EQ(owners.size(), 1U);
  EXPECT_EQ(owners[0].manager, "kustomize-controller");
  EXPECT_TRUE(owners_of(kObject, image_field("proxy", false)).empty());
}

TEST(ContinuousManagers, AreMatchedByPattern) {
  const auto& patterns = default_continuous_managers();
  EXPECT_TRUE(is_continuous("argocd-application-controller", patterns));
  EXPECT_TRUE(is_continuous("flux-helm-controller", patterns));
  EXPECT_FALSE(is_continuous("helm", patterns));
  EXPECT_FALSE(is_continuous("kubectl", patterns));
  EXPECT_TRUE(is_continuous("a-b-c", {"a*c"}));
  EXPECT_FALSE(is_continuous("a-b", {"a*c"}));
}

}  // namespace
}  // namespace patchwave::target
