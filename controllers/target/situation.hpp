// A target's record and live objects, read once into the terms that decisions are made in.
#pragma once

#include <string>
#include <vector>

#include "controllers/target/managed_fields.hpp"
#include "controllers/target/target.hpp"

namespace patchwave::target {

const kube::Resource& resource_of(api::TargetKind kind);

/// The image of one targeted container (or init container) in the workload's template.
struct ImageField {
  std::string container;
  std::string pointer;  ///< JSON pointer of the image.
  std::string image;
  FieldPath field;        ///< The same place in managedFields.
  bool patched = false;   ///< It is the image on record to go to.
  bool original = false;  ///< It is the image on record to go back to.

  /// Put there by us: what a rollback takes away.
  [[nodiscard]] bool ours() const { return patched && !original; }
};

struct Situation {
  const api::TargetStatus& record;
  const LiveTarget& live;
  Time now;
  std::string after;               ///< The image to go to.
  const Json* workload = nullptr;  ///< Null when it is gone, being deleted, or another object under the name.
  bool replaced = false;
  std::string claimed_by;
  api::TargetBefore current{};
  std::vector<ImageField> images{};
  std::vector<ObservedPod> pods{};  ///< All of them, terminating ones too.
  std::optional<Observation::ForeignWrite> foreign_write{};
  std::string gitops_manager{};
  std::string problem{};

  [[nodiscard]] bool all_patched() const;  ///< Every image in the template is the one to go to.
  [[nodiscard]] bool any_ours() const;     ///< At least one image in the template was put there by us.
};

Situation assess(const api::TargetStatus& record, const LiveTarget& live, const std::string& image, Time now,
                 const std::vector<std::string>& continuous_managers);

/// The claim annotation of a workload or of a canary copy, "" when it has none.
std::string claim_of(const Json& object);
/// metadata.generation was seen by the object's controller.
bool caught_up(const Json& object);
/// A pod that counts: not on its way out, not finished.
bool is_live(const kube::PodView& pod);
/// Runs the image to go to in a targeted container that had another one before: what a rollback replaces.
bool carries_patch(const Situation& situation, const kube::PodView& pod);
/// Ready for spec.minReadySeconds.
bool is_available(const Situation& situation, const kube::PodView& pod);
int count_ready(const Situation& situation, bool patched_only);

}  // namespace patchwave::target
