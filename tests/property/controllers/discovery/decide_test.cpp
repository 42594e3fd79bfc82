#include "controllers/discovery/decide.hpp"

#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "controllers/plan/version.hpp"
#include "tests/unit/controllers/discovery/given.hpp"

namespace patchwave::discovery {
namespace {

// Of the whole range from the first case on: small cases have nothing to propose.
int pick(int low, int high) {
  return *rc::gen::resize(rc::kNominalSize, rc::gen::inRange(low, high));
}

std::string any_number() {
  return *rc::gen::element<std::string>("0", "1", "2", "10", "01");
}

std::string any_tag() {
  const auto* prefix = *rc::gen::element("", "", "v");
  const auto* suffix = *rc::gen::element("", "", "", "-rc.1", "-rc.2", "-alpine", "-1", "-2");
  const int shape = pick(0, 6);
  if (shape == 0) return *rc::gen::element<std::string>("latest", "stable", "20261120", "2026.11.2");
  if (shape == 1) return fmt::format("{}{}.{}{}", prefix, any_number(), any_number(), suffix);
  return fmt::format("{}{}.{}.{}{}", prefix, pick(0, 2), pick(0, 2), any_number(), suffix);
}

std::vector<std::string> any_tags(int most) {
  std::set<std::string> tags;
  const int count = pick(1, most);
  for (int i = 0; i < count; ++i) tags.insert(any_tag());
  return {tags.begin(), tags.end()};
}

Snapshot any_snapshot() {
  const auto scope = static_cast<api::UpdateScope>(pick(0, 4));
  auto snapshot = given::snapshot(any_tags(4), any_tags(20), given::policy(scope));
  for (auto& [tag, release] : snapshot.answers[given::kWeb].releases) {
    const int age = pick(-1, 48);
    release->made = age < 0 ? std::nullopt : std::optional(given::kNow - std::chrono::hours(age));
  }
  for (auto& running : snapshot.running) {
    // Not asked about above: a tag that runs need not be in the registry any more.
    auto& releases = snapshot.answers[given::kWeb].releases;
    if (!releases.contains(running.tag)) releases[running.tag] = std::nullopt;
    if (*rc::gen::arbitrary<bool>()) running.digests = {given::digest(running.tag), given::digest("old")};
  }
  return snapshot;
}

RC_GTEST_PROP(Discovery, NeverProposesADowngradeOrAPrereleaseOfARelease, ()) {
  const auto decision = decide(any_snapshot(), given::kNow);
  RC_ASSERT(decision.has_value());
  for (const auto& proposal : decision->propose) {
    for (const auto& from : proposal.from) {
      const bool rebuilt = proposal.tag == from;
      RC_ASSERT(rebuilt || plan::compare_versions(proposal.tag, from).value_or(0) > 0);
      RC_ASSERT(from.contains("-rc") || !proposal.tag.contains("-rc"));
      RC_ASSERT(from.contains("-alpine") == proposal.tag.contains("-alpine"));
      RC_ASSERT(from.starts_with('v') == proposal.tag.starts_with('v'));
    }
  }
}

RC_GTEST_PROP(Discovery, ProposesNothingThatIsTooYoung, ()) {
  const auto snapshot = any_snapshot();
  const auto decision = decide(snapshot, given::kNow);
  for (const auto& proposal : decision->propose) {
    RC_ASSERT(proposal.made.has_value());
    RC_ASSERT(given::kNow - *proposal.made >= std::chrono::hours(24));
  }
  for (const auto& update : decision->held_back) RC_ASSERT(*update.until_time > given::kNow);
}

RC_GTEST_PROP(Discovery, IsDoneOnceItIsCarriedOut, ()) {
  auto snapshot = any_snapshot();
  const auto first = decide(snapshot, given::kNow);
  given::carry_out(snapshot, *first);
  const auto second = decide(snapshot, given::kNow);
  RC_ASSERT(second->propose.empty());
  RC_ASSERT(second->withdraw.empty());
  RC_ASSERT(second->standing == first->standing);
  RC_ASSERT(second->held_back == first->held_back);
}

RC_GTEST_PROP(Discovery, DoesNotDependOnTheOrderInWhichTheRegistryListsTags, ()) {
  auto snapshot = any_snapshot();
  const auto before = decide(snapshot, given::kNow);
  std::ranges::reverse(*snapshot.answers[given::kWeb].tags);
  std::ranges::reverse(snapshot.running);
  const auto after = decide(snapshot, given::kNow);
  RC_ASSERT(before->propose == after->propose);
  RC_ASSERT(before->held_back == after->held_back);
}

RC_GTEST_PROP(Discovery, AsksOnlyUntilItKnowsAndNeverTwice, ()) {
  const auto full = any_snapshot();
  auto snapshot = full;
  snapshot.answers.clear();
  std::vector<Question> asked;
  auto decision = decide(snapshot, given::kNow);
  while (!decision->ask.empty()) {
    for (const auto& question : decision->ask) {
      RC_ASSERT(std::ranges::find(asked, question) == asked.end());
      asked.push_back(question);
      const auto& known = full.answers.at(given::kWeb);
      auto& answers = snapshot.answers[given::kWeb];
      if (question.tag.empty()) {
        answers.tags = known.tags;
      } else {
        answers.releases[question.tag] = known.releases.at(question.tag);
      }
    }
    decision = decide(snapshot, given::kNow);
  }
  RC_ASSERT(decision->propose == decide(full, given::kNow)->propose);
}

}  // namespace
}  // namespace patchwave::discovery
