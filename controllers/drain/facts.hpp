// What a drain has to know of nodes, pods and PodDisruptionBudgets, and how that is read from their JSON.
#pragma once

#include <compare>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <tuple>
#include <vector>

#include "controllers/api/common.hpp"
#include "controllers/drain/cordon.hpp"

namespace patchwave::drain {

/// What a pod asks of a node, or a node has to give.
struct Resources {
  std::int64_t cpu_millis = 0;
  std::int64_t memory_bytes = 0;
  std::int64_t pods = 0;

  Resources& operator+=(const Resources& more);
  Resources& operator-=(const Resources& less);
  [[nodiscard]] bool fits_into(const Resources& room) const;
  bool operator==(const Resources&) const = default;
};

struct Taint {
  std::string key;
  std::string value;
  std::string effect;
  bool operator==(const Taint&) const = default;
};

struct Toleration {
  std::string key;  ///< Empty with `exists`: every key.
  std::string value;
  std::string effect;  ///< Empty: every effect.
  bool exists = false;
  auto operator<=>(const Toleration&) const = default;
};

struct Node {
  std::string name;
  std::string uid;
  std::string boot_id;
  std::map<std::string, std::string> labels;
  std::vector<Taint> taints;
  bool ready = false;
  Cordon cordon;
  Resources allocatable;
  Resources taken;  ///< By pods that are not among the facts.
};

/// `cluster.x-k8s.io/drain` of a pod.
enum class DrainLabel : std::uint8_t { None, Skip, WaitCompleted };

struct Pod {
  std::string ns;
  std::string name;
  std::string uid;
  std::string node;        ///< Empty until it is scheduled.
  std::string owner_kind;  ///< Of the controlling owner; empty for a bare pod.
  std::string phase;
  std::map<std::string, std::string> labels;
  bool ready = false;
  bool mirror = false;       ///< The API's picture of a static pod.
  std::string local_volume;  ///< Its first emptyDir volume; empty: none.
  std::string protected_by;  ///< The annotation that asks not to disturb it, "key=value".
  DrainLabel drain_label = DrainLabel::None;
  int priority = 0;
  seconds grace{30};                  ///< terminationGracePeriodSeconds.
  std::optional<Time> deletion_time;  ///< When its grace period ends; set once deletion has begun.
  Resources requests;
  std::map<std::string, std::string> node_selector;
  std::vector<api::LabelSelector> node_terms;  ///< Required node affinity: any of them. Empty: every node.
  std::vector<Toleration> tolerations;

  [[nodiscard]] std::string text() const { return ns + "/" + name; }
  [[nodiscard]] bool finished() const { return phase == "Succeeded" || phase == "Failed"; }
  [[nodiscard]] bool terminating() const { return deletion_time.has_value(); }
  [[nodiscard]] bool tolerates(const Taint& taint) const;
};

struct Budget {
  std::string ns;
  std::string name;
  std::optional<api::LabelSelector> selector;  ///< None selects no pod, an empty one all of the namespace.
  bool current = true;                         ///< Its status is of the newest spec.
  bool always_allow_unhealthy = false;
  std::int64_t disruptions_allowed = 0;
  std::int64_t current_healthy = 0;
  std::int64_t desired_healthy = 0;
  std::int64_t expected_pods = 0;
  /// Why its controller can't count its pods (condition DisruptionAllowed, reason SyncFailed): it allows
  /// nothing until then. Empty: it can.
  std::string sync_error;

  [[nodiscard]] std::string text() const { return ns + "/" + name; }
};

// What is missing or of another type reads as its default: a drain must go on where a field of a later API
// version is not understood.
Node read_node(const Json& node);
Pod read_pod(const Json& pod);
Budget read_budget(const Json& budget);

/// A Kubernetes quantity in thousandths, rounded up: "1500m" is 1500, "2Gi" is 2^31 * 1000. Nothing when it
/// is no quantity; out of range stops at the largest number.
std::optional<std::int64_t> parse_quantity_millis(std::string_view text);

}  // namespace patchwave::drain
