// One node of a wave: what it looks like (observe) and what to write next to bring it where its record says
// it may go (next_acts). Both are pure; perform() does the writing.
//
// The record was persisted before: a crash between two acts changes nothing but the time at which the next
// one happens, because acts follow from record and live objects alone.
#pragma once

#include <optional>
#include <string>
#include <variant>
#include <vector>

#include "controllers/api/wave.hpp"
#include "controllers/drain/drain.hpp"
#include "controllers/node/job.hpp"
#include "controllers/target/act.hpp"

namespace patchwave::node {

/// What was read of one node.
struct LiveNode {
  std::optional<Json> node;            ///< nullopt: there is none of that name.
  std::vector<drain::Pod> pods;        ///< Read only where the record's step needs them.
  std::vector<drain::Budget> budgets;  ///< The same.
  JobFacts job;                        ///< Of the record's step and attempt.
  bool forward_job_active = false;     ///< A Patch, Reboot or Verify Job of the wave still runs on the node.
  drain::Progress asked;               ///< What this process knows of evictions; may be lost at any time.
};

/// What the acts of a wave's nodes have in common.
struct Work {
  const api::PatchWave& wave;
  std::string claim;
  std::optional<api::NodeRecipeSpec> recipe;      ///< Unset: it can't be read now, and no Job is made.
  std::map<std::string, std::string> parameters;  ///< All of the recipe's, filled in.
  std::string jobs_namespace;
  std::string jobs_account;
};

/// Facts only, no verdict.
struct Observation {
  bool exists = false;
  bool replaced = false;   ///< Another UID than on record: another machine under the name.
  std::string claimed_by;  ///< The owner on the cordon's record; "" when nobody drains it.
  bool cordoned = false;   ///< Unschedulable, and claimed.
  bool ready = false;
  std::string uid;
  api::NodeFacts facts;
  std::optional<drain::Step> drain;  ///< What the drain would do next; where pods were read.
  JobFacts job;
  bool forward_job_active = false;
};

drain::Order drain_order(const Work& work, const api::TargetStatus& record);

Observation observe(const Work& work, const api::TargetStatus& record, const LiveNode& live, Time now);

/// Whether pods and budgets are needed to say what comes next: to drain, and to make a Job on a drained node.
bool needs_pods(const api::TargetStatus& record);

/// The Job of the record's step and attempt.
JobOrder job_order(const Work& work, const api::TargetStatus& record);

struct PatchNode {
  std::string name;
  Json operations;
};
struct Evict {
  drain::Eviction eviction;
};
struct CreateJob {
  Json job;
};
struct Act {
  std::variant<PatchNode, Evict, CreateJob> what;
  std::string why;  ///< For the log and the event.
};

/// The next writes, in order, for what the record allows. Empty when there is nothing to write now.
std::vector<Act> next_acts(const Work& work, const api::TargetStatus& record, const LiveNode& live, Time now);

/// Whether nothing of ours is left on the node.
bool is_released(const api::TargetStatus& record, const LiveNode& live, const std::string& claim);

/// `asked` learns what the eviction API answers.
target::Outcome perform(const kube::Client& client, const Act& act, drain::Progress& asked, Time now);

}  // namespace patchwave::node
