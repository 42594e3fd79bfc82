// The Jobs that carry out a recipe's steps on one node: what they look like, and what is read of them. Pure.
#pragma once

#include <map>
#include <optional>
#include <string>

#include "controllers/api/node_pool.hpp"
#include "controllers/api/recipe.hpp"
#include "operator/base/json.hpp"

namespace patchwave::node {

/// On a Job and its pod: "<wave uid>". A wave knows its Jobs by it.
inline constexpr std::string_view kWaveLabel = "patchwave.dev/wave-uid";
/// On a Job: the node it is for.
inline constexpr std::string_view kNodeAnnotation = "patchwave.dev/node";
/// On a Job: the step it carries out, "Patch".
inline constexpr std::string_view kStepAnnotation = "patchwave.dev/step";
/// What a patch step writes to its termination message, as a line of its own, to be booted anew.
inline constexpr std::string_view kRebootRequired = "reboot-required";

struct JobOrder {
  std::string ns;       ///< Where node Jobs run; nothing else does.
  std::string account;  ///< Their service account, which has no rights.
  std::string wave;     ///< "<namespace>/<name>", for people.
  std::string wave_uid;
  std::string node;
  std::string node_uid;
  api::NodeStep step = api::NodeStep::Patch;
  int attempt = 1;
  std::string boot_id;                            ///< When the step began.
  std::map<std::string, std::string> parameters;  ///< All of the recipe's, filled in.
};

/// The recipe's step for a step of the way; null where the recipe has none, and for steps that need no Job.
const api::RecipeStep* step_of(const api::NodeRecipeSpec& recipe, api::NodeStep step);

/// "patchwave-<step>-<hash>": the same for the same wave, node, step and attempt, so that a Job whose
/// creation has not been heard of is found again and not made twice.
std::string job_name(const JobOrder& order);

/// Precondition: step_of(recipe, order.step) is not null.
Json make_job(const JobOrder& order, const api::NodeRecipeSpec& recipe);

struct JobFacts {
  enum class State : std::uint8_t { Absent, Active, Succeeded, Failed };
  State state = State::Absent;
  /// A container of it has run: what comes of it is the step's doing, and not that of a scheduler or
  /// registry.
  bool started = false;
  bool reboot_required = false;
  bool last_words =
      false;  ///< How a container of it ended has been read; without that, nothing was asked for.
  std::optional<Time> failed_time;
  std::string message;  ///< Why it failed, or what it waits for: in words for people.
};

/// The boot ID that the node had when the Job was made.
std::string boot_id_of(const Json& job);

/// `pods`: those of the Job.
JobFacts read_job(const std::optional<Json>& job, const Json& pods);

}  // namespace patchwave::node
