// Everything of a registry's answers that is read: challenges, tokens, links, manifests, and names of images.
#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string>
#include <string_view>

#include "operator/registry/answers.hpp"
#include "operator/registry/challenge.hpp"
#include "operator/registry/docker_config.hpp"
#include "operator/registry/manifest.hpp"
#include "operator/registry/reference.hpp"
#include "operator/registry/restraint.hpp"

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
  if (const auto description = patchwave::registry::parse_description(text)) {
    if (!description->config.empty() && !patchwave::registry::is_digest(description->config)) std::abort();
    if (!description->first_image.empty() && !patchwave::registry::is_digest(description->first_image))
      std::abort();
  }
  (void)patchwave::registry::parse_config_time(text);
  const auto tags = patchwave::registry::parse_tags(text);
  if (tags && !std::all_of(tags->begin(), tags->end(), patchwave::registry::is_tag)) std::abort();
  const std::string value(text);
  const auto limit = patchwave::registry::rate_limit_of({{"RateLimit", value}, {"RateLimit-Reset", value}});
  if (limit.remaining.value_or(0) < 0 || limit.reset.value_or(patchwave::seconds(0)).count() < 0)
    std::abort();
  const std::string next = patchwave::registry::next_page(text, "/v2/a/tags/list");
  if (!next.empty() && !next.starts_with("/v2/a/tags/list?")) std::abort();
  patchwave::registry::DockerConfig config;
  if (config.add(text)) (void)config.find("registry.example.com", "shop/web");
  return 0;
}
