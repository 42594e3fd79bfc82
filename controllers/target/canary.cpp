#include "controllers/target/canary.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <cstdint>

#include "controllers/target/situation.hpp"

namespace patchwave::target {
namespace {

constexpr std::size_t kLongestLabelValue = 63;
constexpr std::string_view kCanarySuffix = "-patchwave-canary";
constexpr const char* kTrackValue = "canary";

/// FNV-1a, 64 bit: the same on every machine and in every version of the standard library.
std::uint64_t hash_of(std::string_view text) {
  std::uint64_t hash = 14695981039346656037ULL;
  for (const char c : text) {
    hash ^= static_cast<unsigned char>(c);
    hash *= 1099511628211ULL;
  }
  return hash;
}

bool selects(const Json& service, const Json& labels) {
  const Json& selector = object_at(service, {"spec", "selector"});
  if (selector.empty()) return false;
  return std::ranges::all_of(selector.items(), [&](const auto& entry) {
    const auto label = labels.find(entry.key());
    return label != labels.end() && *label == entry.value();
  });
}

/// A key of the primary's selector by which no Service finds the pods, or "".
std::string free_selector_key(const Json& primary, const std::vector<Json>& services) {
  const Json& labels = object_at(primary, {"spec", "template", "metadata", "labels"});
  for (const auto& [key, value] : object_at(primary, {"spec", "selector", "matchLabels"}).items()) {
    const bool used = std::ranges::any_of(services, [&](const Json& service) {
      return selects(service, labels) && object_at(service, {"spec", "selector"}).contains(key);
    });
    if (!used) return key;
  }
  return {};
}

Json identity_labels(const api::WaveTarget& target) {
  return {{std::string(api::kTrackLabel), kTrackValue},
          {std::string(api::kCanaryOfLabel), shortened(target.name, "")}};
}

/// The labels of the primary's pods, so that Services reach the copy, and ours. Where it can be done the
/// primary's selector is kept from matching them. Where Services need every key of it the two overlap,
/// which is harmless to the primary: a Deployment's ReplicaSets, and their pods, are its own by controller
/// reference and pod-template-hash, never by selector alone.
Json pod_labels(const CanaryWish& wish) {
  Json labels = object_at(wish.primary, {"spec", "template", "metadata", "labels"});
  if (const std::string key = free_selector_key(wish.primary, wish.services); !key.empty()) {
    const std::string value = string_at(labels, {key});
    labels[key] = value.empty() ? std::string(kCanarySuffix.substr(1)) : shortened(value, kCanarySuffix);
  }
  labels.update(identity_labels(wish.target));
  return labels;
}

Json pod_template(const CanaryWish& wish) {
  Json pod = object_at(wish.primary, {"spec", "template"});
  pod["metadata"].erase("creationTimestamp");
  pod["metadata"]["labels"] = pod_labels(wish);
  for (const char* list : {"containers", "initContainers"}) {
    if (!pod["spec"].contains(list)) continue;
    for (auto& container : pod["spec"][list]) {
      if (std::ranges::find(wish.target.containers, string_at(container, {"name"})) !=
          wish.target.containers.end()) {
        container["image"] = wish.image;
      }
    }
  }
  return pod;
}

/// The selector holds only our own labels: it is immutable, and the primary's labels may change under way.
Json canary_spec(const CanaryWish& wish) {
  Json spec = {{"replicas", wish.replicas},
               {"selector", {{"matchLabels", identity_labels(wish.target)}}},
               {"template", pod_template(wish)}};
  for (const char* copied : {"minReadySeconds", "progressDeadlineSeconds"}) {
    if (const Json* value = find(wish.primary, {"spec", copied})) spec[copied] = *value;
  }
  return spec;
}

}  // namespace

std::string shortened(std::string_view text, std::string_view suffix) {
  if (text.size() + suffix.size() <= kLongestLabelValue) return std::string(text) + std::string(suffix);
  const std::string tail = fmt::format("-{:08x}{}", hash_of(text) & 0xffffffffU, suffix);
  return std::string(text.substr(0, kLongestLabelValue - tail.size())) + tail;
}

std::string canary_name(std::string_view workload) {
  return shortened(workload, kCanarySuffix);
}

Json build_canary(const CanaryWish& wish) {
  Json canary = {{"apiVersion", "apps/v1"},
                 {"kind", "Deployment"},
                 {"metadata",
                  {{"name", canary_name(wish.target.name)},
                   {"namespace", wish.target.ns},
                   {"labels", identity_labels(wish.target)},
                   {"annotations", {{std::string(api::kClaimAnnotation), wish.claim}}},
                   {"ownerReferences", Json::array({{{"apiVersion", "apps/v1"},
                                                     {"kind", "Deployment"},
                                                     {"name", wish.target.name},
                                                     {"uid", string_at(wish.primary, {"metadata", "uid"})},
                                                     {"blockOwnerDeletion", false}}})}}},
                 {"spec", canary_spec(wish)}};
  canary["metadata"]["annotations"][std::string(kAppliedHashAnnotation)] =
      fmt::format("{:016x}", hash_of(print_json(canary)));
  return canary;
}

bool needs_apply(const Json& live, const Json& wanted) {
  const auto hash = [](const Json& object) {
    return string_at(object, {"metadata", "annotations", kAppliedHashAnnotation});
  };
  return hash(live) != hash(wanted) ||
         integer_at(live, {"spec", "replicas"}, 1) != integer_at(wanted, {"spec", "replicas"});
}

bool is_canary_of(const Json& deployment, const api::WaveTarget& target, std::string_view claim) {
  const Json& labels = object_at(deployment, {"metadata", "labels"});
  return string_at(labels, {api::kTrackLabel}) == kTrackValue &&
         string_at(labels, {api::kCanaryOfLabel}) == shortened(target.name, "") &&
         (claim.empty() || claim_of(deployment) == claim);
}

bool is_owned_by(const Json& deployment, std::string_view uid) {
  return std::ranges::any_of(array_at(deployment, {"metadata", "ownerReferences"}),
                             [&](const Json& owner) { return string_at(owner, {"uid"}) == uid; });
}

}  // namespace patchwave::target
