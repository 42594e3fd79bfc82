#include "tests/simulation/pods.hpp"

#include <fmt/format.h>

#include <functional>

#include "operator/base/time.hpp"
#include "tests/simulation/eviction.hpp"
#include "tests/simulation/simulated_registry.hpp"

namespace patchwave::simulation {
namespace {

/// "<repository>@<digest>", as container runtimes report it.
std::string image_id(const std::string& image) {
  const auto at = image.find('@');
  const std::string name = image.substr(0, at);
  const auto slash = name.rfind('/');
  const auto colon = name.find(':', slash == std::string::npos ? 0 : slash);
  const std::string repository = name.substr(0, colon);
  const std::string tag = colon == std::string::npos ? "latest" : name.substr(colon + 1);
  return repository + "@" + (at == std::string::npos ? digest_of(repository, tag) : image.substr(at + 1));
}

void set_condition(Json& pod, const char* type, bool value, Time now) {
  Json& conditions = pod["status"]["conditions"];
  if (!conditions.is_array()) conditions = Json::array();
  const char* status = value ? "True" : "False";
  for (auto& condition : conditions) {
    if (condition["type"] != type) continue;
    if (condition["status"] == status) return;
    condition["status"] = status;
    condition["lastTransitionTime"] = format_time(now);
    return;
  }
  conditions.push_back({{"type", type}, {"status", status}, {"lastTransitionTime", format_time(now)}});
}

Json waiting(const char* reason, const std::string& message) {
  return {{"waiting", {{"reason", reason}, {"message", message}}}};
}

Json container_status(const Json& container, ContainerState state, int crashes, bool bad, Time now) {
  const std::string image = string_at(container, {"image"});
  Json status{{"name", container["name"]},
              {"image", image},
              {"imageID", ""},
              {"ready", false},
              {"started", false},
              {"restartCount", bad ? crashes : 0},
              {"lastState", Json::object()}};
  const bool running = state == ContainerState::Running || state == ContainerState::Ready || !bad;
  if (state == ContainerState::Pulling) {
    status["state"] = waiting("ContainerCreating", "");
    return status;
  }
  if (bad && state == ContainerState::PullFailed) {
    status["state"] = waiting("ErrImagePull", "failed to pull and unpack image \"" + image + "\": not found");
    return status;
  }
  if (bad && state == ContainerState::PullBackOff) {
    status["state"] = waiting("ImagePullBackOff", "Back-off pulling image \"" + image + "\"");
    return status;
  }
  status["imageID"] = image_id(image);
  if (bad && crashes > 0) status["lastState"] = {{"terminated", {{"exitCode", 1}, {"reason", "Error"}}}};
  if (running) {
    status["state"] = {{"running", {{"startedAt", format_time(now)}}}};
    status["started"] = true;
    status["ready"] = state == ContainerState::Ready || !bad;
  } else {
    status["state"] = waiting("CrashLoopBackOff", "back-off restarting failed container");
  }
  return status;
}

}  // namespace

ImageBehaviour behaviour_of(std::string_view image) {
  if (image.find("-unpullable") != std::string_view::npos) return ImageBehaviour::Unpullable;
  if (image.find("-crash") != std::string_view::npos) return ImageBehaviour::Crash;
  if (image.find("-unready") != std::string_view::npos) return ImageBehaviour::Unready;
  return ImageBehaviour::Healthy;
}

ImageBehaviour behaviour_of_pod(const Json& pod) {
  for (const auto& container : array_at(pod, {"spec", "containers"})) {
    const auto behaviour = behaviour_of(container["image"].get_ref<const std::string&>());
    if (behaviour != ImageBehaviour::Healthy) return behaviour;
  }
  return ImageBehaviour::Healthy;
}

Json pod_from_template(const Json& pod_template, const std::string& ns, const std::string& name, Json owner) {
  Json pod = pod_template;
  pod["metadata"]["namespace"] = ns;
  pod["metadata"]["name"] = name;
  pod["metadata"]["ownerReferences"] = Json::array({std::move(owner)});
  pod["status"] = {{"phase", "Pending"}};
  return pod;
}

std::string template_hash(const Json& pod_template) {
  return fmt::format("{:08x}", std::hash<Json>{}(pod_template) & 0xffffffffU);
}

std::string random_suffix(Random& random) {
  static constexpr std::string_view kLetters = "bcdfghjklmnpqrstvwxz2456789";
  std::string suffix;
  for (int i = 0; i < 5; ++i) suffix += kLetters[static_cast<std::size_t>(random.next() % kLetters.size())];
  return suffix;
}

void report(Json& pod, ContainerState state, int crashes, Time now) {
  Json statuses = Json::array();
  const bool all_bad = state == ContainerState::Ready || state == ContainerState::Pulling;
  for (const auto& container : array_at(pod, {"spec", "containers"})) {
    const bool bad =
        all_bad || behaviour_of(container["image"].get_ref<const std::string&>()) != ImageBehaviour::Healthy;
    statuses.push_back(container_status(container, state, crashes, bad, now));
  }
  const bool waits = state == ContainerState::Pulling || state == ContainerState::PullFailed ||
                     state == ContainerState::PullBackOff;
  pod["status"]["phase"] = waits ? "Pending" : "Running";
  pod["status"]["containerStatuses"] = std::move(statuses);
  set_pod_ready(pod, state == ContainerState::Ready, now);
}

void set_pod_ready(Json& pod, bool ready, Time now) {
  set_condition(pod, "PodScheduled", true, now);
  set_condition(pod, "ContainersReady", ready, now);
  set_condition(pod, "Ready", ready, now);
}

bool pod_is_available(const Json& pod) {
  return pod_is_ready(pod) && !is_terminating(pod);
}

std::string label_of(const Json& object, std::string_view label) {
  return string_at(object, {"metadata", "labels", label});
}

}  // namespace patchwave::simulation
