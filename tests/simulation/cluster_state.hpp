// The true state of the simulated cluster: what etcd would hold. Everybody who writes, the API server and the
// simulated controllers alike, commits here, so an invariant that listens here misses nothing.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <set>
#include <string>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/json.hpp"
#include "operator/kube/resource.hpp"

namespace patchwave::simulation {

namespace resources {
using namespace kube::resources;
inline const kube::Resource kReplicaSets{"apps", "v1", "replicasets", "ReplicaSet"};
}  // namespace resources

/// One version of one object. Versions are never changed once committed, so a stale view is just an old
/// pointer.
struct Version {
  Json json;
  mutable std::string text;  ///< `json` printed, filled at the first read over HTTP.
};
using Snapshot = std::shared_ptr<const Version>;

enum class Actor : std::uint8_t { Operator, Controller, Kubelet, Autoscaler, Person };

struct Writer {
  Actor actor = Actor::Person;
  std::string manager = "kubectl";
  int incarnation = 0;      ///< Which life of the operator wrote; 0 for everybody else.
  bool late = false;        ///< The request was given up by its sender and took effect afterwards.
  Time sent = Time::max();  ///< When the request left; decided before that.
};

struct Change {
  const kube::Resource& resource;
  kube::NamespacedName name;
  Snapshot before;  ///< Null for a creation.
  Snapshot after;   ///< Null for a removal.
  const Writer& writer;
  std::string subresource;  ///< "status", "eviction", "scale" or "".
};

class ClusterState {
 public:
  using Objects = std::map<kube::NamespacedName, Snapshot>;
  /// Listeners may schedule work; they must not commit.
  using Listener = std::function<void(const Change&)>;

  explicit ClusterState(const ManualClock& clock) : clock_(clock) {}

  [[nodiscard]] static const std::vector<kube::Resource>& served();
  /// nullptr when this cluster does not serve it.
  [[nodiscard]] static const kube::Resource* resource(std::string_view group, std::string_view version,
                                                      std::string_view plural);

  [[nodiscard]] Snapshot find(const kube::Resource& resource, std::string_view ns,
                              std::string_view name) const;
  [[nodiscard]] const Objects& all(const kube::Resource& resource) const;
  /// Objects with an owner reference to `uid`, by resource and name.
  [[nodiscard]] std::vector<Snapshot> dependents(const kube::Resource& resource,
                                                 const std::string& uid) const;
  /// Whether an object of this UID exists, whatever its kind.
  [[nodiscard]] bool exists(const std::string& uid) const { return uids_.contains(uid); }
  [[nodiscard]] std::uint64_t resource_version() const { return version_; }
  [[nodiscard]] Time now() const { return clock_.now(); }

  /// Fills uid, creationTimestamp, resourceVersion and generation. The name must be free.
  Snapshot create(const kube::Resource& resource, Json object, const Writer& writer);
  /// Commits `after` unless nothing changed. An object that is being deleted and has lost its last finalizer
  /// (and is no pod, which its kubelet ends) goes with this commit; the answer is then its last version.
  Snapshot update(const kube::Resource& resource, const Snapshot& before, Json after, const Writer& writer,
                  std::string_view subresource = "");
  /// Changes the live version of an object in place; nothing happens when it is gone.
  void modify(const kube::Resource& resource, const kube::NamespacedName& name, const Writer& writer,
              std::string_view subresource, const std::function<void(Json&)>& change);
  void remove(const kube::Resource& resource, const kube::NamespacedName& name, const Writer& writer);

  void listen(Listener listener) { listeners_.push_back(std::move(listener)); }

 private:
  void commit(const kube::Resource& resource, const kube::NamespacedName& name, Snapshot before,
              Snapshot after, const Writer& writer, std::string_view subresource);
  void index(const kube::Resource& resource, const kube::NamespacedName& name, const Json& object,
             bool present);

  const ManualClock& clock_;
  std::uint64_t version_ = 1000;
  std::uint64_t last_uid_ = 0;
  std::map<std::string, Objects, std::less<>> objects_;  // by plural
  std::set<std::string> uids_;
  std::map<std::pair<std::string, std::string>, std::set<kube::NamespacedName>>
      owned_;  // (plural, owner uid)
  std::vector<Listener> listeners_;
};

/// The name in an object's metadata.
kube::NamespacedName name_of(const Json& object);
std::string uid_of(const Json& object);
/// An ownerReferences entry.
Json owner_reference(const kube::Resource& resource, const Json& owner, bool controller);
/// The UID of the controlling owner, "" without one.
std::string controller_uid(const Json& object);
/// metav1.LabelSelector against labels; a missing selector matches nothing.
bool selector_matches(const Json* selector, const Json& labels);
bool is_terminating(const Json& object);

}  // namespace patchwave::simulation
