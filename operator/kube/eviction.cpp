// The eviction subresource answers in HTTP statuses that mean other things elsewhere; here they get names.
// Source of the table: registry/core/pod/storage/eviction.go of the API server.
#include <fmt/format.h>

#include "operator/kube/client.hpp"
#include "operator/kube/status.hpp"

namespace patchwave::kube {
namespace {

// What the API server tells apart by its words alone.
constexpr std::string_view kSeveralBudgets = "more than one PodDisruptionBudget";

// A UID that does not fit is noticed in one of two places (rest.BeforeDelete, storage.Preconditions), each
// with a sentence of its own.
bool is_about_another_uid(std::string_view message) {
  return message.find("UID in the precondition") != std::string_view::npos ||
         message.find("UID in precondition") != std::string_view::npos;
}

std::optional<Eviction> outcome_of(const Status& status) {
  if (status.code >= 200 && status.code < 300) return Eviction::Started;
  const bool about_budget = status.cause("DisruptionBudget") != nullptr;
  switch (status.code) {
    case 404:
      return status.is_status ? std::optional(Eviction::Gone) : std::nullopt;
    case 409:
      return is_about_another_uid(status.message) ? std::optional(Eviction::Gone) : std::nullopt;
    case 429:
      if (!about_budget) return std::nullopt;
      return status.retry_after ? Eviction::BudgetNotCurrent : Eviction::Blocked;
    case 403:
      return status.cause("NamespaceTerminating") != nullptr ? std::optional(Eviction::NamespaceTerminating)
                                                             : std::nullopt;
    default:
      break;
  }
  if (status.message.find(kSeveralBudgets) != std::string::npos) return Eviction::Misconfigured;
  return std::nullopt;
}

std::string words_of(const Status& status, const Error& error) {
  if (const StatusCause* cause = status.cause("DisruptionBudget");
      cause != nullptr && !cause->message.empty()) {
    return cause->message;
  }
  return status.message.empty() ? error.message : status.message;
}

Json eviction_body(std::string_view ns, std::string_view pod, std::string_view uid,
                   std::optional<int> grace_seconds, bool dry_run) {
  Json options{{"preconditions", {{"uid", uid}}}};
  if (grace_seconds) options["gracePeriodSeconds"] = *grace_seconds;
  if (dry_run) options["dryRun"] = Json::array({"All"});
  return {{"apiVersion", "policy/v1"},
          {"kind", "Eviction"},
          {"metadata", {{"name", pod}, {"namespace", ns}}},
          {"deleteOptions", options}};
}

}  // namespace

Result<EvictionAnswer> Client::evict(std::string_view ns, std::string_view pod, std::string_view uid,
                                     std::optional<int> grace_seconds, bool dry_run) const {
  const std::string what = fmt::format("evict pod {}/{}", ns, pod);
  if (ns.empty() || pod.empty() || uid.empty()) {
    return fail(ErrorKind::Invalid, what + ": namespace, name and UID are all needed");
  }
  Call call{{"POST", path_of(resources::kPods, ns, pod, "eviction"), {}, ""}, what, "pods/eviction"};
  call.request.body = print_json(eviction_body(ns, pod, uid, grace_seconds, dry_run));
  call.request.headers["Content-Type"] = "application/json";
  call.request.headers["Accept"] = "application/json";
  // A generic repeat of 429 would hide a budget's word from whoever drains.
  call.repeat_throttled = false;
  auto response = send(call);
  if (!response) return fail(std::move(response.error()));
  const Status status = status_of(*response);
  const Error error = to_error(status, what);
  const auto outcome = outcome_of(status);
  if (!outcome) return fail(error);
  if (*outcome == Eviction::Started) return EvictionAnswer{*outcome, "", std::nullopt};
  return EvictionAnswer{*outcome, words_of(status, error), status.retry_after};
}

}  // namespace patchwave::kube
