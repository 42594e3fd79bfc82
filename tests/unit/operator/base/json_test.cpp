#include "operator/base/json.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave {
namespace {

using ::testing::HasSubstr;

/// Each text is read as the document library itself would read it.
class ParsesAsTheLibrary : public ::testing::TestWithParam<const char*> {};

TEST_P(ParsesAsTheLibrary, ValueForValueAndTypeForType) {
  const auto parsed = parse_json(GetParam(), "a text");
  const Json wanted = Json::parse(GetParam());
  ASSERT_TRUE(parsed) << parsed.error().message;
  EXPECT_EQ(*parsed, wanted);
  EXPECT_EQ(parsed->type(), wanted.type());
}

INSTANTIATE_TEST_SUITE_P(Texts, ParsesAsTheLibrary,
                         ::testing::Values("null", "true", "0", "-1", "1", "9223372036854775807",
                                           "9223372036854775808", "-9223372036854775808",
                                           "18446744073709551616", "1.5e3", "-0.0",
                                           R"("a\u00e9\n\ud83d\ude00")", "[]", "{}", R"([1,[2,{"a":null}]])",
                                           R"({"b":1,"a":2,"b":3})", "\xEF\xBB\xBF{\"a\":1}",
                                           R"({"a":{"b":{"c":[true,false,null,"",-5,5,5.5]}}})"));

/// Each is refused, and the message names what was read.
class IsNotJson : public ::testing::TestWithParam<std::string> {};

TEST_P(IsNotJson, AndTheMessageNamesWhatWasRead) {
  const auto parsed = parse_json(GetParam(), "get pods shop/web");
  ASSERT_FALSE(parsed);
  EXPECT_EQ(parsed.error().kind, ErrorKind::Protocol);
  EXPECT_THAT(parsed.error().message, HasSubstr("get pods shop/web is not JSON"));
}

INSTANTIATE_TEST_SUITE_P(Texts, IsNotJson,
                         ::testing::Values("", "{", "[1,]", "{'a':1}", "nul", "1 2", "\"\xff\"", "1e999",
                                           std::string("\"a\0b\"", 5), std::string("{} \0", 4),
                                           std::string("{}\0not JSON", 11)));

TEST(ParseJson, TakesWhatIsNestedDeeplyWithoutHarm) {
  const std::string deep = std::string(5000, '[') + std::string(5000, ']');
  EXPECT_TRUE(parse_json(deep, "a text"));
}

TEST(ParseJson, RefusesWhatIsNestedDeeperThanItCouldBePrinted) {
  const auto nested = [](std::size_t depth) { return std::string(depth, '[') + std::string(depth, ']'); };
  EXPECT_TRUE(parse_json(nested(10'000), "a text"));
  EXPECT_FALSE(parse_json(nested(10'001), "a text"));
}

TEST(ParseJson, RefusesATextThatIsNowhere) {
  EXPECT_FALSE(parse_json(std::string_view(), "a text"));
}

TEST(ParseJson, TakesNoBracketOfAStringForNesting) {
  // The last number is one that only the slower reader takes.
  EXPECT_TRUE(parse_json("[\"" + std::string(20'000, '[') + "\\\"" + "\", 18446744073709551616]", "a text"));
}

TEST(ParseJson, ReadsATextThatIsLongerThanTheKeptParserHolds) {
  Json array = Json::array();
  for (int i = 0; i < 100'000; ++i) array.push_back(i);
  const auto parsed = parse_json(array.dump(), "a text");
  ASSERT_TRUE(parsed);
  EXPECT_EQ(*parsed, array);
}

}  // namespace
}  // namespace patchwave
