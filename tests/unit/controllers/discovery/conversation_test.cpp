#include "controllers/discovery/conversation.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "tests/unit/controllers/discovery/given.hpp"

namespace patchwave::discovery {
namespace {

using ::testing::HasSubstr;

/// A registry in which every question ends in the same way.
class Registry {
 public:
  std::optional<Error> error;
  int asked = 0;

  Conversation::Open open() {
    return [this](const std::string&) { return std::make_unique<OneRepository>(*this); };
  }

 private:
  class OneRepository final : public Repository {
   public:
    explicit OneRepository(Registry& registry) : registry_(registry) {}
    Result<std::vector<std::string>> tags() override {
      ++registry_.asked;
      if (registry_.error) return fail(*registry_.error);
      return std::vector<std::string>{"1.4.3"};
    }
    Result<Release> release(const std::string& tag) override {
      ++registry_.asked;
      if (registry_.error) return fail(*registry_.error);
      return Release{given::digest(tag), {}, {}};
    }

   private:
    Registry& registry_;
  };
};

class AConversation : public ::testing::Test {
 protected:
  Registry registry_;
  Conversation conversation_{registry_.open()};
  std::map<std::string, Answers> answers_;
};

TEST_F(AConversation, PutsAnswersWhereTheNextDecisionFindsThem) {
  ASSERT_TRUE(conversation_.ask({"r/web", ""}, answers_));
  ASSERT_TRUE(conversation_.ask({"r/web", "1.4.3"}, answers_));
  EXPECT_EQ(answers_["r/web"].tags, std::vector<std::string>{"1.4.3"});
  EXPECT_EQ(answers_["r/web"].releases["1.4.3"]->digest, given::digest("1.4.3"));
}

TEST_F(AConversation, TakesATagThatIsGoneForAnAnswer) {
  registry_.error = Error{ErrorKind::NotFound, "r/web has no 1.4.3", 0, {}, {}};
  ASSERT_TRUE(conversation_.ask({"r/web", "1.4.3"}, answers_));
  EXPECT_EQ(answers_["r/web"].releases.at("1.4.3"), std::nullopt);
  EXPECT_TRUE(answers_["r/web"].problem.empty());
}

TEST_F(AConversation, AsksAHostThatDoesNotAnswerOnce) {
  registry_.error = Error{ErrorKind::Timeout, "no answer within 15s", 0, {}, {}};
  ASSERT_TRUE(conversation_.ask({"r/web", ""}, answers_));
  ASSERT_TRUE(conversation_.ask({"r/db", ""}, answers_));
  EXPECT_EQ(registry_.asked, 1);
  EXPECT_EQ(answers_["r/db"].problem, "r/db: no answer within 15s");
  registry_.error.reset();
  ASSERT_TRUE(conversation_.ask({"other/db", ""}, answers_));
  EXPECT_TRUE(answers_["other/db"].problem.empty());
}

TEST_F(AConversation, AsksOtherRepositoriesOfAHostThatRefusesOne) {
  registry_.error =
      Error{ErrorKind::Forbidden, "r/web: the pull credential may not read this repository", 0, {}, {}};
  ASSERT_TRUE(conversation_.ask({"r/web", ""}, answers_));
  registry_.error.reset();
  ASSERT_TRUE(conversation_.ask({"r/db", ""}, answers_));
  EXPECT_THAT(answers_["r/web"].problem, HasSubstr("may not read"));
  EXPECT_TRUE(answers_["r/db"].problem.empty());
}

TEST_F(AConversation, RemembersWhenARegistryMayBeAskedAgain) {
  registry_.error = Error{ErrorKind::TooManyRequests, "r limits our rate", 429, std::chrono::hours(1), {}};
  ASSERT_TRUE(conversation_.ask({"r/web", ""}, answers_));
  EXPECT_EQ(conversation_.retry_after(), std::chrono::hours(1));
}

TEST_F(AConversation, EndsWhenItIsCancelled) {
  registry_.error = Error{ErrorKind::Cancelled, "stopping", 0, {}, {}};
  EXPECT_FALSE(conversation_.ask({"r/web", ""}, answers_));
}

}  // namespace
}  // namespace patchwave::discovery
