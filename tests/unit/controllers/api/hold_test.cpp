#include "controllers/api/hold.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <sstream>

namespace patchwave::api {
namespace {

TEST(EveryHold, HasARowInTheTroubleshootingPage) {
  std::ifstream page(PATCHWAVE_SOURCE_DIR "/docs/troubleshooting.md");
  std::stringstream text;
  text << page.rdbuf();
  ASSERT_FALSE(text.str().empty());
  for (const auto reason : hold::kAll) {
    EXPECT_NE(text.str().find("| `" + std::string(reason) + "` |"), std::string::npos) << reason;
  }
}

}  // namespace
}  // namespace patchwave::api
