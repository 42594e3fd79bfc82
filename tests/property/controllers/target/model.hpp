// A cluster of one workload: what the API server, the workload controllers and the kubelets do with it, one
// small step at a time, so that any interleaving with the operator can be tried.
#pragma once

#include <set>
#include <string>
#include <vector>

#include "controllers/target/target.hpp"

namespace patchwave::target::model {

inline const std::string kOldImage = "registry.example.com/shop/web:1.4.2@sha256:" + std::string(64, 'a');
inline const std::string kNewImage = "registry.example.com/shop/web:1.4.3@sha256:" + std::string(64, 'b');
inline const std::string kClaim = "shop/web-1.4.3/wave-uid";
inline const Time kNow = Time{seconds(1'800'000'000)};

struct Shape {
  api::TargetKind kind = api::TargetKind::Deployment;
  int copies = 3;
  std::string strategy;          ///< updateStrategy.type; "" leaves updateStrategy out.
  std::optional<int> partition;  ///< StatefulSet with RollingUpdate.
};

class Cluster {
 public:
  Cluster(const Shape& shape, std::set<std::string> broken_images);

  /// What the operator reads: objects as they are, pods as they were at the last refresh_cache().
  [[nodiscard]] LiveTarget read() const;
  /// The same with the pods as they are.
  [[nodiscard]] LiveTarget read_pods_live() const;
  void refresh_cache() { cached_pods_ = pods_; }

  /// Carries an act out as the API server would. False when a precondition did not hold.
  bool perform(const Act& act);

  /// One step of every controller.
  void run_controllers();
  /// One pod, the `choice`-th, comes up or is gone, when there is one that can.
  void run_kubelet(std::size_t choice);
  /// What an autoscaler does; a DaemonSet's scale is its nodes, which stay.
  void scale(int copies);

  [[nodiscard]] const Json& workload() const { return workload_; }
  [[nodiscard]] bool has_canary() const { return canary_.has_value(); }
  [[nodiscard]] const std::vector<kube::PodView>& pods() const { return pods_; }
  [[nodiscard]] int copies_on(const std::string& image) const;
  [[nodiscard]] int copies_ready() const;
  [[nodiscard]] int writes() const { return writes_; }

 private:
  void run_deployment(Json& deployment);
  void run_stateful_set();
  void run_daemon_set();
  void collect_garbage();
  /// False when the controller has to wait before it may look at higher ordinals.
  bool keep_ordinal(int ordinal, int partition);
  void roll_stateful_set(int replicas, int partition);
  void roll_daemon_set();

  void touch(Json& object, const Json& spec_before);
  void create_pod(const Json& owner, const std::string& name, const std::string& image,
                  const std::string& node);
  std::vector<kube::PodView*> live_pods(const Json& owner);
  kube::PodView* find_pod(const std::string& name);

  Shape shape_;
  std::set<std::string> broken_images_;
  Json workload_;
  std::optional<Json> canary_;
  std::vector<kube::PodView> pods_;
  std::vector<kube::PodView> cached_pods_;
  int counter_ = 100;
  int writes_ = 0;
};

}  // namespace patchwave::target::model
