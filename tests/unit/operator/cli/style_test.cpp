#include "operator/cli/style.hpp"

#include <gtest/gtest.h>

#include <map>

#include "operator/base/time.hpp"
#include "operator/cli/table.hpp"

namespace patchwave::cli {
namespace {

using namespace std::chrono_literals;

Style choose(ColourMode mode, bool terminal, const std::map<std::string, std::string>& variables,
             bool ascii = false) {
  return choose_style(mode, terminal, ascii, [&](const std::string& name) -> std::optional<std::string> {
    const auto found = variables.find(name);
    return found == variables.end() ? std::nullopt : std::optional(found->second);
  });
}

TEST(ChooseStyle, UsesColourOnATerminalOnly) {
  EXPECT_TRUE(choose(ColourMode::Auto, true, {{"TERM", "xterm"}}).colour);
  EXPECT_FALSE(choose(ColourMode::Auto, false, {{"TERM", "xterm"}}).colour);
}

TEST(ChooseStyle, ObeysNoColorUnlessItIsEmpty) {
  EXPECT_FALSE(choose(ColourMode::Auto, true, {{"NO_COLOR", "1"}}).colour);
  EXPECT_TRUE(choose(ColourMode::Auto, true, {{"NO_COLOR", ""}}).colour);
  EXPECT_FALSE(choose(ColourMode::Auto, true, {{"TERM", "dumb"}}).colour);
}

TEST(ChooseStyle, LetsTheFlagAndForceColorWin) {
  EXPECT_TRUE(choose(ColourMode::Always, false, {{"NO_COLOR", "1"}}).colour);
  EXPECT_FALSE(choose(ColourMode::Never, true, {{"FORCE_COLOR", "1"}}).colour);
  EXPECT_TRUE(choose(ColourMode::Auto, false, {{"FORCE_COLOR", "1"}}).colour);
  EXPECT_FALSE(choose(ColourMode::Auto, false, {{"FORCE_COLOR", "0"}}).colour);
}

TEST(ChooseStyle, UsesSignsBeyondAsciiOnlyWhereTheLocaleHasThem) {
  EXPECT_TRUE(choose(ColourMode::Auto, false, {{"LANG", "en_US.UTF-8"}}).utf8);
  EXPECT_FALSE(choose(ColourMode::Auto, false, {{"LC_ALL", "C"}, {"LANG", "en_US.UTF-8"}}).utf8);
  EXPECT_FALSE(choose(ColourMode::Auto, false, {}).utf8);
  EXPECT_FALSE(choose(ColourMode::Auto, false, {{"LANG", "en_US.utf8"}}, true).utf8);
}

TEST(DisplayWidth, CountsCodePointsAndNoEscapes) {
  EXPECT_EQ(display_width("1.4.2 → 1.4.3"), 13u);
  EXPECT_EQ(display_width(Style{true, true}.marked(Sign::Good, "Pass")), 6u);
}

TEST(Table, AlignsColumnsWithThreeBlanksWhateverTheyAreMadeOf) {
  const Style style{true, true};
  Table table({"NAME", "STATUS", "AGE"});
  table.add({"a", style.marked(Sign::Good, "Pass"), "17m"});
  table.add({"longer", style.marked(Sign::Unknown, "Undecided"), "2d"});
  EXPECT_EQ(table.print(),
            "NAME     STATUS        AGE\n"
            "a        \x1b[32m✔ Pass\x1b[0m        17m\n"
            "longer   \x1b[33m? Undecided\x1b[0m   2d\n");
}

TEST(FormatWhen, SaysTheTimeAndHowFarItIs) {
  const Time now = *parse_time("2026-11-21T20:30:00Z");
  EXPECT_EQ(format_when(now + 5h + 30min, now), "Sun 22 Nov 02:00 UTC (in 5h30m)");
  EXPECT_EQ(format_when(now - 17min, now), "Sat 21 Nov 20:13 UTC (17m ago)");
}

}  // namespace
}  // namespace patchwave::cli
