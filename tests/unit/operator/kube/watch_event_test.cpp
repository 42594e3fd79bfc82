#include "operator/kube/watch_event.hpp"

#include <gtest/gtest.h>

namespace patchwave::kube {
namespace {

TEST(WatchDecoder, RefusesAnObjectThatBreaksOffBeforeItsMetadata) {
  WatchDecoder decoder;
  const auto event = decoder.decode(R"({"type":"BOOKMARK","object":{"kind":"Pod","{"a":":{"b":"c"}}})");
  ASSERT_FALSE(event);
  EXPECT_EQ(event.error().kind, ErrorKind::Protocol);
}

TEST(WatchDecoder, TakesAnObjectWithoutMetadata) {
  WatchDecoder decoder;
  const auto event = decoder.decode(R"({"type":"ADDED","object":{"kind":"Pod"}})");
  ASSERT_TRUE(event);
  EXPECT_EQ(event->object, R"({"kind":"Pod"})");
  EXPECT_EQ(event->name, "");
}

TEST(WatchDecoder, GoesOnAfterALineThatWasBroken) {
  WatchDecoder decoder;
  EXPECT_FALSE(decoder.decode(R"({"type":"ADDED","object":{"a":"b","c)"));
  EXPECT_TRUE(decoder.decode(R"({"type":"ADDED","object":{"metadata":{"name":"web-0"}}})"));
}

}  // namespace
}  // namespace patchwave::kube
