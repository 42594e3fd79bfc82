// Everything of a registry's answers that is read: challenges, tokens, links, manifests, and names of images.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "operator/registry/answers.hpp"
#include "operator/registry/challenge.hpp"
#include "operator/registry/docker_config.hpp"
#include "operator/registry/manifest.hpp"
#include "operator/registry/reference.hpp"

namespace {

/// An image that was understood is understood the same once it is written out.
void check_reference(std::string_view text) {
  const auto reference = patchwave::registry::parse_reference(text);
  if (!reference) return;
  std::string again = reference->name();
  if (!reference->tag.empty()) again += ":" + reference->tag;
  if (!reference->digest.empty()) again += "@" + reference->digest;
  const auto second = patchwave::registry::parse_reference(again);
  if (!second || *second != *reference) std::abort();
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view text(reinterpret_cast<const char*>(data), size);
  check_reference(text);
  if (patchwave::registry::parse_challenges(text).size() > 16) std::abort();
  (void)patchwave::registry::parse_token(text);
  (void)patchwave::registry::parse_platform_digests(text);
  const std::string next = patchwave::registry::next_page(text, "/v2/a/tags/list");
  if (!next.empty() && !next.starts_with("/v2/a/tags/list?")) std::abort();
  patchwave::registry::DockerConfig config;
  if (config.add(text)) (void)config.find("registry.example.com", "shop/web");
  return 0;
}
