// Which pod to evict next where Kubernetes replaces pods only when they go (OnDelete).
//
// One copy is in transition at most. The choice is a function of what is seen, in a fixed order, so that a
// view from before the last eviction leads to the same pod again and never to a second one.
#pragma once

#include <functional>
#include <optional>

#include "controllers/target/situation.hpp"

namespace patchwave::target {

/// True when `a` is to be replaced before `b`.
using ReplacementOrder = std::function<bool(const kube::PodView& a, const kube::PodView& b)>;

/// Pods that count and whose controller is the workload, in `order`.
std::vector<ObservedPod> owned_pods(const Situation& situation, const ReplacementOrder& order);

bool any_terminating(const Situation& situation);

/// The next pod to give up for a patched one, or none while a copy is on its way out, missing, or patched and
/// not yet available. Pods that are not ready come last: a canary on a broken node proves nothing.
std::optional<kube::PodView> next_to_patch(const Situation& situation, int desired,
                                           const ReplacementOrder& order);

/// The next patched pod to give up for a restored one. One that is not ready goes first and waits only for
/// another's termination, because it serves nobody; a ready one waits until every other copy is there.
std::optional<kube::PodView> next_to_restore(const Situation& situation, int desired,
                                             const ReplacementOrder& order);

}  // namespace patchwave::target
