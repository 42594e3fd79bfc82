// Pods as controllers make them and as kubelets report them.
#pragma once

#include <string>

#include "tests/simulation/cluster_state.hpp"
#include "tests/simulation/random.hpp"

namespace patchwave::simulation {

/// How containers of an image behave, by a convention on its tag: "-unpullable", "-crash" and "-unready" say
/// so;
/// "-errors" runs well and serves badly (simulated_prometheus.hpp); anything else is healthy.
enum class ImageBehaviour : std::uint8_t { Healthy, Unpullable, Crash, Unready };
ImageBehaviour behaviour_of(std::string_view image);
/// Of a pod: its worst container's.
ImageBehaviour behaviour_of_pod(const Json& pod);

/// A pod from a workload's template: labels, annotations and spec, plus one owner and one revision label.
Json pod_from_template(const Json& pod_template, const std::string& ns, const std::string& name, Json owner);
/// Hex of a hash over a template: what pod-template-hash and controller-revision-hash carry.
std::string template_hash(const Json& pod_template);
/// Five characters, as generated names end in.
std::string random_suffix(Random& random);

enum class ContainerState : std::uint8_t { Pulling, PullFailed, PullBackOff, Running, Ready, CrashBackOff };
/// Writes status.phase, conditions and containerStatuses. `crashes` is the restart count to show.
void report(Json& pod, ContainerState state, int crashes, Time now);
void set_pod_ready(Json& pod, bool ready, Time now);

bool pod_is_available(const Json& pod);
std::string label_of(const Json& object, std::string_view label);

}  // namespace patchwave::simulation
