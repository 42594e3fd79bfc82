#include <fmt/format.h>
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <charconv>
#include <cmath>
#include <set>

#include "tests/unit/controllers/ranking/given.hpp"

namespace patchwave::ranking {
namespace {

using risk::HumanImpact;
using risk::SystemExposure;

std::string any_cve() {
  return "CVE-2026-000" + std::to_string(*rc::gen::inRange(0, 10));
}

std::vector<std::string> any_cves() {
  std::set<std::string> cves;
  const int count = *rc::gen::inRange(1, 6);
  for (int i = 0; i < count; ++i) cves.insert(any_cve());
  return {cves.begin(), cves.end()};
}

std::string any_epss() {
  std::string rows;
  for (int i = 0; i < 10; ++i) {
    if (*rc::gen::arbitrary<bool>())
      rows += fmt::format("CVE-2026-000{},0.{:02},0.{:02}\n", i, *rc::gen::inRange(1, 99),
                          *rc::gen::inRange(1, 99));
  }
  return rows.empty() ? "CVE-2026-0001,0.5,0.9\n" : rows;
}

Circumstances any_circumstances() {
  return given::circumstances(static_cast<SystemExposure>(*rc::gen::inRange(0, 3)),
                              static_cast<HumanImpact>(*rc::gen::inRange(0, 4)));
}

api::Patch any_patch() {
  auto patch = given::patch(any_cves(), "p" + std::to_string(*rc::gen::inRange(0, 1000)));
  patch.metadata.creation_time = given::kNow - std::chrono::hours(24 * *rc::gen::inRange(0, 90));
  return patch;
}

double number(const std::string& text) {
  double value = 0;
  std::from_chars(text.data(), text.data() + text.size(), value);
  return value;
}

Time deadline_or_never(const AssessedPatch& assessed) {
  return assessed.report.deadline.value_or(Time::max());
}

RC_GTEST_PROP(ContributionsOfAPatch, SumToTheLogarithmOfItsScoreAndEachHasASource, ()) {
  const auto assessed =
      given::assess(any_patch(), given::Feeds().epss(any_epss()).kev({any_cve()}), any_circumstances());
  const auto& risk = *assessed.report.risk;
  double sum = 0;
  for (const auto& factor : risk.factors) {
    sum += number(factor.contribution);
    RC_ASSERT(!factor.source.empty());
  }
  // Each is rounded to three decimals, the score to three digits.
  RC_ASSERT(std::abs(sum - std::log(number(risk.score))) < 0.02);
}

RC_GTEST_PROP(AKevAddition, NeverPutsAPatchOffNorMakesItLessPressing, ()) {
  const auto patch = any_patch();
  const auto around = any_circumstances();
  const auto epss = any_epss();
  const auto before = given::assess(patch, given::Feeds().epss(epss).kev(), around);
  const auto cves = any_cves();
  const auto after = given::assess(patch, given::Feeds().epss(epss).kev(cves), around);
  RC_ASSERT(deadline_or_never(after) <= deadline_or_never(before));
  RC_ASSERT(after.place.deadline <= before.place.deadline);
  RC_ASSERT(after.place.score >= before.place.score);
}

RC_GTEST_PROP(MoreExposureOrCriticality, NeverMakesAPatchLessPressing, ()) {
  const auto patch = any_patch();
  const auto feeds = given::Feeds().epss(any_epss()).kev({any_cve()});
  auto less = any_circumstances();
  auto more = less;
  more.exposure = static_cast<SystemExposure>(*rc::gen::inRange(static_cast<int>(less.exposure), 3));
  more.criticality = static_cast<HumanImpact>(*rc::gen::inRange(static_cast<int>(less.criticality), 4));
  const auto before = given::assess(patch, feeds, less);
  const auto after = given::assess(patch, feeds, more);
  RC_ASSERT(deadline_or_never(after) <= deadline_or_never(before));
  RC_ASSERT(!risk::comes_before(before.place, after.place));
}

RC_GTEST_PROP(TheOrderOfPatches, DoesNotDependOnTheOrderInWhichTheyAreLookedAt, ()) {
  const auto feeds = given::Feeds().epss(any_epss()).kev({any_cve()});
  std::vector<AssessedPatch> patches;
  const int count = *rc::gen::inRange(1, 8);
  for (int i = 0; i < count; ++i) {
    auto patch = any_patch();
    patch.metadata.name = "p" + std::to_string(i);
    if (*rc::gen::arbitrary<bool>()) patch.status.phase = "Succeeded";
    patches.push_back(given::assess(patch, feeds, any_circumstances()));
  }
  auto others = patches;
  std::ranges::rotate(others, others.begin() + *rc::gen::inRange(0, count));
  if (*rc::gen::arbitrary<bool>()) std::ranges::reverse(others);
  put_in_order(patches);
  put_in_order(others);
  for (std::size_t i = 0; i < patches.size(); ++i) {
    RC_ASSERT(patches[i].key == others[i].key);
    RC_ASSERT(patches[i].report == others[i].report);
    RC_ASSERT(patches[i].report.risk->rank == static_cast<int>(i) + 1);
  }
}

RC_GTEST_PROP(TheOrderOfFixes, DoesNotMatter, ()) {
  auto patch = any_patch();
  const auto feeds = given::Feeds().epss(any_epss()).kev({any_cve()});
  const auto around = any_circumstances();
  const auto one = given::assess(patch, feeds, around);
  std::ranges::reverse(patch.spec.fixes);
  const auto other = given::assess(patch, feeds, around);
  RC_ASSERT(one.report == other.report);
}

}  // namespace
}  // namespace patchwave::ranking
