#include "controllers/target/claim.hpp"

#include <fmt/format.h>

#include <algorithm>

#include "controllers/target/verbs.hpp"

namespace patchwave::target {
namespace {

const Json* record_of(const Json& workload) {
  return find(workload, {"metadata", "annotations", kImagesBeforeAnnotation});
}

/// The record that is there was made by this wave, before it changed an image: somebody has removed the claim
/// only.
bool is_of_this_wave(const Situation& situation) {
  return situation.record.state != api::TargetState::Claimed;
}

/// What needs no record to be put back.
bool all_have_digests(const Situation& situation) {
  return std::ranges::all_of(situation.images,
                             [](const auto& field) { return field.image.contains("@sha256:"); });
}

}  // namespace

std::string images_before(const Json& workload) {
  std::string record;
  for (const char* list : {"initContainers", "containers"}) {
    for (const auto& container : array_at(workload, {"spec", "template", "spec", list})) {
      record += fmt::format("{}{}={}", record.empty() ? "" : ",", string_at(container, {"name"}),
                            string_at(container, {"image"}));
    }
  }
  return record;
}

Act claim_workload(const Situation& situation, const std::string& claim) {
  GuardedPatch patch = start_patch(situation);
  for (const auto& field : situation.images) patch.test(field.pointer, field.image);
  Json annotations = {{std::string(api::kClaimAnnotation), claim}};
  const bool keeps_record = record_of(*situation.workload) != nullptr &&
                            (is_of_this_wave(situation) || all_have_digests(situation));
  if (!keeps_record) {
    annotations[std::string(kImagesBeforeAnnotation)] = images_before(*situation.workload);
  }
  patch.set_annotations(annotations);
  return write_workload(situation, patch, "claim " + name_of(situation.record.target));
}

std::vector<Act> release(const Situation& situation, const std::string& claim) {
  if (!situation.live.workload || situation.claimed_by != claim) return {};
  GuardedPatch patch = start_patch(situation);
  std::vector<std::string_view> gone = {api::kClaimAnnotation};
  const Json* record = record_of(*situation.live.workload);
  const bool is_back = record != nullptr && *record == images_before(*situation.live.workload);
  if (is_back) gone.push_back(kImagesBeforeAnnotation);
  patch.remove_annotations(gone);
  return {write_workload(situation, patch, "release " + name_of(situation.record.target))};
}

}  // namespace patchwave::target
