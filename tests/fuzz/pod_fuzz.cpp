// Pods: the decoder that builds no document sees what a document holds, and the store gives back what it was
// given.
#include <algorithm>
#include <limits>
#include <tuple>

#include "operator/base/time.hpp"
#include "operator/kube/decode.hpp"
#include "operator/kube/pod_store.hpp"
#include "tests/fuzz/property.hpp"
#include "tests/fuzz/reference_json.hpp"

namespace {

using namespace patchwave;
using fuzz::expect;
using kube::ContainerView;
using kube::PodView;

auto parts_of(const ContainerView& view) {
  return std::tie(view.init, view.name, view.image, view.image_id, view.ready, view.started, view.restarts,
                  view.waiting_reason, view.waiting_message, view.terminated_reason);
}

auto parts_of(const PodView& view) {
  return std::tie(view.ns, view.name, view.uid, view.node, view.owner_kind, view.owner_name, view.owner_uid,
                  view.phase, view.labels, view.creation_time, view.ready_since, view.terminating,
                  view.unschedulable_message);
}

bool same(const ContainerView& a, const ContainerView& b) {
  return parts_of(a) == parts_of(b);
}

bool same(PodView a, PodView b) {
  // Of init containers and others, the first in the text come first.
  for (auto* pod : {&a, &b}) std::ranges::stable_partition(pod->containers, &ContainerView::init);
  return parts_of(a) == parts_of(b) &&
         std::ranges::equal(a.containers, b.containers, [](auto& x, auto& y) { return same(x, y); });
}

std::string cut(std::string text) {
  if (text.size() <= kube::kMaxMessage) return text;
  std::size_t end = kube::kMaxMessage;
  while (end > 0 && (static_cast<unsigned char>(text[end]) & 0xC0U) == 0x80U) --end;
  return text.substr(0, end);
}

void read_statuses(const Json& statuses, bool init, PodView& pod) {
  for (const Json& status : statuses) {
    const auto container = std::ranges::find_if(pod.containers, [&](const ContainerView& each) {
      return each.init == init && each.name == string_at(status, {"name"});
    });
    if (container == pod.containers.end()) continue;
    container->image_id = string_at(status, {"imageID"});
    container->ready = bool_at(status, {"ready"});
    container->started = bool_at(status, {"started"});
    container->restarts = static_cast<int>(
        std::clamp<std::int64_t>(integer_at(status, {"restartCount"}), 0, std::numeric_limits<int>::max()));
    container->waiting_reason = string_at(status, {"state", "waiting", "reason"});
    container->waiting_message = cut(string_at(status, {"state", "waiting", "message"}));
    container->terminated_reason = string_at(status, {"state", "terminated", "reason"});
    if (container->terminated_reason.empty()) {
      container->terminated_reason = string_at(status, {"lastState", "terminated", "reason"});
    }
  }
}

void read_conditions(const Json& conditions, PodView& pod) {
  for (const Json& condition : conditions) {
    const std::string type = string_at(condition, {"type"});
    const std::string status = string_at(condition, {"status"});
    if (type == "Ready" && status == "True") {
      pod.ready_since = time_at(condition, {"lastTransitionTime"}).value_or(Time{});
    }
    if (type == "PodScheduled" && status == "False") {
      pod.unschedulable_message = cut(string_at(condition, {"message"}));
    }
  }
  if (pod.ready_since == Time{}) pod.ready_since = pod.creation_time;
}

PodView reference_pod(const Json& json) {
  PodView pod;
  pod.ns = string_at(json, {"metadata", "namespace"});
  pod.name = string_at(json, {"metadata", "name"});
  pod.uid = string_at(json, {"metadata", "uid"});
  pod.creation_time = time_at(json, {"metadata", "creationTimestamp"}).value_or(Time{});
  pod.terminating = find(json, {"metadata", "deletionTimestamp"}) != nullptr;
  for (const auto& [key, value] : object_at(json, {"metadata", "labels"}).items()) {
    pod.labels[key] = value.is_string() ? value.get<std::string>() : "";
  }
  for (const Json& owner : array_at(json, {"metadata", "ownerReferences"})) {
    if (!bool_at(owner, {"controller"})) continue;
    pod.owner_kind = string_at(owner, {"kind"});
    pod.owner_name = string_at(owner, {"name"});
    pod.owner_uid = string_at(owner, {"uid"});
  }
  pod.node = string_at(json, {"spec", "nodeName"});
  for (const bool init : {true, false}) {
    for (const Json& container : array_at(json, {"spec", init ? "initContainers" : "containers"})) {
      ContainerView view;
      view.init = init;
      view.name = string_at(container, {"name"});
      view.image = string_at(container, {"image"});
      pod.containers.push_back(std::move(view));
    }
    read_statuses(array_at(json, {"status", init ? "initContainerStatuses" : "containerStatuses"}), init,
                  pod);
  }
  pod.phase = string_at(json, {"status", "phase"});
  read_conditions(array_at(json, {"status", "conditions"}), pod);
  return pod;
}

void check_store(std::string_view text, const PodView& pod) {
  kube::PodStore store;
  expect(store.upsert(text).has_value(), "a pod that can be decoded can be stored");
  expect(store.size() == 1, "a pod is one row");
  // No name of the API has a slash; the store's keys count on it.
  if (pod.ns.find('/') != std::string::npos) return;
  const auto stored = store.get(pod.ns, pod.name);
  expect(stored && same(*stored, pod), "the store gives back what it was given");
  expect(store.erase(text).has_value() && store.size() == 0, "what was stored can be taken out again");
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const auto text = fuzz::text_of(data, size);
  const auto pod = kube::decode_pod(text);
  if (!pod) {
    expect(pod.error().kind == ErrorKind::Protocol, "what is no pod is a fault of protocol");
    return 0;
  }
  expect(!pod->name.empty(), "a pod has a name");
  if (const auto json = fuzz::reference_json(text)) {
    expect(same(*pod, reference_pod(*json)), "a pod is what a document of it holds");
  }
  check_store(text, *pod);
  return 0;
}
