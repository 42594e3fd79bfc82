// Which newer versions of what runs become Patches, and what must be asked of registries to know. Pure.
#pragma once

#include <map>
#include <optional>
#include <set>
#include <string>
#include <vector>

#include "controllers/api/patch.hpp"
#include "controllers/api/policy.hpp"

namespace patchwave::discovery {

/// An image that the policy's workloads run.
struct RunningImage {
  std::string repository;  ///< As plan::parse_image writes it.
  std::string tag;         ///< Empty: it is named by its digest alone, and nothing is newer than that.
  std::set<std::string> digests = {};  ///< That its containers name or its pods report; empty: not known.
  bool operator==(const RunningImage&) const = default;
};

/// What a tag names.
struct Release {
  std::string digest;
  std::vector<std::string> platform_digests;  ///< Of an index: what pods may report instead.
  std::optional<Time> made;                   ///< nullopt: the image does not say.
};

/// What the registry said of one repository in this look.
struct Answers {
  std::optional<std::vector<std::string>> tags;  ///< nullopt: not asked.
  std::map<std::string, std::optional<Release>>
      releases;         ///< By tag; nullopt: there is no such tag any more.
  std::string problem;  ///< Why the registry can't be asked: nothing of the repository changes then.
};

/// What to ask next: what a tag names, or, when `tag` is empty, which tags there are.
struct Question {
  std::string repository;
  std::string tag;
  bool operator==(const Question&) const = default;
};

struct Snapshot {
  api::PatchPolicy policy;
  std::vector<RunningImage> running;
  std::vector<api::Patch> patches;         ///< Of the policy's namespace.
  std::set<std::string> begun;             ///< Names of the patches with a wave that has begun.
  std::map<std::string, Answers> answers;  ///< By repository.
};

/// A Patch to be made.
struct Proposal {
  std::string name;
  std::string repository;
  std::string tag;
  std::string digest;
  std::set<std::string> from;  ///< The running tags that it counts for.
  std::optional<Time> made;
  std::string because;  ///< For people.
  bool operator==(const Proposal&) const = default;
};

struct Withdrawal {
  std::string name;
  std::string uid;
  std::string resource_version;
  std::string why;
  bool operator==(const Withdrawal&) const = default;
};

struct Decision {
  std::vector<Question> ask;  ///< While there is any, nothing else is decided.
  std::vector<Proposal> propose;
  /// Patches that this policy found, that have not begun, and that would not be found now.
  std::vector<Withdrawal> withdraw;
  std::vector<api::HeldBackUpdate> held_back;
  std::set<std::string> standing;     ///< Names of the newest patches, be they new, here already, or by hand.
  std::vector<std::string> problems;  ///< Of registries, each naming its repository.
  std::vector<std::string> refused;   ///< Writes that the API server refused, each naming its Patch.
};

/// For each running tag the newest version that the policy's rule counts, that is old enough and not in
/// quarantine; where there is none, the same tag if it names another image by now. At most the eight newest
/// versions are asked about. Invalid when the rule can't be used, naming the field.
Result<Decision> decide(const Snapshot& snapshot, Time now);

/// "web-1.4.3-5f2c1a9b": the image's last word and its tag for people, and a hash of the policy, the
/// repository, the tag and the digest, so that equal names are of equal words.
std::string patch_name(const api::PatchPolicy& policy, const std::string& repository, const std::string& tag,
                       const std::string& digest);

}  // namespace patchwave::discovery
