// Which newer version counts for one that runs, by a policy's `spec.updates`. Pure.
#pragma once

#include <memory>
#include <string>
#include <string_view>

#include "controllers/api/patch.hpp"
#include "controllers/api/policy.hpp"

namespace re2 {
class RE2;
}

namespace patchwave::plan {

/// A policy's rule, ready for use.
///
/// A tag is an optional 'v', two to four numbers, and after a dash what makes it a pre-release ("rc.1", and
/// all that begins with one of the usual words), a revision (numbers alone) or a variant ("alpine"). It
/// counts for a tag that is written like it: the 'v', how many numbers there are, and the variant are the
/// same, and so is whether there is a revision. Where the first number is a year (1900 to 2999), no number
/// promises compatibility: Minor lets the year change, and Patch neither year nor month.
class UpdateRule {
 public:
  /// Invalid when `tags` is no pattern, naming the field.
  static Result<UpdateRule> make(const api::Updates& updates);
  /// Of a policy; one without `spec.updates` counts nothing.
  static Result<UpdateRule> of(const api::PatchPolicy& policy);

  /// `to` is later than `from` (by compare_versions), near enough, and written like it. No pre-release unless
  /// `from` is one.
  [[nodiscard]] bool counts(std::string_view from, std::string_view to) const;
  /// The same tag, naming another image than before, counts.
  [[nodiscard]] bool counts_rebuilds() const { return scope_ != api::UpdateScope::None; }
  [[nodiscard]] bool counts_versions() const { return scope_ >= api::UpdateScope::Patch; }

 private:
  UpdateRule(api::UpdateScope scope, std::shared_ptr<const re2::RE2> tags)
      : scope_(scope), tags_(std::move(tags)) {}

  api::UpdateScope scope_;
  std::shared_ptr<const re2::RE2> tags_;  ///< Null: every tag.
};

/// The value of api::kDiscoveredByLabel for a policy: its name where a label can hold it.
std::string discoverer(std::string_view policy);
/// Whether the policy found this patch itself.
bool discovered_by(const api::Patch& patch, const api::PatchPolicy& policy);
/// And keeps it: it is the policy's to delete. A copy that somebody made of one has its label and no such
/// owner, and an owner of the same name that was made anew is another.
bool owned_by(const api::Patch& patch, const api::PatchPolicy& policy);
/// What a policy finds is for itself alone; what people and pipelines write is for every policy.
bool is_for(const api::Patch& patch, const api::PatchPolicy& policy);

}  // namespace patchwave::plan
