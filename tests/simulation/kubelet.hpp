// Scheduler and kubelets of all nodes: what happens to a pod between its creation and its end.
#pragma once

#include <functional>
#include <set>
#include <string>

#include "tests/simulation/agenda.hpp"
#include "tests/simulation/cluster_state.hpp"
#include "tests/simulation/pods.hpp"
#include "tests/simulation/random.hpp"

namespace patchwave::simulation {

class Kubelets {
 public:
  Kubelets(ClusterState& state, Agenda& agenda, Random& random);

  void add_node(const std::string& name, const Json& labels = Json::object());
  /// The node stops answering: its pods turn unready, start nothing and end nothing until it is back.
  void set_node_ready(const std::string& name, bool ready);

 private:
  void observe(const Change& change);
  void bind(const kube::NamespacedName& pod, const std::string& uid);
  void start(const kube::NamespacedName& pod, const std::string& uid);
  void run(const kube::NamespacedName& pod, const std::string& uid);
  void crash(const kube::NamespacedName& pod, const std::string& uid, int crashes);
  void end(const kube::NamespacedName& pod, const std::string& uid);
  /// The pod when it still is the same one, lives on a node that answers, and is not being deleted.
  [[nodiscard]] Snapshot live(const kube::NamespacedName& pod, const std::string& uid) const;
  [[nodiscard]] bool is_down(const Json& pod) const;
  void change(const kube::NamespacedName& pod, const std::function<void(Json&)>& how);
  /// `what` now, or once the pod's node answers again.
  void when_up(const kube::NamespacedName& pod, const std::string& uid, microseconds delay,
               std::function<void()> what);

  ClusterState& state_;
  Agenda& agenda_;
  Random& random_;
  std::set<std::string> down_;
};

}  // namespace patchwave::simulation
