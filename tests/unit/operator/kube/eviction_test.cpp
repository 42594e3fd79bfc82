#include "tests/unit/operator/kube/support.hpp"

namespace patchwave::kube {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr const char* kEviction = "/api/v1/namespaces/shop/pods/web-1/eviction";

Json cause(const std::string& reason, const std::string& message) {
  return {{"causes", {{{"reason", reason}, {"message", message}}}}};
}

Result<EvictionAnswer> evict_with_answer(Scripted& t, int code, const std::string& body,
                                         http::Headers headers = {}) {
  t.server->on("POST", kEviction).reply(code, body, std::move(headers));
  return t.client.evict("shop", "web-1", "u1");
}

TEST(Eviction, BindsThePodByItsUid) {
  Scripted t;
  t.server->on("POST", kEviction).reply(201, "{}");
  const auto answer = t.client.evict("shop", "web-1", "u1", 20, true);
  ASSERT_TRUE(answer) << answer.error().message;
  EXPECT_EQ(answer->outcome, Eviction::Started);
  const auto body = Json::parse(t.server->last_request().body);
  EXPECT_EQ(body["deleteOptions"],
            (Json{{"preconditions", {{"uid", "u1"}}}, {"gracePeriodSeconds", 20}, {"dryRun", {"All"}}}));
  EXPECT_EQ(body["kind"], "Eviction");
}

TEST(Eviction, IsRefusedWithoutAUid) {
  Scripted t;
  EXPECT_EQ(t.client.evict("shop", "web-1", "").error().kind, ErrorKind::Invalid);
  EXPECT_THAT(t.server->requests(), IsEmpty());
}

TEST(Eviction, TakesAMissingPodForGone) {
  Scripted t;
  EXPECT_EQ(evict_with_answer(t, 404, status(404, "NotFound", "pods \"web-1\" not found"))->outcome,
            Eviction::Gone);
}

TEST(Eviction, TakesAnotherUidUnderTheNameForGone) {
  for (const std::string words : {"Operation cannot be fulfilled on Pod \"web-1\": the UID in the "
                                  "precondition (u1) does not match the UID in record (u2).",
                                  "Precondition failed: UID in precondition: u1, UID in object meta: u2"}) {
    Scripted t;
    EXPECT_EQ(evict_with_answer(t, 409, status(409, "Conflict", words))->outcome, Eviction::Gone);
  }
}

TEST(Eviction, TellsAnyOtherConflictAsAnError) {
  Scripted t;
  EXPECT_EQ(evict_with_answer(t, 409, status(409, "Conflict", "the object has been modified")).error().kind,
            ErrorKind::Conflict);
}

TEST(Eviction, IsBlockedByABudgetAndNamesIt) {
  Scripted t;
  const auto answer = evict_with_answer(
      t, 429,
      status(
          429, "TooManyRequests", "Cannot evict pod",
          cause("DisruptionBudget", "The disruption budget web needs 3 healthy pods and has 2 currently")));
  EXPECT_EQ(answer->outcome, Eviction::Blocked);
  EXPECT_THAT(answer->message, HasSubstr("budget web needs 3"));
  EXPECT_EQ(t.server->requests().size(), 1U) << "a budget's word is an answer, not a reason to repeat";
}

TEST(Eviction, TellsABudgetThatIsNotCurrentFromABlock) {
  Scripted t;
  Json details =
      cause("DisruptionBudget", "The disruption budget web is still being processed by the server.");
  details["retryAfterSeconds"] = 10;
  const auto answer = evict_with_answer(t, 429, status(429, "TooManyRequests", "Cannot evict pod", details),
                                        {{"Retry-After", "10"}});
  EXPECT_EQ(answer->outcome, Eviction::BudgetNotCurrent);
  EXPECT_EQ(answer->retry_after, seconds(10));
  EXPECT_THAT(t.gate->pauses, IsEmpty()) << "one budget must not silence every other request";
}

TEST(Eviction, TellsThrottlingFromABudget) {
  Scripted t;
  const auto answer =
      evict_with_answer(t, 429, status(429, "TooManyRequests", "too many requests"), {{"Retry-After", "1"}});
  EXPECT_EQ(answer.error().kind, ErrorKind::TooManyRequests);
  EXPECT_EQ(answer.error().retry_after, seconds(1));
  EXPECT_EQ(t.gate->pauses.size(), 1U);
}

TEST(Eviction, TellsSeveralBudgetsAsAMisconfiguration) {
  Scripted t;
  const auto answer = evict_with_answer(t, 500,
                                        status(500, "InternalError",
                                               "This pod has more than one PodDisruptionBudget, which the "
                                               "eviction subresource does not support."));
  EXPECT_EQ(answer->outcome, Eviction::Misconfigured);
}

TEST(Eviction, TellsATerminatingNamespaceFromMissingRights) {
  Scripted t;
  EXPECT_EQ(evict_with_answer(t, 403, status(403, "Forbidden", "…", cause("NamespaceTerminating", "going")))
                ->outcome,
            Eviction::NamespaceTerminating);
  EXPECT_EQ(evict_with_answer(t, 403, status(403, "Forbidden", "no rights")).error().kind,
            ErrorKind::Forbidden);
}

}  // namespace
}  // namespace patchwave::kube
