// What each kind of workload answers and does. One file a kind; none of them holds state.
#pragma once

#include <vector>

#include "controllers/target/guarded_patch.hpp"
#include "controllers/target/situation.hpp"

namespace patchwave::target {

/// Every function but `tidy` is called only while the situation has its workload. `step`, `promote` and
/// `restore` are called only while the claim is ours; their acts hold at most one write of the workload.
class Verbs {
 public:
  virtual ~Verbs() = default;

  /// Copies wanted by whoever owns the scale.
  virtual int desired(const Situation& situation) const = 0;
  /// Copies that may be patched at all: fewer than desired where the owner holds some back.
  virtual int reachable(const Situation& situation) const { return desired(situation); }
  /// The controllers have seen what was written last.
  virtual bool controllers_caught_up(const Situation& situation) const;
  /// By the workload's own status: its copies are ready and, where it says so, on its latest template.
  virtual bool rolled_out(const Situation& situation) const = 0;
  /// Nothing temporary of ours is left but the claim.
  virtual bool tidy(const Situation& situation) const = 0;

  virtual std::vector<Act> step(const Situation& situation, const std::string& claim) const = 0;
  virtual std::vector<Act> promote(const Situation& situation, const std::string& claim) const = 0;
  virtual std::vector<Act> restore(const Situation& situation, const std::string& claim) const = 0;
};

const Verbs& deployment_verbs();
const Verbs& stateful_set_verbs();
const Verbs& daemon_set_verbs();
const Verbs& verbs_of(api::TargetKind kind);

/// A patch under our claim, which is tested too where it is set.
GuardedPatch start_patch(const Situation& situation);
/// Every image that is not yet the one to go to.
void add_new_images(GuardedPatch& patch, const Situation& situation);
/// Every image that was put there by us, and only those.
void add_old_images(GuardedPatch& patch, const Situation& situation);
Act write_workload(const Situation& situation, const GuardedPatch& patch, std::string why);
Act evict(const kube::PodView& pod, std::string why);

/// Nothing when there is no canary copy under `claim`, or it is on its way out already.
std::vector<Act> remove_canary(const api::TargetStatus& record, const LiveTarget& live,
                               const std::string& claim);

/// "Deployment shop/web", for messages.
std::string name_of(const api::WaveTarget& target);

}  // namespace patchwave::target
