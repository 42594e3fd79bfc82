#include "controllers/drain/facts.hpp"

#include <algorithm>
#include <limits>

namespace patchwave::drain {
namespace {

std::int64_t sum(std::int64_t one, std::int64_t other) {
  std::int64_t result = 0;
  return __builtin_add_overflow(one, other, &result) ? std::numeric_limits<std::int64_t>::max() : result;
}

Resources larger_of(const Resources& one, const Resources& other) {
  return {std::max(one.cpu_millis, other.cpu_millis), std::max(one.memory_bytes, other.memory_bytes),
          std::max(one.pods, other.pods)};
}

std::int64_t millis_at(const Json& resources, std::string_view name) {
  const Json* value = find(resources, {name});
  if (value == nullptr) return 0;
  if (value->is_number_integer()) return parse_quantity_millis(print_json(*value)).value_or(0);
  return value->is_string() ? parse_quantity_millis(value->get_ref<const std::string&>()).value_or(0) : 0;
}

std::int64_t whole(std::int64_t millis) {
  return millis / 1000 + (millis % 1000 == 0 ? 0 : 1);
}

Resources read_resources(const Json& resources) {
  return {millis_at(resources, "cpu"), whole(millis_at(resources, "memory")),
          whole(millis_at(resources, "pods"))};
}

// As the scheduler counts (KEP-753): containers and the init containers that go on beside them add up; the
// other init containers run before them, one at a time.
Resources read_requests(const Json& spec) {
  Resources running;
  Resources starting;
  Resources beside;
  for (const auto& container : array_at(spec, {"initContainers"})) {
    Resources own = read_resources(object_at(container, {"resources", "requests"}));
    if (string_at(container, {"restartPolicy"}) == "Always") {
      beside += own;
      own = {};
    }
    own += beside;
    starting = larger_of(starting, own);
  }
  for (const auto& container : array_at(spec, {"containers"})) {
    running += read_resources(object_at(container, {"resources", "requests"}));
  }
  running += beside;
  Resources requests = larger_of(running, starting);
  requests += read_resources(object_at(spec, {"overhead"}));
  requests.pods = 1;
  return requests;
}

std::map<std::string, std::string> read_texts(const Json& object) {
  std::map<std::string, std::string> texts;
  for (const auto& [key, value] : object.items()) {
    if (value.is_string()) texts.emplace(key, value.get_ref<const std::string&>());
  }
  return texts;
}

std::vector<api::LabelRequirement> read_requirements(const Json& list) {
  std::vector<api::LabelRequirement> requirements;
  for (const auto& each : list) {
    api::LabelRequirement requirement{string_at(each, {"key"}), string_at(each, {"operator"}), {}};
    // Gt and Lt compare numbers; a node counts as fitting rather than not.
    if (requirement.op == "Gt" || requirement.op == "Lt") continue;
    for (const auto& value : array_at(each, {"values"})) {
      if (value.is_string()) requirement.values.push_back(value.get_ref<const std::string&>());
    }
    requirements.push_back(std::move(requirement));
  }
  return requirements;
}

std::vector<api::LabelSelector> read_node_terms(const Json& spec) {
  std::vector<api::LabelSelector> terms;
  const Json& list = array_at(spec, {"affinity", "nodeAffinity",
                                     "requiredDuringSchedulingIgnoredDuringExecution", "nodeSelectorTerms"});
  for (const auto& term : list)
    terms.push_back({{}, read_requirements(array_at(term, {"matchExpressions"}))});
  return terms;
}

std::vector<Toleration> read_tolerations(const Json& spec) {
  std::vector<Toleration> tolerations;
  for (const auto& each : array_at(spec, {"tolerations"})) {
    tolerations.push_back({string_at(each, {"key"}), string_at(each, {"value"}), string_at(each, {"effect"}),
                           string_at(each, {"operator"}) == "Exists"});
  }
  return tolerations;
}

std::string controlling_owner(const Json& metadata) {
  for (const auto& owner : array_at(metadata, {"ownerReferences"})) {
    if (bool_at(owner, {"controller"})) return string_at(owner, {"kind"});
  }
  return "";
}

std::string read_protection(const Json& annotations) {
  using Marker = std::pair<std::string_view, std::string_view>;
  for (const auto& [key, value] : {Marker{"cluster-autoscaler.kubernetes.io/safe-to-evict", "false"},
                                   Marker{"karpenter.sh/do-not-disrupt", "true"}}) {
    if (string_at(annotations, {key}) == value) return std::string(key) + "=" + std::string(value);
  }
  return "";
}

DrainLabel read_drain_label(const Json& labels) {
  const std::string value = string_at(labels, {"cluster.x-k8s.io/drain"});
  if (value == "skip") return DrainLabel::Skip;
  return value == "wait-completed" ? DrainLabel::WaitCompleted : DrainLabel::None;
}

std::string read_local_volume(const Json& spec) {
  for (const auto& volume : array_at(spec, {"volumes"})) {
    if (find(volume, {"emptyDir"}) != nullptr) return string_at(volume, {"name"});
  }
  return "";
}

bool is_ready(const Json& object) {
  for (const auto& condition : array_at(object, {"status", "conditions"})) {
    if (string_at(condition, {"type"}) == "Ready") return string_at(condition, {"status"}) == "True";
  }
  return false;
}

std::string read_sync_error(const Json& budget) {
  for (const auto& condition : array_at(budget, {"status", "conditions"})) {
    if (string_at(condition, {"type"}) == "DisruptionAllowed" &&
        string_at(condition, {"reason"}) == "SyncFailed") {
      return string_at(condition, {"message"}, "its pods can't be counted");
    }
  }
  return "";
}

int read_int(const Json& object, std::string_view key, int otherwise) {
  constexpr std::int64_t kMost = std::numeric_limits<int>::max();
  return static_cast<int>(std::clamp<std::int64_t>(integer_at(object, {key}, otherwise), -kMost, kMost));
}

}  // namespace

Resources& Resources::operator+=(const Resources& more) {
  cpu_millis = sum(cpu_millis, more.cpu_millis);
  memory_bytes = sum(memory_bytes, more.memory_bytes);
  pods = sum(pods, more.pods);
  return *this;
}

Resources& Resources::operator-=(const Resources& less) {
  cpu_millis -= less.cpu_millis;
  memory_bytes -= less.memory_bytes;
  pods -= less.pods;
  return *this;
}

bool Resources::fits_into(const Resources& room) const {
  return cpu_millis <= room.cpu_millis && memory_bytes <= room.memory_bytes && pods <= room.pods;
}

bool Pod::tolerates(const Taint& taint) const {
  return std::ranges::any_of(tolerations, [&](const Toleration& each) {
    if (!each.effect.empty() && each.effect != taint.effect) return false;
    if (each.key.empty()) return each.exists;
    return each.key == taint.key && (each.exists || each.value == taint.value);
  });
}

Node read_node(const Json& node) {
  const Json& metadata = object_at(node, {"metadata"});
  Node read{string_at(metadata, {"name"}),
            string_at(metadata, {"uid"}),
            string_at(node, {"status", "nodeInfo", "bootID"}),
            read_texts(object_at(metadata, {"labels"})),
            {},
            is_ready(node),
            read_cordon(node),
            read_resources(object_at(node, {"status", "allocatable"})),
            {}};
  for (const auto& taint : array_at(node, {"spec", "taints"})) {
    read.taints.push_back(
        {string_at(taint, {"key"}), string_at(taint, {"value"}), string_at(taint, {"effect"})});
  }
  return read;
}

Pod read_pod(const Json& pod) {
  const Json& metadata = object_at(pod, {"metadata"});
  const Json& spec = object_at(pod, {"spec"});
  Pod read;
  read.ns = string_at(metadata, {"namespace"});
  read.name = string_at(metadata, {"name"});
  read.uid = string_at(metadata, {"uid"});
  read.node = string_at(spec, {"nodeName"});
  read.owner_kind = controlling_owner(metadata);
  read.phase = string_at(pod, {"status", "phase"});
  read.labels = read_texts(object_at(metadata, {"labels"}));
  read.ready = is_ready(pod);
  read.mirror = find(metadata, {"annotations", "kubernetes.io/config.mirror"}) != nullptr;
  read.local_volume = read_local_volume(spec);
  read.protected_by = read_protection(object_at(metadata, {"annotations"}));
  read.drain_label = read_drain_label(object_at(metadata, {"labels"}));
  read.priority = read_int(spec, "priority", 0);
  read.grace = seconds(read_int(spec, "terminationGracePeriodSeconds", 30));
  if (find(metadata, {"deletionTimestamp"}) != nullptr) {
    read.deletion_time = time_at(metadata, {"deletionTimestamp"}).value_or(Time{});
  }
  read.requests = read_requests(spec);
  read.node_selector = read_texts(object_at(spec, {"nodeSelector"}));
  read.node_terms = read_node_terms(spec);
  read.tolerations = read_tolerations(spec);
  return read;
}

Budget read_budget(const Json& budget) {
  Budget read;
  read.ns = string_at(budget, {"metadata", "namespace"});
  read.name = string_at(budget, {"metadata", "name"});
  if (const Json* selector = find(budget, {"spec", "selector"})) {
    read.selector = api::LabelSelector{read_texts(object_at(*selector, {"matchLabels"})),
                                       read_requirements(array_at(*selector, {"matchExpressions"}))};
  }
  read.current =
      integer_at(budget, {"status", "observedGeneration"}) >= integer_at(budget, {"metadata", "generation"});
  read.always_allow_unhealthy = string_at(budget, {"spec", "unhealthyPodEvictionPolicy"}) == "AlwaysAllow";
  read.disruptions_allowed = integer_at(budget, {"status", "disruptionsAllowed"});
  read.current_healthy = integer_at(budget, {"status", "currentHealthy"});
  read.desired_healthy = integer_at(budget, {"status", "desiredHealthy"});
  read.expected_pods = integer_at(budget, {"status", "expectedPods"});
  read.sync_error = read_sync_error(budget);
  return read;
}

}  // namespace patchwave::drain
