#include "controllers/discovery/decide.hpp"

#include <fmt/format.h>
#include <fmt/ranges.h>

#include <algorithm>
#include <utility>

#include "controllers/plan/hash.hpp"
#include "controllers/plan/plan.hpp"
#include "controllers/plan/update.hpp"
#include "controllers/plan/version.hpp"
#include "operator/base/time.hpp"

namespace patchwave::discovery {
namespace {

constexpr std::size_t kMostLookedAt = 8;
constexpr std::size_t kLongestStem = 100;
constexpr std::size_t kHashDigits = 8;

std::string repository_of(const api::Patch& patch) {
  const auto image = plan::parse_image(patch.spec.image);
  return image ? image->repository : "";
}

std::string digest_of(const api::Patch& patch) {
  return patch.spec.digest.empty() ? patch.status.digest : patch.spec.digest;
}

// The newest first; of tags that are equally new, always the same one.
void put_in_order(std::vector<std::string>& tags) {
  std::ranges::sort(tags, [](const std::string& a, const std::string& b) {
    const int order = plan::compare_versions(a, b).value_or(0);
    return order != 0 ? order > 0 : a < b;
  });
}

/// Of one look at one repository.
class RepositoryLook {
 public:
  RepositoryLook(const Snapshot& snapshot, const plan::UpdateRule& rule, const std::string& repository,
                 Time now)
      : snapshot_(snapshot), rule_(rule), repository_(repository), now_(now) {
    const auto found = snapshot.answers.find(repository);
    if (found != snapshot.answers.end()) answers_ = &found->second;
  }

  void look(const RunningImage& running) {
    if (rule_.counts_versions() && !answers_->tags) return ask("");
    if (take_newest_version(running) || !rule_.counts_rebuilds() || running.digests.empty()) return;
    take_rebuild(running);
  }

  std::vector<Question> questions;
  std::map<std::string, Proposal> proposals;             ///< By name.
  std::map<std::string, api::HeldBackUpdate> held_back;  ///< By tag.

 private:
  // True when there is one, or the registry must be asked before that is known.
  bool take_newest_version(const RunningImage& running) {
    for (const auto& tag : later_tags(running.tag)) {
      const auto release = answers_->releases.find(tag);
      if (release == answers_->releases.end()) {
        ask(tag);
        return true;
      }
      if (!release->second) continue;
      if (runs_all(running, *release->second)) return true;
      if (!may_be_taken(tag, *release->second)) continue;
      propose(running.tag, tag, *release->second);
      return true;
    }
    return false;
  }

  void take_rebuild(const RunningImage& running) {
    const auto found = answers_->releases.find(running.tag);
    if (found == answers_->releases.end()) return ask(running.tag);
    if (!found->second) return;
    const auto& release = *found->second;
    if (runs_all(running, release) || !may_be_taken(running.tag, release)) return;
    propose(running.tag, running.tag, release);
  }

  static bool runs_all(const RunningImage& running, const Release& release) {
    return !running.digests.empty() && std::ranges::all_of(running.digests, [&](const std::string& digest) {
      return digest == release.digest ||
             std::ranges::find(release.platform_digests, digest) != release.platform_digests.end();
    });
  }

  [[nodiscard]] std::vector<std::string> later_tags(const std::string& tag) const {
    std::vector<std::string> later;
    if (!rule_.counts_versions()) return later;
    std::ranges::copy_if(*answers_->tags, std::back_inserter(later),
                         [&](const std::string& other) { return rule_.counts(tag, other); });
    put_in_order(later);
    if (later.size() > kMostLookedAt) later.resize(kMostLookedAt);
    return later;
  }

  // Notes what has to become older.
  bool may_be_taken(const std::string& tag, const Release& release) {
    const bool quarantined = std::ranges::any_of(snapshot_.patches, [&](const api::Patch& patch) {
      return patch.status.quarantine && patch.status.quarantine->digest == release.digest &&
             repository_of(patch) == repository_;
    });
    if (quarantined) return false;
    const Time seen = first_seen(tag, release.digest);
    // A time to come is no evidence of age.
    const Time born = release.made && *release.made <= now_ ? *release.made : seen;
    const Time until = born + snapshot_.policy.spec.updates->minimum_age;
    if (until <= now_ || is_under_way(tag, release)) return true;
    held_back.try_emplace(tag, api::HeldBackUpdate{repository_, tag, release.digest, seen, until});
    return false;
  }

  // What is under way stays what it is when the rule becomes stricter.
  [[nodiscard]] bool is_under_way(const std::string& tag, const Release& release) const {
    return std::ranges::any_of(snapshot_.patches, [&](const api::Patch& patch) {
      return snapshot_.begun.contains(patch.metadata.name) && is_same(patch, tag, release);
    });
  }

  [[nodiscard]] bool is_same(const api::Patch& patch, const std::string& tag, const Release& release) const {
    const auto digest = digest_of(patch);
    return plan::is_for(patch, snapshot_.policy) && patch.spec.tag == tag &&
           (digest.empty() || digest == release.digest) && repository_of(patch) == repository_;
  }

  [[nodiscard]] Time first_seen(const std::string& tag, const std::string& digest) const {
    const auto& discovery = snapshot_.policy.status.discovery;
    if (!discovery) return now_;
    for (const auto& known : discovery->held_back) {
      if (known.image == repository_ && known.tag == tag && known.digest == digest)
        return known.seen_time.value_or(now_);
    }
    return now_;
  }

  void propose(const std::string& from, const std::string& tag, const Release& release) {
    auto name = patch_name(snapshot_.policy, repository_, tag, release.digest);
    // One that is there under another name is as good.
    for (const auto& patch : snapshot_.patches) {
      if (!patch.metadata.deletion_time && is_same(patch, tag, release)) name = patch.metadata.name;
    }
    auto& proposal = proposals[name];
    if (proposal.from.empty()) proposal = {name, repository_, tag, release.digest, {}, release.made, ""};
    proposal.from.insert(from);
  }

  void ask(const std::string& tag) {
    const Question question{repository_, tag};
    if (std::ranges::find(questions, question) == questions.end()) questions.push_back(question);
  }

  static inline const Answers kNone;

  const Snapshot& snapshot_;
  const plan::UpdateRule& rule_;
  const std::string& repository_;
  Time now_;
  const Answers* answers_ = &kNone;
};

// The same whatever the order in which it was found for what runs.
std::string because_of(const Proposal& proposal, api::UpdateScope semver) {
  auto others = proposal.from;
  const bool rebuilt = others.erase(proposal.tag) > 0;
  std::string because = proposal.tag;
  if (!others.empty())
    because += fmt::format(" is the latest version that counts for {}", fmt::join(others, ", "));
  if (!others.empty() && rebuilt) because += ", and";
  if (rebuilt) because += " names another image than the one that runs";
  because += fmt::format(" under semver {}", to_string(semver));
  return because + (proposal.made ? fmt::format("; its image was made at {}", format_time(*proposal.made))
                                  : "; its image does not say when it was made");
}

// One of a policy that had the same name goes with that.
bool is_here(const Snapshot& snapshot, const std::string& name) {
  return std::ranges::any_of(snapshot.patches, [&](const api::Patch& patch) {
    const bool is_anothers =
        plan::discovered_by(patch, snapshot.policy) && !plan::owned_by(patch, snapshot.policy);
    return patch.metadata.name == name && !patch.metadata.deletion_time && !is_anothers;
  });
}

void keep_what_was_held_back(const Snapshot& snapshot, const std::string& repository, Decision& decision) {
  if (!snapshot.policy.status.discovery) return;
  for (const auto& update : snapshot.policy.status.discovery->held_back) {
    if (update.image == repository) decision.held_back.push_back(update);
  }
}

void withdraw(const Snapshot& snapshot, const std::set<std::string>& untouched, Decision& decision) {
  for (const auto& patch : snapshot.patches) {
    const auto& name = patch.metadata.name;
    const bool ours = plan::owned_by(patch, snapshot.policy) && !patch.metadata.deletion_time;
    const bool is_evidence = snapshot.begun.contains(name) || patch.status.quarantine;
    if (!ours || is_evidence || decision.standing.contains(name)) continue;
    if (untouched.contains(repository_of(patch))) continue;
    decision.withdraw.push_back(
        {name, patch.metadata.uid, patch.metadata.resource_version,
         fmt::format("{} is not the latest version that counts any more", api::text_of(patch.spec))});
  }
}

}  // namespace

Result<Decision> decide(const Snapshot& snapshot, Time now) {
  const auto rule = plan::UpdateRule::of(snapshot.policy);
  if (!rule) return fail(rule.error());
  Decision decision;
  std::set<std::string> untouched;
  std::map<std::string, RepositoryLook> looks;
  for (const auto& running : snapshot.running) {
    if (running.tag.empty() || !rule->counts_rebuilds() || untouched.contains(running.repository)) continue;
    const auto answers = snapshot.answers.find(running.repository);
    if (answers != snapshot.answers.end() && !answers->second.problem.empty()) {
      untouched.insert(running.repository);
      decision.problems.push_back(answers->second.problem);
      keep_what_was_held_back(snapshot, running.repository, decision);
      continue;
    }
    auto [look, is_new] = looks.try_emplace(running.repository, snapshot, *rule, running.repository, now);
    look->second.look(running);
  }
  for (auto& [repository, look] : looks) {
    std::ranges::move(look.questions, std::back_inserter(decision.ask));
    for (auto& [tag, update] : look.held_back) decision.held_back.push_back(std::move(update));
    for (auto& [name, proposal] : look.proposals) {
      decision.standing.insert(name);
      if (is_here(snapshot, name)) continue;
      proposal.because = because_of(proposal, snapshot.policy.spec.updates->semver);
      decision.propose.push_back(std::move(proposal));
    }
  }
  withdraw(snapshot, untouched, decision);
  if (!decision.ask.empty()) return Decision{std::move(decision.ask), {}, {}, {}, {}, {}, {}};
  if (decision.held_back.size() > api::kMostHeldBack) decision.held_back.resize(api::kMostHeldBack);
  return decision;
}

std::string patch_name(const api::PatchPolicy& policy, const std::string& repository, const std::string& tag,
                       const std::string& digest) {
  const auto slash = repository.rfind('/');
  auto stem = repository.substr(slash == std::string::npos ? 0 : slash + 1) + "-" + tag;
  for (auto& c : stem) {
    if (c >= 'A' && c <= 'Z') c = static_cast<char>(c - 'A' + 'a');
    if (c == '_') c = '-';
  }
  stem.resize(std::min(stem.size(), kLongestStem));
  // Each part between dots of an object's name begins and ends with a letter or digit.
  std::string plain;
  for (const char c : stem) {
    const bool joint = c == '.' || c == '-';
    if (joint && (plain.empty() || plain.back() == '.' || plain.back() == '-')) continue;
    plain += c;
  }
  while (!plain.empty() && (plain.back() == '.' || plain.back() == '-')) plain.pop_back();
  const auto hash = plan::sha256_hex(
      fmt::format("{}/{} {}:{}@{}", policy.metadata.ns, policy.metadata.name, repository, tag, digest));
  return fmt::format("{}-{}", plain, hash.substr(0, kHashDigits));
}

}  // namespace patchwave::discovery
