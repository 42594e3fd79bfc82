#include "tests/simulation/eviction.hpp"

#include <fmt/format.h>

#include "operator/base/time.hpp"
#include "tests/simulation/api_errors.hpp"
#include "tests/simulation/deletion.hpp"
#include "tests/simulation/scaled_value.hpp"

namespace patchwave::simulation {
namespace {

const auto& kPods = resources::kPods;
const auto& kBudgets = resources::kPodDisruptionBudgets;

std::vector<Snapshot> budgets_of(const ClusterState& state, const Json& pod) {
  std::vector<Snapshot> matching;
  const std::string ns = name_of(pod).ns;
  for (const auto& [name, budget] : state.all(kBudgets)) {
    if (name.ns == ns &&
        selector_matches(find(budget->json, {"spec", "selector"}), object_at(pod, {"metadata", "labels"}))) {
      matching.push_back(budget);
    }
  }
  return matching;
}

http::Response budget_refusal(std::string why, bool retry) {
  Json details{{"causes", Json::array({{{"reason", "DisruptionBudget"}, {"message", std::move(why)}}})}};
  if (retry) details["retryAfterSeconds"] = 10;
  return failure(429, "TooManyRequests", "Cannot evict pod as it would violate the pod's disruption budget.",
                 std::move(details));
}

/// Pods that do no work any more, or not yet, cost nobody anything.
bool skips_budgets(const Json& pod) {
  const std::string phase = string_at(pod, {"status", "phase"});
  return phase == "Pending" || phase == "Succeeded" || phase == "Failed" || is_terminating(pod);
}

/// An unready pod counts as no disruption while its budget is met, or always when the budget says so.
bool unhealthy_may_go(const Json& budget) {
  if (string_at(budget, {"spec", "unhealthyPodEvictionPolicy"}) == "AlwaysAllow") return true;
  const auto desired = integer_at(budget, {"status", "desiredHealthy"});
  return desired > 0 && integer_at(budget, {"status", "currentHealthy"}) >= desired;
}

/// checkAndDecrement: the refusal, or nothing once the disruption is taken from the budget.
std::optional<http::Response> take_disruption(ClusterState& state, const Snapshot& budget, const Json& pod,
                                              bool dry_run, const Writer& writer) {
  const std::string name = name_of(budget->json).name;
  if (integer_at(budget->json, {"status", "observedGeneration"}) <
      integer_at(budget->json, {"metadata", "generation"})) {
    return budget_refusal(
        fmt::format("The disruption budget {} is still being processed by the server.", name), true);
  }
  const auto allowed = integer_at(budget->json, {"status", "disruptionsAllowed"});
  if (allowed < 1) {
    return budget_refusal(fmt::format("The disruption budget {} needs {} healthy pods and has {} currently",
                                      name, integer_at(budget->json, {"status", "desiredHealthy"}),
                                      integer_at(budget->json, {"status", "currentHealthy"})),
                          false);
  }
  if (dry_run) return std::nullopt;
  Json after = budget->json;
  after["status"]["disruptionsAllowed"] = allowed - 1;
  after["status"]["disruptedPods"][name_of(pod).name] = format_time(state.now());
  state.update(kBudgets, budget, std::move(after), writer, "status");
  return std::nullopt;
}

}  // namespace

bool pod_is_ready(const Json& pod) {
  for (const auto& condition : array_at(pod, {"status", "conditions"})) {
    if (condition["type"] == "Ready") return condition["status"] == "True";
  }
  return false;
}

http::Response evict(ClusterState& state, const std::string& ns, const std::string& name, const Json& body,
                     bool dry_run, const Writer& writer) {
  const Snapshot pod = state.find(kPods, ns, name);
  if (!pod) return not_found(kPods, name);
  const std::string uid = string_at(body, {"deleteOptions", "preconditions", "uid"});
  if (!uid.empty() && uid != uid_of(pod->json)) {
    return conflict(
        kPods, name,
        fmt::format("the UID in the precondition ({}) does not match the UID in record ({}). The object "
                    "might have been deleted and then recreated",
                    uid, uid_of(pod->json)));
  }
  if (!skips_budgets(pod->json)) {
    const auto budgets = budgets_of(state, pod->json);
    if (budgets.size() > 1) {
      return failure(
          500, "",
          "This pod has more than one PodDisruptionBudget, which the eviction subresource does not support.");
    }
    const bool free = budgets.empty() || (!pod_is_ready(pod->json) && unhealthy_may_go(budgets[0]->json));
    if (!free) {
      if (auto refused = take_disruption(state, budgets[0], pod->json, dry_run, writer)) return *refused;
    }
  }
  if (!dry_run) begin_deletion(state, kPods, pod, writer, "eviction");
  return answer(201, R"({"kind":"Status","apiVersion":"v1","metadata":{},"status":"Success","code":201})");
}

DisruptionController::DisruptionController(ClusterState& state, Agenda& agenda, Random& random)
    : state_(state), agenda_(agenda), random_(random) {
  state_.listen([this](const Change& change) {
    if (change.resource == kBudgets) {
      if (change.after && change.subresource != "status") schedule(change.name);
      return;
    }
    if (change.resource != kPods) return;
    const bool matters = !change.before || !change.after ||
                         pod_is_ready(change.before->json) != pod_is_ready(change.after->json) ||
                         is_terminating(change.before->json) != is_terminating(change.after->json);
    if (!matters) return;
    for (const auto& budget : budgets_of(state_, (change.after ? change.after : change.before)->json)) {
      schedule(name_of(budget->json));
    }
  });
}

void DisruptionController::schedule(const kube::NamespacedName& budget) {
  if (!scheduled_.insert(budget).second) return;
  agenda_.after(random_.between(milliseconds(5), milliseconds(300)), [this, budget] { sync(budget); });
}

/// The sum of what the pods' controllers want: a ReplicaSet's Deployment speaks for it.
std::int64_t DisruptionController::expected_pods(const std::vector<Snapshot>& pods) const {
  std::map<std::string, std::int64_t> wanted;
  for (const auto& pod : pods) {
    for (const auto& owner : array_at(pod->json, {"metadata", "ownerReferences"})) {
      const std::string kind = string_at(owner, {"kind"});
      const auto& resource = kind == "StatefulSet" ? resources::kStatefulSets : resources::kReplicaSets;
      Snapshot controller = state_.find(resource, name_of(pod->json).ns, string_at(owner, {"name"}));
      if (!controller) continue;
      if (kind == "ReplicaSet") {
        const Json& owners = array_at(controller->json, {"metadata", "ownerReferences"});
        if (owners.empty()) continue;
        controller =
            state_.find(resources::kDeployments, name_of(pod->json).ns, string_at(owners[0], {"name"}));
        if (!controller) continue;
      }
      wanted[uid_of(controller->json)] = integer_at(controller->json, {"spec", "replicas"});
    }
  }
  std::int64_t total = 0;
  for (const auto& [uid, replicas] : wanted) total += replicas;
  return total;
}

void DisruptionController::sync(const kube::NamespacedName& name) {
  scheduled_.erase(name);
  const Snapshot budget = state_.find(kBudgets, name.ns, name.name);
  if (!budget) return;
  std::vector<Snapshot> pods;
  std::int64_t healthy = 0;
  const Json* selector = find(budget->json, {"spec", "selector"});
  for (const auto& [pod_name, pod] : state_.all(kPods)) {
    if (pod_name.ns != name.ns || !selector_matches(selector, object_at(pod->json, {"metadata", "labels"})))
      continue;
    pods.push_back(pod);
    if (pod_is_ready(pod->json) && !is_terminating(pod->json)) ++healthy;
  }
  std::int64_t expected = static_cast<std::int64_t>(pods.size());
  std::int64_t desired = 0;
  if (const Json* unavailable = find(budget->json, {"spec", "maxUnavailable"})) {
    expected = expected_pods(pods);
    desired = std::max<std::int64_t>(0, expected - scaled_up(*unavailable, expected));
  } else {
    const Json& available = budget->json["spec"]["minAvailable"];
    if (available.is_string()) expected = expected_pods(pods);
    desired = scaled_up(available, expected);
  }
  Json after = budget->json;
  after["status"] = {{"observedGeneration", integer_at(after, {"metadata", "generation"})},
                     {"currentHealthy", healthy},
                     {"desiredHealthy", desired},
                     {"expectedPods", expected},
                     {"disruptionsAllowed", std::max<std::int64_t>(0, expected > 0 ? healthy - desired : 0)}};
  state_.update(kBudgets, budget, std::move(after), {Actor::Controller, "disruption-controller"}, "status");
}

}  // namespace patchwave::simulation
