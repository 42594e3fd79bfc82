#include "tests/simulation/kubelet.hpp"

#include <algorithm>

#include "operator/base/time.hpp"

namespace patchwave::simulation {
namespace {

const Writer kKubelet{Actor::Kubelet, "kubelet"};
constexpr milliseconds kLongestBackOff{300'000};

Json node_conditions(bool ready, Time now) {
  return Json::array({{{"type", "Ready"},
                       {"status", ready ? "True" : "Unknown"},
                       {"reason", ready ? "KubeletReady" : "NodeStatusUnknown"},
                       {"lastTransitionTime", format_time(now)}}});
}

}  // namespace

Kubelets::Kubelets(ClusterState& state, Agenda& agenda, Random& random)
    : state_(state), agenda_(agenda), random_(random) {
  state_.listen([this](const Change& change) { observe(change); });
}

void Kubelets::add_node(const std::string& name, const Json& labels) {
  Json node{{"metadata", {{"name", name}, {"labels", labels}}}, {"spec", Json::object()}};
  node["metadata"]["labels"]["kubernetes.io/hostname"] = name;
  node["status"]["conditions"] = node_conditions(true, state_.now());
  state_.create(resources::kNodes, std::move(node), kKubelet);
}

void Kubelets::set_node_ready(const std::string& name, bool ready) {
  if (ready ? down_.erase(name) == 0 : !down_.insert(name).second) return;
  state_.modify(resources::kNodes, {"", name}, {Actor::Controller, "node-controller"}, "status",
                [&](Json& node) { node["status"]["conditions"] = node_conditions(ready, state_.now()); });
  std::vector<kube::NamespacedName> pods;
  for (const auto& [pod_name, pod] : state_.all(resources::kPods)) {
    if (string_at(pod->json, {"spec", "nodeName"}) == name) pods.push_back(pod_name);
  }
  for (const auto& pod_name : pods) {
    change(pod_name, [&](Json& pod) {
      const Json& statuses = array_at(pod, {"status", "containerStatuses"});
      const bool well =
          !statuses.empty() && std::all_of(statuses.begin(), statuses.end(),
                                           [](const Json& status) { return bool_at(status, {"ready"}); });
      if (well) set_pod_ready(pod, ready, state_.now());
    });
  }
}

void Kubelets::observe(const Change& change) {
  if (change.resource != resources::kPods || !change.after) return;
  const Json& pod = change.after->json;
  const std::string uid = uid_of(pod);
  const auto name = change.name;
  if (!change.before) {
    const bool bound = !string_at(pod, {"spec", "nodeName"}).empty();
    const auto delay = random_.between(milliseconds(10), milliseconds(250));
    agenda_.after(delay, [this, name, uid, bound] { bound ? start(name, uid) : bind(name, uid); });
  } else if (is_terminating(pod) && !is_terminating(change.before->json)) {
    agenda_.after(random_.between(milliseconds(200), milliseconds(4000)),
                  [this, name, uid] { end(name, uid); });
  }
}

Snapshot Kubelets::live(const kube::NamespacedName& name, const std::string& uid) const {
  Snapshot pod = state_.find(resources::kPods, name.ns, name.name);
  return pod && uid_of(pod->json) == uid && !is_terminating(pod->json) ? pod : nullptr;
}

bool Kubelets::is_down(const Json& pod) const {
  return down_.contains(string_at(pod, {"spec", "nodeName"}));
}

void Kubelets::change(const kube::NamespacedName& pod, const std::function<void(Json&)>& how) {
  state_.modify(resources::kPods, pod, kKubelet, "status", how);
}

void Kubelets::when_up(const kube::NamespacedName& name, const std::string& uid, microseconds delay,
                       std::function<void()> what) {
  agenda_.after(delay, [this, name, uid, what = std::move(what)] {
    const Snapshot pod = live(name, uid);
    if (!pod) return;
    if (is_down(pod->json)) {
      when_up(name, uid, seconds(5), what);
    } else {
      what();
    }
  });
}

void Kubelets::bind(const kube::NamespacedName& name, const std::string& uid) {
  const Snapshot pod = live(name, uid);
  if (!pod) return;
  std::vector<std::string> fit;
  for (const auto& [node_name, node] : state_.all(resources::kNodes)) {
    if (!down_.contains(node_name.name) && !bool_at(node->json, {"spec", "unschedulable"}))
      fit.push_back(node_name.name);
  }
  if (fit.empty()) {
    agenda_.after(seconds(5), [this, name, uid] { bind(name, uid); });
    return;
  }
  const std::string node = random_.pick(fit);
  state_.modify(resources::kPods, name, {Actor::Controller, "scheduler"}, "binding", [&](Json& object) {
    object["spec"]["nodeName"] = node;
    report(object, ContainerState::Pulling, 0, state_.now());
  });
  start(name, uid);
}

void Kubelets::start(const kube::NamespacedName& name, const std::string& uid) {
  when_up(name, uid, random_.between(milliseconds(300), milliseconds(6000)), [this, name, uid] {
    const Snapshot pod = live(name, uid);
    if (behaviour_of_pod(pod->json) != ImageBehaviour::Unpullable) {
      run(name, uid);
      return;
    }
    change(name, [&](Json& object) { report(object, ContainerState::PullFailed, 0, state_.now()); });
    when_up(name, uid, seconds(15), [this, name] {
      change(name, [&](Json& object) { report(object, ContainerState::PullBackOff, 0, state_.now()); });
    });
  });
}

void Kubelets::run(const kube::NamespacedName& name, const std::string& uid) {
  const auto behaviour = behaviour_of_pod(live(name, uid)->json);
  change(name, [&](Json& object) { report(object, ContainerState::Running, 0, state_.now()); });
  if (behaviour == ImageBehaviour::Unready) return;
  const auto delay = random_.between(milliseconds(200), milliseconds(4000));
  if (behaviour == ImageBehaviour::Crash) {
    when_up(name, uid, delay, [this, name, uid] { crash(name, uid, 0); });
    return;
  }
  when_up(name, uid, delay, [this, name] {
    change(name, [&](Json& object) { report(object, ContainerState::Ready, 0, state_.now()); });
  });
}

void Kubelets::crash(const kube::NamespacedName& name, const std::string& uid, int crashes) {
  change(name, [&](Json& object) { report(object, ContainerState::CrashBackOff, crashes, state_.now()); });
  const milliseconds back_off = std::min(kLongestBackOff, milliseconds(10'000) * (1 << std::min(crashes, 5)));
  when_up(name, uid, back_off, [this, name, uid, crashes] {
    change(name, [&](Json& object) { report(object, ContainerState::Running, crashes + 1, state_.now()); });
    when_up(name, uid, random_.between(milliseconds(500), milliseconds(3000)),
            [this, name, uid, crashes] { crash(name, uid, crashes + 1); });
  });
}

void Kubelets::end(const kube::NamespacedName& name, const std::string& uid) {
  const Snapshot pod = state_.find(resources::kPods, name.ns, name.name);
  if (!pod || uid_of(pod->json) != uid) return;
  if (is_down(pod->json)) {
    agenda_.after(seconds(5), [this, name, uid] { end(name, uid); });
    return;
  }
  state_.remove(resources::kPods, name, kKubelet);
}

}  // namespace patchwave::simulation
