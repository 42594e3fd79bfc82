#include "controllers/drain/cordon.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/drain/given.hpp"

namespace patchwave::drain {
namespace {

using ::testing::Optional;

CordonRecord record_of(bool was_unschedulable = false) {
  return {kOwner, "patch of \"workers\"", kNow, was_unschedulable, 1};
}

Json managed(const std::vector<std::string>& managers, const CordonRecord& record = record_of()) {
  Json fields = Json::array();
  for (const auto& manager : managers) {
    fields.push_back(
        {{"manager", manager}, {"fieldsV1", {{"f:spec", {{"f:unschedulable", Json::object()}}}}}});
  }
  return {{"metadata",
           {{"annotations", {{std::string(kCordonAnnotation), print_record(record)}}},
            {"managedFields", fields}}},
          {"spec", {{"unschedulable", true}}}};
}

TEST(Cordon, ARecordReadsAsItWasWritten) {
  EXPECT_THAT(parse_record(print_record(record_of(true))), Optional(record_of(true)));
}

TEST(Cordon, WhatIsNoRecordIsNotOursToTouch) {
  for (const auto* text :
       {"", "yes", "{}", "[1]", R"({"owner":"x"})", R"({"owner":"","since":"2026-11-21T02:00:00Z"})"}) {
    EXPECT_FALSE(parse_record(text)) << text;
  }
  Json node = managed({"patchwave"});
  node["metadata"]["annotations"][std::string(kCordonAnnotation)] = "yes";
  const Cordon cordon = read_cordon(node);
  EXPECT_TRUE(cordon.annotated);
  EXPECT_EQ(release_of(cordon, kOwner), Release::Nothing);
}

TEST(Cordon, ARecordCantSteerATerminal) {
  CordonRecord record = record_of();
  record.reason = "patch\x1b[2J";
  EXPECT_EQ(parse_record(print_record(record))->reason, "patch?[2J");
  EXPECT_FALSE(parse_record(R"({"owner":"x\u001b","since":"2026-11-21T02:00:00Z"})"));
}

TEST(Cordon, OursIsTakenBack) {
  EXPECT_EQ(release_of(read_cordon(managed({"patchwave"})), kOwner), Release::Uncordon);
}

TEST(Cordon, OursIsTakenBackWhereTheServerKeepsNoManagers) {
  EXPECT_EQ(release_of(read_cordon(managed({})), kOwner), Release::Uncordon);
}

// kured: a failed drain uncordoned what a person had cordoned. system-upgrade-controller does after success.
TEST(Cordon, KuredAndSystemUpgradeControllerUncordonedWhatAPersonCordonedBefore) {
  const auto cordon = read_cordon(managed({"patchwave"}, record_of(true)));
  EXPECT_EQ(release_of(cordon, kOwner), Release::ForgetRecord);
}

TEST(Cordon, APersonsCordonDuringTheDrainStays) {
  EXPECT_EQ(release_of(read_cordon(managed({"kubectl-cordon"})), kOwner), Release::ForgetRecord);
}

TEST(Cordon, ACordonThatAnotherAppliesTooStays) {
  EXPECT_EQ(release_of(read_cordon(managed({"patchwave", "argocd-controller"})), kOwner),
            Release::ForgetRecord);
}

TEST(Cordon, AnotherOwnersRecordIsLeftAlone) {
  EXPECT_EQ(release_of(read_cordon(managed({"patchwave"})), "shop/other/u-2"), Release::Nothing);
}

TEST(Cordon, ANodeThatIsSchedulableAgainOnlyLosesTheRecord) {
  Json node = managed({"patchwave"});
  node["spec"].erase("unschedulable");
  EXPECT_EQ(release_of(read_cordon(node), kOwner), Release::ForgetRecord);
}

TEST(Cordon, AStatusWriterIsNoManagerOfTheCordon) {
  Json node = managed({"patchwave", "kubelet"});
  node["metadata"]["managedFields"][1]["subresource"] = "status";
  EXPECT_EQ(release_of(read_cordon(node), kOwner), Release::Uncordon);
}

}  // namespace
}  // namespace patchwave::drain
