#include "operator/registry/reference.hpp"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace patchwave::registry {
namespace {

const std::string kDigest = "sha256:" + std::string(64, 'a');

Reference parsed(std::string_view text) {
  auto reference = parse_reference(text);
  EXPECT_TRUE(reference) << reference.error().message;
  return reference.value_or(Reference{});
}

TEST(Reference, FillsInDockerHubsOmissions) {
  EXPECT_EQ(parsed("nginx"), (Reference{"docker.io", "library/nginx", "latest", ""}));
  EXPECT_EQ(parsed("grafana/grafana:11.2.0"), (Reference{"docker.io", "grafana/grafana", "11.2.0", ""}));
  EXPECT_EQ(parsed("docker.io/nginx"), (Reference{"docker.io", "library/nginx", "latest", ""}));
  EXPECT_EQ(parsed("index.docker.io/library/nginx:1"), (Reference{"docker.io", "library/nginx", "1", ""}));
}

TEST(Reference, TellsAHostFromAFirstPartOfTheRepository) {
  EXPECT_EQ(parsed("localhost/web"), (Reference{"localhost", "web", "latest", ""}));
  EXPECT_EQ(parsed("Registry:5000/web:1"), (Reference{"registry:5000", "web", "1", ""}));
  EXPECT_EQ(parsed("team/web:1"), (Reference{"docker.io", "team/web", "1", ""}));
}

TEST(Reference, KeepsAPinnedDigestWithAndWithoutItsTag) {
  EXPECT_EQ(parsed("r.example.com/a/b:1@" + kDigest), (Reference{"r.example.com", "a/b", "1", kDigest}));
  EXPECT_EQ(parsed("r.example.com/a/b@" + kDigest), (Reference{"r.example.com", "a/b", "", kDigest}));
}

TEST(Reference, IsRefusedWhenAPartIsWrong) {
  for (const auto* text : {"", ":1", "a:", "UPPER/case", "a//b", "a/../b", "r.example.com/", "a:-x", "a b",
                           "a@sha256:12", "r.example.com:x/a", "user@r.example.com/a", "a/b?c", "-a"}) {
    EXPECT_FALSE(parse_reference(text)) << text;
  }
}

TEST(Digest, IsTheSha256OfTheBytes) {
  EXPECT_EQ(digest_of("abc"), "sha256:ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad");
}

}  // namespace
}  // namespace patchwave::registry
