#include "tests/property/controllers/target/model.hpp"

#include <algorithm>

namespace patchwave::target::model {
namespace {

using api::TargetKind;
using kube::PodView;

std::string image_of(const Json& owner) {
  return owner.at("spec").at("template").at("spec").at("containers")[0].at("image");
}

std::string uid_of(const Json& object) {
  return object.at("metadata").at("uid");
}

const std::string& image_of(const PodView& pod) {
  return pod.containers[0].image;
}

/// The image tells revisions apart: nothing else of the template changes here.
std::string revision_of(const std::string& image) {
  return image == kOldImage ? "old" : "new";
}

std::string update_type(const Json& workload) {
  return string_at(workload, {"spec", "updateStrategy", "type"}, "RollingUpdate");
}

int count_ready(const std::vector<PodView*>& pods) {
  return static_cast<int>(std::ranges::count_if(pods, [](const PodView* pod) { return pod->ready(); }));
}

int count_on(const std::vector<PodView*>& pods, const std::string& image) {
  return static_cast<int>(
      std::ranges::count_if(pods, [&](const PodView* pod) { return image_of(*pod) == image; }));
}

}  // namespace

Cluster::Cluster(const Shape& shape, std::set<std::string> broken_images)
    : shape_(shape), broken_images_(std::move(broken_images)) {
  workload_ = {{"metadata",
                {{"name", "web"},
                 {"namespace", "shop"},
                 {"uid", "uid-0"},
                 {"resourceVersion", "1"},
                 {"generation", 1}}},
               {"spec",
                {{"selector", {{"matchLabels", {{"app", "web"}}}}},
                 {"template",
                  {{"metadata", {{"labels", {{"app", "web"}}}}},
                   {"spec", {{"containers", Json::array({Json{{"name", "web"}, {"image", kOldImage}}})}}}}}}},
               {"status", {{"currentRevision", "old"}}}};
  if (shape.kind != TargetKind::DaemonSet) workload_["spec"]["replicas"] = shape.copies;
  if (!shape.strategy.empty()) workload_["spec"]["updateStrategy"]["type"] = shape.strategy;
  if (shape.partition) workload_["spec"]["updateStrategy"]["rollingUpdate"]["partition"] = *shape.partition;
  for (int round = 0; round < 4 * (shape.copies + 1); ++round) {
    run_controllers();
    run_kubelet(0);
  }
  refresh_cache();
}

LiveTarget Cluster::read() const {
  return {workload_, canary_, cached_pods_, {}, {}};
}

LiveTarget Cluster::read_pods_live() const {
  return {workload_, canary_, pods_, {}, {}};
}

void Cluster::touch(Json& object, const Json& spec_before) {
  object["metadata"]["resourceVersion"] = std::to_string(++counter_);
  if (object.at("spec") != spec_before) {
    object["metadata"]["generation"] = integer_at(object, {"metadata", "generation"}) + 1;
  }
}

bool Cluster::perform(const Act& act) {
  if (const auto* patch = std::get_if<PatchWorkload>(&act.what)) {
    try {
      const Json spec_before = workload_.at("spec");
      workload_ = workload_.patch(patch->operations);
      touch(workload_, spec_before);
    } catch (const Json::exception&) {
      return false;
    }
  } else if (const auto* apply = std::get_if<ApplyCanary>(&act.what)) {
    const Json before = canary_.value_or(Json{{"spec", nullptr}, {"metadata", {{"uid", "uid-c"}}}});
    canary_ = apply->deployment;
    (*canary_)["metadata"]["uid"] = "uid-c";
    (*canary_)["metadata"]["generation"] = integer_at(before, {"metadata", "generation"});
    (*canary_)["status"] = object_at(before, {"status"});
    touch(*canary_, before.at("spec"));
  } else if (const auto* removal = std::get_if<DeleteCanary>(&act.what)) {
    if (!canary_ || uid_of(*canary_) != removal->preconditions.uid) return false;
    canary_.reset();
  } else if (const auto* eviction = std::get_if<EvictPod>(&act.what)) {
    PodView* pod = find_pod(eviction->name);
    if (pod == nullptr || pod->uid != eviction->uid) return true;
    pod->terminating = true;
  }
  ++writes_;
  return true;
}

void Cluster::run_controllers() {
  switch (shape_.kind) {
    case TargetKind::Deployment:
      run_deployment(workload_);
      if (canary_) run_deployment(*canary_);
      collect_garbage();
      return;
    case TargetKind::StatefulSet:
      return run_stateful_set();
    case TargetKind::DaemonSet:
      return run_daemon_set();
    case TargetKind::Node:
      return;
  }
}

void Cluster::collect_garbage() {
  for (auto& pod : pods_) {
    if (pod.owner_uid == "uid-c" && !canary_) pod.terminating = true;
  }
}

/// maxSurge 1, maxUnavailable 0; old copies that are not ready go first.
void Cluster::run_deployment(Json& deployment) {
  const std::string image = image_of(deployment);
  const int replicas = static_cast<int>(integer_at(deployment, {"spec", "replicas"}, 1));
  const auto pods = live_pods(deployment);
  const int total = static_cast<int>(pods.size());
  const auto old = [&](const PodView* pod) { return image_of(*pod) != image; };
  const auto sick = std::ranges::find_if(pods, [&](const PodView* pod) { return old(pod) && !pod->ready(); });
  const auto stale = std::ranges::find_if(pods, old);
  deployment["status"] = {{"observedGeneration", deployment.at("metadata").at("generation")},
                          {"replicas", total},
                          {"updatedReplicas", count_on(pods, image)},
                          {"availableReplicas", count_ready(pods)}};
  if (sick != pods.end()) {
    (*sick)->terminating = true;
  } else if (count_on(pods, image) < replicas && total <= replicas) {
    create_pod(deployment, string_at(deployment, {"metadata", "name"}) + "-" + std::to_string(++counter_),
               image, "");
  } else if (stale != pods.end() && count_ready(pods) > replicas) {
    (*stale)->terminating = true;
  } else if (stale == pods.end() && total > replicas) {
    pods.back()->terminating = true;
  }
}

bool Cluster::keep_ordinal(int ordinal, int partition) {
  const std::string name = "web-" + std::to_string(ordinal);
  const PodView* pod = find_pod(name);
  if (pod != nullptr) return pod->ready();
  const bool held_back = update_type(workload_) == "RollingUpdate" && ordinal < partition &&
                         string_at(workload_, {"status", "currentRevision"}) == "old";
  create_pod(workload_, name, held_back ? kOldImage : image_of(workload_), "");
  return false;
}

/// OrderedReady: from the lowest ordinal on each pod must be ready before the next is looked at, and all of
/// them before an old one is replaced, highest first (kubernetes#67250 comes from this).
void Cluster::run_stateful_set() {
  const int replicas = static_cast<int>(integer_at(workload_, {"spec", "replicas"}));
  const int partition =
      static_cast<int>(integer_at(workload_, {"spec", "updateStrategy", "rollingUpdate", "partition"}));
  auto& status = workload_["status"];
  status["observedGeneration"] = workload_.at("metadata").at("generation");
  status["updateRevision"] = revision_of(image_of(workload_));
  const auto pods = live_pods(workload_);
  status["readyReplicas"] = count_ready(pods);
  const bool all_updated = count_on(pods, image_of(workload_)) == replicas && count_ready(pods) == replicas;
  if (all_updated && partition == 0) status["currentRevision"] = status["updateRevision"];
  for (int ordinal = 0; ordinal < replicas; ++ordinal) {
    if (!keep_ordinal(ordinal, partition)) return;
  }
  roll_stateful_set(replicas, partition);
}

void Cluster::roll_stateful_set(int replicas, int partition) {
  for (auto& pod : pods_) {
    if (std::stoi(pod.name.substr(4)) >= replicas) pod.terminating = true;
  }
  if (update_type(workload_) != "RollingUpdate") return;
  for (int ordinal = replicas - 1; ordinal >= partition; --ordinal) {
    PodView* pod = find_pod("web-" + std::to_string(ordinal));
    if (image_of(*pod) == image_of(workload_)) continue;
    pod->terminating = true;
    return;
  }
}

void Cluster::run_daemon_set() {
  const auto pods = live_pods(workload_);
  workload_["status"] = {{"observedGeneration", workload_.at("metadata").at("generation")},
                         {"desiredNumberScheduled", shape_.copies},
                         {"numberReady", count_ready(pods)}};
  for (int i = 0; i < shape_.copies; ++i) {
    const std::string node = "node-" + std::to_string(i);
    if (std::ranges::none_of(pods_, [&](const PodView& pod) { return pod.node == node; })) {
      create_pod(workload_, "web-" + std::to_string(++counter_), image_of(workload_), node);
    }
  }
  if (update_type(workload_) == "RollingUpdate") roll_daemon_set();
}

/// maxUnavailable 1; an old pod that is not ready costs nothing.
void Cluster::roll_daemon_set() {
  const auto pods = live_pods(workload_);
  const bool one_may_go = count_ready(pods) == shape_.copies;
  for (PodView* pod : pods) {
    if (image_of(*pod) != image_of(workload_) && (!pod->ready() || one_may_go)) {
      pod->terminating = true;
      return;
    }
  }
}

void Cluster::run_kubelet(std::size_t choice) {
  std::vector<std::size_t> changeable;
  for (std::size_t i = 0; i < pods_.size(); ++i) {
    const bool comes_up = !pods_[i].ready_since && !broken_images_.contains(image_of(pods_[i]));
    if (pods_[i].terminating || comes_up) changeable.push_back(i);
  }
  if (changeable.empty()) return;
  const std::size_t chosen = changeable[choice % changeable.size()];
  if (pods_[chosen].terminating) {
    pods_.erase(pods_.begin() + static_cast<std::ptrdiff_t>(chosen));
  } else {
    pods_[chosen].ready_since = kNow - seconds(1);
  }
}

void Cluster::scale(int copies) {
  if (shape_.kind == TargetKind::DaemonSet) return;
  const Json spec_before = workload_.at("spec");
  workload_["spec"]["replicas"] = copies;
  touch(workload_, spec_before);
}

int Cluster::copies_on(const std::string& image) const {
  return static_cast<int>(std::ranges::count_if(
      pods_, [&](const PodView& pod) { return !pod.terminating && image_of(pod) == image; }));
}

int Cluster::copies_ready() const {
  return static_cast<int>(std::ranges::count_if(pods_, [](const PodView& pod) { return pod.ready(); }));
}

void Cluster::create_pod(const Json& owner, const std::string& name, const std::string& image,
                         const std::string& node) {
  PodView pod;
  pod.ns = "shop";
  pod.name = name;
  pod.uid = "uid-" + std::to_string(++counter_);
  pod.node = node;
  pod.owner_uid = uid_of(owner);
  pod.phase = "Running";
  pod.labels["controller-revision-hash"] = revision_of(image);
  kube::ContainerView container;
  container.name = "web";
  container.image = image;
  pod.containers.push_back(container);
  pods_.push_back(pod);
}

std::vector<PodView*> Cluster::live_pods(const Json& owner) {
  std::vector<PodView*> live;
  for (auto& pod : pods_) {
    if (pod.owner_uid == uid_of(owner) && !pod.terminating) live.push_back(&pod);
  }
  return live;
}

PodView* Cluster::find_pod(const std::string& name) {
  const auto found = std::ranges::find(pods_, name, &PodView::name);
  return found == pods_.end() ? nullptr : &*found;
}

}  // namespace patchwave::target::model
