#include "controllers/schedule/precedence.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::schedule {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;

TEST(Precedence, IsResolvedByName) {
  const auto precedence = resolve_precedence({"A", "B", "C"}, {{"C"}, {"A", "C"}, {}});
  ASSERT_TRUE(precedence);
  EXPECT_THAT((*precedence)[1], ElementsAre(0, 2));
  EXPECT_THAT(in_sequence(*precedence), ElementsAre(2, 0, 1));
}

TEST(Precedence, RefusesANameThatIsNotThere) {
  const auto precedence = resolve_precedence({"A", "B"}, {{}, {"Z"}});
  ASSERT_FALSE(precedence);
  EXPECT_THAT(precedence.error().message,
              HasSubstr("patch 'B' is to come after 'Z', which is not in the list"));
}

TEST(Precedence, NamesACycleAndOnlyWhatIsInIt) {
  const auto precedence = resolve_precedence({"D", "B", "C", "A"}, {{}, {"C"}, {"D", "B"}, {"B"}});
  ASSERT_FALSE(precedence);
  EXPECT_THAT(precedence.error().message, HasSubstr("'B' after 'C' after 'B'"));
  EXPECT_THAT(resolve_precedence({"A"}, {{"A"}}).error().message, HasSubstr("'A' after 'A'"));
}

TEST(Precedence, FollowsAChainAsLongAsAList) {
  constexpr std::size_t kCount = 100'000;
  Precedence chain(kCount);
  for (std::size_t i = 0; i + 1 < kCount; ++i) chain[i] = {i + 1};
  EXPECT_EQ(in_sequence(chain).front(), kCount - 1);
}

}  // namespace
}  // namespace patchwave::schedule
