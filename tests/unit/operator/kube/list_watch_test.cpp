#include "operator/kube/list_watch.hpp"

#include <gtest/gtest.h>

namespace patchwave::kube {
namespace {

using Type = WatchEvent::Type;

ListWatchState at(decltype(ListWatchState::at) where, bool may_stream_list = true) {
  return {std::move(where), may_stream_list, 0, 0};
}

Failed failed(ErrorKind kind, std::string reason = "") {
  return {Error{kind, "…", 0, {}, std::move(reason)}};
}

TEST(ListWatch, FirstAsksForAStreamingList) {
  EXPECT_EQ(next_ask(ListWatchState{}), Ask(AskStreamingList{}));
}

TEST(ListWatch, AsksForAConsistentPageWhenStreamingListsAreUnknown) {
  EXPECT_EQ(next_ask(at(NothingListed{}, false)), Ask(AskPage{""}));
}

TEST(ListWatch, IsListedAtTheMarkedBookmarkAndGoesOnWatching) {
  auto next = step({}, EventArrived{Type::Added, "7", false});
  EXPECT_EQ(next.state.at, decltype(next.state.at)(StreamingList{}));
  EXPECT_EQ(next.tell, (Telling{true, Telling::Object::Upsert, false, false}));
  next = step(next.state, EventArrived{Type::Bookmark, "9", true});
  EXPECT_EQ(next.tell, (Telling{false, Telling::Object::None, true, false}));
  EXPECT_EQ(resource_version_of(next.state), "9");
  EXPECT_FALSE(next.hang_up);
}

TEST(ListWatch, TakesNoVersionFromTheObjectsOfAStreamingList) {
  const auto next = step({}, EventArrived{Type::Added, "7", false});
  EXPECT_EQ(resource_version_of(next.state), "");
  EXPECT_EQ(next_ask(step(next.state, failed(ErrorKind::Transport)).state), Ask(AskStreamingList{}));
}

TEST(ListWatch, ListsAnEmptyCollectionAtItsBookmark) {
  const auto next = step({}, EventArrived{Type::Bookmark, "9", true});
  EXPECT_EQ(next.tell, (Telling{true, Telling::Object::None, true, false}));
}

TEST(ListWatch, FallsBackToPagesForGoodWhenStreamingListsAreRefused) {
  const auto next = step({}, failed(ErrorKind::Invalid));
  EXPECT_EQ(next_ask(next.state), Ask(AskPage{""}));
  EXPECT_FALSE(next.back_off);
  const auto later = step(at(Watching{"5"}, false), failed(ErrorKind::Gone));
  EXPECT_EQ(next_ask(later.state), Ask(AskPage{""}));
}

TEST(ListWatch, FallsBackWhenAServerSendsPlainBookmarksBeforeTheMarkedOne) {
  const auto next = step(at(StreamingList{}), EventArrived{Type::Bookmark, "9", false});
  EXPECT_TRUE(next.hang_up);
  EXPECT_EQ(next.tell, Telling{});
  EXPECT_EQ(next_ask(next.state), Ask(AskPage{""}));
}

TEST(ListWatch, FallsBackWhenTwoStreamingListsEndUnfinished) {
  auto next = step(at(StreamingList{}), StreamEnded{});
  EXPECT_EQ(next_ask(next.state), Ask(AskStreamingList{}));
  next = step(next.state, StreamEnded{});
  EXPECT_EQ(next_ask(next.state), Ask(AskPage{""}));
}

TEST(ListWatch, DoesNotFallBackWhenTheServerIsOnlyAway) {
  auto next = step({}, failed(ErrorKind::Unavailable));
  for (int i = 0; i < 5; ++i) next = step(next.state, failed(ErrorKind::Forbidden));
  EXPECT_EQ(next_ask(next.state), Ask(AskStreamingList{}));
  EXPECT_TRUE(next.back_off);
}

TEST(ListWatch, TakesTheVersionOfTheListNotOfItsItems) {
  auto next = step(at(NothingListed{}, false), PageArrived{"10", "more"});
  EXPECT_EQ(next.tell, (Telling{true, Telling::Object::Upsert, false, false}));
  EXPECT_EQ(next_ask(next.state), Ask(AskPage{"more"}));
  next = step(next.state, PageArrived{"10", ""});
  EXPECT_EQ(next.tell, (Telling{false, Telling::Object::Upsert, true, false}));
  EXPECT_EQ(next_ask(next.state), Ask(AskWatch{"10"}));
}

TEST(ListWatch, DropsThePagesWhenTheirTokenExpires) {
  const auto next = step(at(PagingList{"more"}, false), failed(ErrorKind::Gone));
  EXPECT_EQ(next_ask(next.state), Ask(AskPage{""}));
  EXPECT_TRUE(next.back_off);
}

TEST(ListWatch, AsksForTheSamePageAgainAfterAnOrdinaryTrouble) {
  const auto next = step(at(PagingList{"more"}, false), failed(ErrorKind::Unavailable));
  EXPECT_EQ(next_ask(next.state), Ask(AskPage{"more"}));
}

TEST(ListWatch, NeverTakesAFailedListForAnEmptyOne) {
  for (const ErrorKind kind :
       {ErrorKind::Forbidden, ErrorKind::Unavailable, ErrorKind::Gone, ErrorKind::NotFound}) {
    EXPECT_EQ(step(at(NothingListed{}, false), failed(kind)).tell, Telling{});
    EXPECT_EQ(step(at(PagingList{"t"}, false), failed(kind)).tell, Telling{});
    EXPECT_EQ(step(at(StreamingList{}), failed(kind)).tell, Telling{});
  }
}

TEST(ListWatch, FollowsVersionsThatAreNoNumbers) {
  const auto next = step(at(Listed{"abc-18446744073709551616"}), EventArrived{Type::Modified, "zz/9", false});
  EXPECT_EQ(next_ask(next.state), Ask(AskWatch{"zz/9"}));
}

TEST(ListWatch, MovesItsPlaceWithABookmark) {
  const auto next = step(at(Watching{"5"}), EventArrived{Type::Bookmark, "90", false});
  EXPECT_EQ(next.tell, (Telling{false, Telling::Object::None, false, true}));
  EXPECT_EQ(next_ask(next.state), Ask(AskWatch{"90"}));
}

TEST(ListWatch, ResumesWhereItWasWhenAStreamEndsOrBreaks) {
  EXPECT_EQ(next_ask(step(at(Watching{"5"}), StreamEnded{}).state), Ask(AskWatch{"5"}));
  for (const ErrorKind kind : {ErrorKind::Transport, ErrorKind::Timeout, ErrorKind::TooManyRequests,
                               ErrorKind::Unavailable, ErrorKind::Unauthorized, ErrorKind::Forbidden}) {
    const auto next = step(at(Watching{"5"}), failed(kind));
    EXPECT_EQ(next_ask(next.state), Ask(AskWatch{"5"}));
    EXPECT_TRUE(next.back_off);
  }
}

TEST(ListWatch, OpensTheNextWatchAtOnceUnlessTheLastWasShort) {
  EXPECT_FALSE(step(at(Watching{"5"}), StreamEnded{false}).back_off);
  EXPECT_TRUE(step(at(Watching{"5"}), StreamEnded{true}).back_off);
}

TEST(ListWatch, ListsAnewAtOnceWhenALongWatchExpires) {
  const auto next = step(at(Watching{"5"}), failed(ErrorKind::Gone));
  EXPECT_EQ(next_ask(next.state), Ask(AskStreamingList{}));
  EXPECT_FALSE(next.back_off);
}

TEST(ListWatch, BacksOffWhenAWatchExpiresBeforeItsFirstEvent) {
  EXPECT_TRUE(step(at(Listed{"5"}), failed(ErrorKind::Gone)).back_off);
}

TEST(ListWatch, ListsAnewWhenTheServerKeepsFailingOnItsVersion) {
  Failed internal = failed(ErrorKind::Unavailable);
  internal.error.http_status = 500;
  auto next = step(at(Watching{"abc"}), internal);
  for (int i = 0; i < 3; ++i) next = step(next.state, internal);
  EXPECT_EQ(next_ask(next.state), Ask(AskWatch{"abc"}));
  next = step(next.state, internal);
  EXPECT_EQ(next_ask(next.state), Ask(AskStreamingList{}));
  EXPECT_TRUE(next.back_off);
}

TEST(ListWatch, ListsAnewWhenTheVersionIsFromAFutureThatWasTakenBack) {
  const auto next = step(at(Watching{"5"}), failed(ErrorKind::Timeout, "ResourceVersionTooLarge"));
  EXPECT_EQ(next_ask(next.state), Ask(AskStreamingList{}));
}

}  // namespace
}  // namespace patchwave::kube
