#include "operator/prometheus/access.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <map>

namespace patchwave::prometheus {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

/// Files by name, which a test may change between two requests.
struct Files {
  std::map<std::string, std::string> texts = {
      {"token", "tk-1\n"}, {"password", "se:cret\r\n"}, {"two lines", "tk-1\nX-Other: 1"}, {"empty", "\n"}};
};

class PrometheusAccess : public ::testing::Test {
 protected:
  Result<ClientOptions> opened(const Access& access) {
    const AccessNames names{"the URL", "the token's file", "the CA's file", "the user",
                            "the password's file"};
    return open_access(access, names, [this](const std::string& file, std::size_t) -> Result<std::string> {
      const auto text = files_.texts.find(file);
      if (text == files_.texts.end()) return fail(ErrorKind::Invalid, file + " can't be read");
      return text->second;
    });
  }
  std::string refusal(const Access& access) {
    const auto options = opened(access);
    return options ? "" : options.error().message;
  }
  Files files_;
};

TEST_F(PrometheusAccess, KeepsThePathBeforeTheApi) {
  EXPECT_EQ(opened({"http://prometheus:9090", "", "", "", ""})->path_prefix, "");
  EXPECT_EQ(opened({"http://prometheus:9090/", "", "", "", ""})->path_prefix, "");
  EXPECT_EQ(opened({"https://example.com/prometheus/", "", "", "", ""})->path_prefix, "/prometheus");
}

TEST_F(PrometheusAccess, ReadsTheTokenForEachRequest) {
  const auto options = opened({"https://example.com", "token", "", "", ""});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->authorization(), "Bearer tk-1");
  files_.texts["token"] = "tk-2\n";
  EXPECT_EQ(options->authorization(), "Bearer tk-2");
}

TEST_F(PrometheusAccess, KnowsBasicAuthentication) {
  const auto options = opened({"https://example.com", "", "", "jane", "password"});
  ASSERT_TRUE(options);
  EXPECT_EQ(options->authorization(), "Basic amFuZTpzZTpjcmV0");
}

TEST_F(PrometheusAccess, SendsNoSecretOfSeveralLinesAndTellsNoneOfIt) {
  for (const auto* file : {"two lines", "empty"}) {
    const auto options = opened({"https://example.com", file, "", "", ""});
    ASSERT_TRUE(options);
    const auto header = options->authorization();
    ASSERT_FALSE(header);
    EXPECT_THAT(header.error().message, HasSubstr("the token's file"));
    EXPECT_THAT(header.error().message, Not(HasSubstr("tk-1")));
  }
}

TEST_F(PrometheusAccess, NamesThePartThatCanNotBeUsed) {
  EXPECT_THAT(refusal({"ftp://example.com", "", "", "", ""}), HasSubstr("the URL"));
  EXPECT_THAT(refusal({"https://example.com/?a=b", "", "", "", ""}), HasSubstr("the URL has a query"));
  EXPECT_THAT(refusal({"https://example.com", "", "nowhere", "", ""}), HasSubstr("the CA's file"));
  EXPECT_THAT(refusal({"https://example.com", "", "", "jane", ""}),
              HasSubstr("the user and the password's file belong together"));
  EXPECT_THAT(refusal({"https://example.com", "token", "", "jane", "password"}),
              HasSubstr("either the token's file or the user"));
}

}  // namespace
}  // namespace patchwave::prometheus
