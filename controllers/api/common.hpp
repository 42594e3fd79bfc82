// Shapes that several kinds share. Every struct mirrors its OpenAPI schema in crds/, field for field;
// tests/unit/controllers/api holds the two together.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/json.hpp"

namespace patchwave::api {

inline constexpr std::string_view kGroup = "patchwave.dev";
inline constexpr std::string_view kApiVersion = "patchwave.dev/v1alpha1";
inline constexpr std::string_view kFieldManager = "patchwave";
/// On a PatchWave: keeps it until the workloads it touched are whole again.
inline constexpr std::string_view kFinalizer = "patchwave.dev/leave-workloads-whole";
/// On a workload: "<namespace>/<wave>/<wave uid>", the wave that is changing it. A compare-and-set lock.
inline constexpr std::string_view kClaimAnnotation = "patchwave.dev/claimed-by";
/// On a canary copy and its pods: "canary".
inline constexpr std::string_view kTrackLabel = "patchwave.dev/track";
/// On a canary copy: the workload it stands beside.
inline constexpr std::string_view kCanaryOfLabel = "patchwave.dev/canary-of";

struct Metadata {
  std::string name;
  std::string ns;
  std::string uid;
  std::string resource_version;
  std::int64_t generation = 0;
  std::optional<Time> creation_time;
  std::optional<Time> deletion_time;
  std::map<std::string, std::string> labels;
  std::map<std::string, std::string> annotations;
  std::vector<std::string> finalizers;
  Json owner_references = Json::array();
};

/// metav1.Condition.
struct Condition {
  std::string type;
  std::string status;  ///< True, False or Unknown
  std::string reason;
  std::string message;
  std::int64_t observed_generation = 0;
  std::optional<Time> last_transition_time;
  bool operator==(const Condition&) const = default;
};

/// Puts `condition` in its place by type. last_transition_time moves only when `status` changes.
void set_condition(std::vector<Condition>& conditions, Condition condition, Time now);
void remove_condition(std::vector<Condition>& conditions, std::string_view type);
const Condition* find_condition(const std::vector<Condition>& conditions, std::string_view type);

/// metav1.LabelSelector. An empty one matches everything.
struct LabelRequirement {
  std::string key;
  std::string op;  ///< In, NotIn, Exists, DoesNotExist
  std::vector<std::string> values;
  bool operator==(const LabelRequirement&) const = default;
};
struct LabelSelector {
  std::map<std::string, std::string> match_labels;
  std::vector<LabelRequirement> match_expressions;
  [[nodiscard]] bool matches(const std::map<std::string, std::string>& labels) const;
  /// As the API server takes it in `labelSelector`: "app=web,tier in (a,b),!legacy".
  [[nodiscard]] std::string query() const;
  bool operator==(const LabelSelector&) const = default;
};

/// "3" or "25%". Of `total`, rounded up for steps and budgets, and at least 1 when not zero itself.
struct CountOrPercent {
  int value = 0;
  bool percent = false;
  [[nodiscard]] int of(int total) const;
  bool operator==(const CountOrPercent&) const = default;
};
Result<CountOrPercent> parse_count_or_percent(std::string_view text);
std::string to_string(const CountOrPercent& value);

enum class Mode : std::uint8_t { Observe, Approve, Automatic };
enum class OnHarm : std::uint8_t { Rollback, Freeze };
enum class OnUndecided : std::uint8_t { Hold, Advance, Rollback };
enum class Verdict : std::uint8_t { Undecided, Pass, Harm };
/// What a wave changes one of at a time. A Node has no namespace.
enum class TargetKind : std::uint8_t { Deployment, StatefulSet, DaemonSet, Node };

std::string_view to_string(Mode value);
std::string_view to_string(OnHarm value);
std::string_view to_string(OnUndecided value);
std::string_view to_string(Verdict value);
std::string_view to_string(TargetKind value);

struct AllowWindow {
  std::string schedule;      ///< Five-field cron in time_zone: the window opens then.
  milliseconds duration{0};  ///< How long it stays open, on the wall clock's elapsed time.
  std::string time_zone = "Etc/UTC";
  bool operator==(const AllowWindow&) const = default;
};
struct DenyWindow {
  std::string from;  ///< Local time, "2026-12-20T00:00", inclusive.
  std::string to;    ///< Local time, exclusive.
  std::string time_zone = "Etc/UTC";
  std::string reason;
  bool operator==(const DenyWindow&) const = default;
};
/// No allow list: always open, but for the deny list.
struct Windows {
  std::vector<AllowWindow> allow;
  std::vector<DenyWindow> deny;
  bool operator==(const Windows&) const = default;
};

struct ThresholdGate {
  std::string query;  ///< PromQL; {{namespace}}, {{workload}}, {{node}}, {{wave}}, {{image}} are
                      ///< filled in.
  std::optional<std::string> below;  ///< Decimal text; exactly one of below and above.
  std::optional<std::string> above;
  milliseconds hold_for{0};  ///< `for`: how long without a break before it counts, either way.
  bool operator==(const ThresholdGate&) const = default;
};
struct AlertsGate {
  std::string match;  ///< Label matchers within ALERTS{alertstate="firing", …}.
  bool operator==(const AlertsGate&) const = default;
};
struct CounterGate {
  std::string events;    ///< Selector of the counter of what is bad; placeholders as in ThresholdGate.
  std::string exposure;  ///< Selector of the counter of what could have been.
  bool operator==(const CounterGate&) const = default;
};
struct HistogramGate {
  std::string metric;           ///< Selector of the histogram, without _bucket or _count.
  milliseconds slower_than{0};  ///< An edge of the histogram, taken as seconds: what is slower is an event.
  bool operator==(const HistogramGate&) const = default;
};
struct GaugeGate {
  std::string metric;  ///< Selector of the level.
  bool operator==(const GaugeGate&) const = default;
};
/// Exactly one of the kinds is set.
struct GateSpec {
  std::string name;
  std::optional<ThresholdGate> threshold;
  std::optional<AlertsGate> alerts;
  std::optional<CounterGate> counter;
  std::optional<HistogramGate> histogram;
  std::optional<GaugeGate> gauge;
  // Of counter, histogram and gauge, which compare canary and baseline. Unset: controllers/judge's defaults.
  std::optional<double> tolerate;  ///< Above 1: the canary's rate or level over the baseline's, still well.
  std::optional<double> alpha;     ///< In (0, 1): the chance of a wrong Harm over all looks.
  std::optional<double> beta;      ///< In (0, 1): the chance of a wrong Pass over all looks.
  milliseconds interval{15'000};
  bool operator==(const GateSpec&) const = default;
};

/// The field of its kind: "threshold", "alerts", "counter", "histogram" or "gauge".
std::string_view kind_of(const GateSpec& gate);

struct UndecidedPolicy {
  milliseconds after{6 * 3600 * 1000};
  OnUndecided action = OnUndecided::Hold;  ///< `do` in the API.
  bool operator==(const UndecidedPolicy&) const = default;
};

/// A named reason for not moving. Reasons are those of hold.hpp; every one has a row in docs/troubleshooting.
struct Hold {
  std::string reason;
  std::string message;
  std::optional<Time> since_time;
  std::optional<Time>
      until_time;  ///< The earliest time at which it can end by itself; unset = needs somebody.
  bool operator==(const Hold&) const = default;
};

}  // namespace patchwave::api
