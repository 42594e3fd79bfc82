// Every reason a wave or a policy may wait for. One word each, the same in conditions, events, metrics,
// `kubectl patchwave explain` and docs/troubleshooting.md.
#pragma once

#include <array>
#include <string_view>

namespace patchwave::api::hold {

inline constexpr std::string_view kObserveOnly = "ObserveOnly";              ///< mode is Observe
inline constexpr std::string_view kSuspended = "Suspended";                  ///< suspend is true
inline constexpr std::string_view kPredecessor = "PredecessorNotSucceeded";  ///< a wave in `after`
inline constexpr std::string_view kWindowClosed = "WindowClosed";
inline constexpr std::string_view kDoesNotFitWindow = "DoesNotFitWindow";  ///< would outlast the window
inline constexpr std::string_view kApprovalRequired = "ApprovalRequired";
inline constexpr std::string_view kApprovalDenied = "ApprovalDenied";
inline constexpr std::string_view kApprovalOutdated = "ApprovalOutdated";  ///< given for another plan
inline constexpr std::string_view kQuarantined = "PatchQuarantined";
inline constexpr std::string_view kDigestUnresolved = "DigestUnresolved";  ///< the registry has not answered
inline constexpr std::string_view kBudgetSpent = "DisruptionBudgetSpent";  ///< maxUnavailable over all waves
inline constexpr std::string_view kClaimedElsewhere = "ClaimedByAnotherWave";
inline constexpr std::string_view kFieldConflict = "FieldConflict";    ///< somebody else writes the image
inline constexpr std::string_view kTargetNotReady = "TargetNotReady";  ///< unhealthy before we touched it
inline constexpr std::string_view kTelemetryUnavailable =
    "TelemetryUnavailable";                                                  ///< Prometheus does not answer
inline constexpr std::string_view kNoData = "NoData";                        ///< it answers with nothing
inline constexpr std::string_view kGatheringEvidence = "GatheringEvidence";  ///< gates not decided yet
inline constexpr std::string_view kPreflightFailed = "PreflightFailed";      ///< a drain would not end
inline constexpr std::string_view kEvictionBlocked = "EvictionBlocked";      ///< a PodDisruptionBudget
inline constexpr std::string_view kNodeInWork = "NodeInWork";      ///< drained, patched or booted anew
inline constexpr std::string_view kFrozen = "FrozenOnHarm";        ///< onHarm: Freeze
inline constexpr std::string_view kWriteRefused = "WriteRefused";  ///< the API server says no
inline constexpr std::string_view kInvalidSpec = "InvalidSpec";

inline constexpr std::array kAll = {
    kObserveOnly,      kSuspended,         kPredecessor,      kWindowClosed,    kDoesNotFitWindow,
    kApprovalRequired, kApprovalDenied,    kApprovalOutdated, kQuarantined,     kDigestUnresolved,
    kBudgetSpent,      kClaimedElsewhere,  kFieldConflict,    kTargetNotReady,  kTelemetryUnavailable,
    kNoData,           kGatheringEvidence, kPreflightFailed,  kEvictionBlocked, kNodeInWork,
    kFrozen,           kWriteRefused,      kInvalidSpec};

}  // namespace patchwave::api::hold
