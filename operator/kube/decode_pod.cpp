#include <algorithm>
#include <limits>

#include "operator/kube/decode.hpp"
#include "operator/kube/ondemand.hpp"

namespace patchwave::kube {
namespace {

using namespace ondemand;

// A container's status may come before its spec; they are joined by name at the end.
struct Parts {
  PodView pod;
  std::vector<ContainerView> statuses;
};

void read_owner(value reference, PodView& pod) {
  std::string kind;
  std::string name;
  std::string uid;
  bool controls = false;
  each_field(reference, [&](std::string_view key, value field) {
    if (key == "kind") kind = text_of(field);
    if (key == "name") name = text_of(field);
    if (key == "uid") uid = text_of(field);
    if (key == "controller") controls = bool_of(field);
  });
  if (!controls) return;
  pod.owner_kind = std::move(kind);
  pod.owner_name = std::move(name);
  pod.owner_uid = std::move(uid);
}

void read_metadata(value metadata, PodView& pod) {
  each_field(metadata, [&pod](std::string_view key, value field) {
    if (key == "name") pod.name = text_of(field);
    if (key == "namespace") pod.ns = text_of(field);
    if (key == "uid") pod.uid = text_of(field);
    if (key == "creationTimestamp") pod.creation_time = time_of(field).value_or(Time{});
    if (key == "deletionTimestamp") pod.terminating = !bool(field.is_null());
    if (key == "labels") {
      each_field(field, [&pod](std::string_view label, value text) {
        pod.labels.insert_or_assign(std::string(label), text_of(text));
      });
    }
    if (key == "ownerReferences") each_element(field, [&pod](value owner) { read_owner(owner, pod); });
  });
}

void read_containers(value containers, bool init, PodView& pod) {
  each_element(containers, [&](value element) {
    ContainerView container;
    container.init = init;
    each_field(element, [&container](std::string_view key, value field) {
      if (key == "name") container.name = text_of(field);
      if (key == "image") container.image = text_of(field);
    });
    pod.containers.push_back(std::move(container));
  });
}

void read_spec(value spec, PodView& pod) {
  each_field(spec, [&pod](std::string_view key, value field) {
    if (key == "nodeName") pod.node = text_of(field);
    if (key == "containers") read_containers(field, false, pod);
    if (key == "initContainers") read_containers(field, true, pod);
  });
}

std::string terminated_reason_of(value state) {
  std::string reason;
  each_field(state, [&reason](std::string_view key, value field) {
    if (key != "terminated") return;
    each_field(field, [&reason](std::string_view name, value text) {
      if (name == "reason") reason = text_of(text);
    });
  });
  return reason;
}

void read_state(value state, ContainerView& status) {
  each_field(state, [&status](std::string_view key, value detail) {
    if (key == "waiting") {
      each_field(detail, [&status](std::string_view name, value text) {
        if (name == "reason") status.waiting_reason = text_of(text);
        if (name == "message") status.waiting_message = text_of(text, kMaxMessage);
      });
    }
    if (key == "terminated") {
      each_field(detail, [&status](std::string_view name, value text) {
        if (name == "reason") status.terminated_reason = text_of(text);
      });
    }
  });
}

ContainerView read_container_status(value element, bool init) {
  ContainerView status;
  status.init = init;
  std::string last_reason;
  each_field(element, [&](std::string_view key, value field) {
    if (key == "name") status.name = text_of(field);
    if (key == "imageID") status.image_id = text_of(field);
    if (key == "ready") status.ready = bool_of(field);
    if (key == "started") status.started = bool_of(field);
    if (key == "restartCount" && !field.is_null()) {
      const std::int64_t count = field.get_int64();
      status.restarts = static_cast<int>(std::clamp<std::int64_t>(count, 0, std::numeric_limits<int>::max()));
    }
    if (key == "state") read_state(field, status);
    if (key == "lastState") last_reason = terminated_reason_of(field);
  });
  if (status.terminated_reason.empty()) status.terminated_reason = std::move(last_reason);
  return status;
}

void read_condition(value condition, PodView& pod) {
  std::string type;
  std::string status;
  std::string message;
  std::optional<Time> since;
  each_field(condition, [&](std::string_view key, value field) {
    if (key == "type") type = text_of(field);
    if (key == "status") status = text_of(field);
    if (key == "message") message = text_of(field, kMaxMessage);
    if (key == "lastTransitionTime") since = time_of(field);
  });
  if (type == "Ready" && status == "True") pod.ready_since = since.value_or(Time{});
  if (type == "PodScheduled" && status == "False") pod.unschedulable_message = std::move(message);
}

void read_status(value status, Parts& parts) {
  each_field(status, [&parts](std::string_view key, value field) {
    if (key == "phase") parts.pod.phase = text_of(field);
    if (key == "conditions")
      each_element(field, [&parts](value element) { read_condition(element, parts.pod); });
    const bool init = key == "initContainerStatuses";
    if (init || key == "containerStatuses") {
      each_element(field, [&parts, init](value element) {
        parts.statuses.push_back(read_container_status(element, init));
      });
    }
  });
}

void join_statuses(Parts& parts) {
  for (ContainerView& status : parts.statuses) {
    const auto spec = std::ranges::find_if(parts.pod.containers, [&status](const ContainerView& container) {
      return container.name == status.name && container.init == status.init;
    });
    if (spec == parts.pod.containers.end()) continue;
    status.image = std::move(spec->image);
    *spec = std::move(status);
  }
}

}  // namespace

Result<PodView> decode_pod(std::string_view text) {
  thread_local Reader reader;
  try {
    Parts parts;
    document whole = reader.read(text);
    each_field(whole, [&parts](std::string_view key, value field) {
      if (key == "metadata") read_metadata(field, parts.pod);
      if (key == "spec") read_spec(field, parts.pod);
      if (key == "status") read_status(field, parts);
    });
    if (parts.pod.name.empty()) return fail(ErrorKind::Protocol, "a pod without a name");
    join_statuses(parts);
    // A Ready condition without a time is as old as its pod.
    if (parts.pod.ready_since == Time{}) parts.pod.ready_since = parts.pod.creation_time;
    return std::move(parts.pod);
  } catch (const simdjson::simdjson_error& error) {
    return caught(error, "a pod");
  }
}

}  // namespace patchwave::kube
