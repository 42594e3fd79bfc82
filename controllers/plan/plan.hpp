// Which waves a patch goes out in. Pure: rules and a picture of the cluster in, waves out.
#pragma once

#include <map>
#include <set>
#include <string>
#include <string_view>
#include <tuple>
#include <utility>
#include <vector>

#include "controllers/api/patch.hpp"
#include "controllers/api/policy.hpp"
#include "controllers/api/wave.hpp"
#include "controllers/api/workload.hpp"

namespace patchwave::plan {

using api::Workload;

/// An image reference taken apart: "registry:5000/team/web:1.2@sha256:…".
struct ImageReference {
  std::string
      repository;  ///< With registry host and without tag and digest; "docker.io/library/" is written out.
  std::string tag;
  std::string digest;
  bool operator==(const ImageReference&) const = default;
};
Result<ImageReference> parse_image(std::string_view text);
/// "<repository>:<tag>@<digest>"; leaves out what is empty.
std::string print_image(const ImageReference& image);
/// '*' matches within a path segment and '**' across; anchored at both ends.
bool matches_glob(std::string_view glob, std::string_view repository);
/// Whether any glob matches the repository, or the short name that people write for one of Docker Hub
/// ("nginx", "bitnami/*"). No globs allow every image.
bool allows_image(const std::vector<std::string>& globs, std::string_view repository);

/// Whether the policy selects this workload at all (namespaces, labels, any image glob), or this node (a
/// pool). `in_operator_namespace`: the policy may reach beyond `policy.metadata.ns`.
bool selects(const api::PatchPolicy& policy, bool in_operator_namespace, const Workload& workload);

/// Most targets of one PatchWave, as its schema has it. A longer wave continues as "<wave>-2", "<wave>-3", ….
inline constexpr std::size_t kMaxTargets = 500;
/// Longest name of a PatchWave: room for what is derived from it, within the 253 of an object's name.
inline constexpr std::size_t kMaxWaveName = 200;

/// "<patch>-<policy>-<wave>", and "-<part>" from the second part on. When other words could give the same
/// name (policy or wave has a dash, or the wave is a number) or it is longer than kMaxWaveName, it ends with
/// a hash of the four: equal names are of equal words.
std::string wave_name(std::string_view patch, std::string_view policy, std::string_view wave, int part = 1);

struct PlannedWave {
  std::string name;
  std::string wave;  ///< The policy's name for it, which all its parts share.
  api::PatchWaveSpec spec;
};
struct Plan {
  std::vector<PlannedWave> waves;
  int targets = 0;
  std::string problem;  ///< Why nothing at all can be planned, naming the field; empty when it can.
  std::vector<std::string> wave_warnings;      ///< See warnings_of_waves.
  std::vector<std::string> workload_warnings;  ///< Workloads that are left alone, and why.
};

/// Waves that would not be what their author wrote when the policy has this many workloads to divide:
/// "spec.waves[1] selects nothing: …", "spec.waves[0] is split: …".
std::vector<std::string> warnings_of_waves(const api::PatchPolicySpec& policy, std::size_t workloads);

/// What a workload is known by.
using WorkloadKey = std::tuple<api::TargetKind, std::string, std::string>;  ///< Kind, namespace, name.

/// The waves that a patch has already.
struct PlanSoFar {
  /// Of those that have begun, by the policy's name for a wave: how many targets each part of it has. They
  /// keep their targets for good, and count in every share.
  std::map<std::string, std::vector<std::size_t>> begun;
  /// Of those that wait: where in the plan a workload stands, by wave and then within it.
  std::map<WorkloadKey, std::pair<int, std::size_t>> waiting;
  [[nodiscard]] std::size_t begun_targets() const;
};

/// Splits the workloads that run another version of `patch` into the policy's waves. `workloads` are those
/// that the policy selects and no wave has that has begun. A share is one of all targets, begun or not, so
/// that what waits stays as it is when a wave begins. A wave that has begun gets no more, except the parts
/// it was too large for; the last one gets whoever comes late. Workloads come in the order of the waves that
/// have them, so that an autoscaler moves nobody to another wave; then in one that is stable: the fewest
/// replicas first, then a hash of patch and workload, so that not always the same team is the canary;
/// workloads without any copy come last, as nothing can be seen on them. For the patch of a node pool the
/// nodes of the pool are divided in the same way, and take turns by their zones. No workload is taken back to
/// an earlier version: a warning names it. A part whose name is among `taken` gets the next free number.
Plan make_plan(const api::PatchPolicy& policy, const api::Patch& patch,
               const std::vector<Workload>& workloads, const std::set<std::string>& taken = {},
               const PlanSoFar& so_far = {});

/// "<recipe>@<digest>" once the digest of a node pool's patch is known, else "": what a node is patched by.
std::string print_recipe(std::string_view recipe, std::string_view digest);

/// "sha256:…" over the wave's spec without `suspend` and `cancel`, and the image it would set.
std::string plan_hash(const api::PatchWaveSpec& spec, const std::string& image);

}  // namespace patchwave::plan
