#include "controllers/target/act.hpp"

#include <fmt/format.h>

#include "controllers/api/common.hpp"

namespace patchwave::target {
namespace {

using kube::Eviction;

constexpr milliseconds kStaleBudgetPause{
    10'000};  ///< What the API server itself suggests for a stale budget.

Outcome::Kind kind_of(const Error& error) {
  switch (error.kind) {
    case ErrorKind::Conflict:
      // Another manager's field does not become ours by asking again.
      return error.reason == "FieldManagerConflict" ? Outcome::Kind::Refused : Outcome::Kind::Conflict;
    case ErrorKind::NotFound:
      return error.reason == "KindNotServed" ? Outcome::Kind::Refused : Outcome::Kind::Conflict;
    case ErrorKind::AlreadyExists:
    case ErrorKind::Invalid:
    case ErrorKind::Forbidden:
    case ErrorKind::TooLarge:
      return Outcome::Kind::Refused;
    case ErrorKind::TooManyRequests:
      return Outcome::Kind::Waiting;
    default:
      return Outcome::Kind::Failed;
  }
}

template <class T>
Outcome outcome_of(const Result<T>& result, const std::string& why) {
  return result ? Outcome{} : target::outcome_of(result.error(), why);
}

Outcome outcome_of(const Result<kube::EvictionAnswer>& answer, const std::string& why) {
  if (!answer) return outcome_of<kube::EvictionAnswer>(answer, why);
  const std::string message = fmt::format("{}: {}", why, answer->message);
  switch (answer->outcome) {
    case Eviction::Started:
    case Eviction::Gone:
      return {};
    case Eviction::BudgetNotCurrent:
      return {Outcome::Kind::Waiting, message, answer->retry_after.value_or(kStaleBudgetPause)};
    case Eviction::Misconfigured:
      return {Outcome::Kind::Refused, message, std::nullopt};
    case Eviction::Blocked:
    case Eviction::NamespaceTerminating:
      break;
  }
  return {Outcome::Kind::Waiting, message, answer->retry_after};
}

struct Perform {
  const kube::Client& client;
  const std::string& why;

  Outcome operator()(const PatchWorkload& act) const {
    return outcome_of(client.patch(act.resource, act.ns, act.name, kube::PatchType::Json, act.operations),
                      why);
  }
  Outcome operator()(const ApplyCanary& act) const {
    return outcome_of(
        client.patch(kube::resources::kDeployments, string_at(act.deployment, {"metadata", "namespace"}),
                     string_at(act.deployment, {"metadata", "name"}), kube::PatchType::Apply, act.deployment),
        why);
  }
  Outcome operator()(const DeleteCanary& act) const {
    return outcome_of(client.remove(kube::resources::kDeployments, act.ns, act.name, act.preconditions), why);
  }
  Outcome operator()(const EvictPod& act) const {
    return outcome_of(client.evict(act.ns, act.name, act.uid), why);
  }
};

}  // namespace

Outcome outcome_of(const Error& failure, const std::string& why) {
  const Error error = failure.within(why);
  return {kind_of(error), error.message, error.retry_after};
}

Outcome perform(const kube::Client& client, const Act& act) {
  return std::visit(Perform{client, act.why}, act.what);
}

}  // namespace patchwave::target
