// What a run is about, drawn from its seed: workloads, rules, a patch, and what people and machines do
// meanwhile.
#pragma once

#include <string>
#include <vector>

#include "operator/base/json.hpp"
#include "tests/simulation/cluster.hpp"
#include "tests/simulation/random.hpp"

namespace patchwave::simulation {

inline constexpr const char* kNamespace = "shop";
inline constexpr const char* kRepository = "registry.example.com/shop/web";

struct Scenario {
  struct Workload {
    const kube::Resource* resource;
    Json object;
    std::optional<Json> budget;
  };
  std::vector<Workload> workloads;
  std::chrono::minutes time_of_day{0};  ///< In UTC, when the cluster begins.
  Json policy;
  std::string tag;  ///< Of the patch; says how its image behaves (pods.hpp).
  /// What others do. Where any of them acts, the end depends on when, and is not compared with an unbroken
  /// run.
  bool autoscaler = false;
  bool node_failures = false;
  bool foreign_edit = false;
  bool cancel = false;
  bool delete_wave = false;
  bool delete_workload = false;
  bool suspend = false;

  [[nodiscard]] bool has_one_end() const {
    return !autoscaler && !node_failures && !foreign_edit && !cancel && !delete_wave && !delete_workload &&
           !suspend;
  }
  [[nodiscard]] std::string text() const;
};

Scenario draw_scenario(Random& random);

/// Applies a scenario to a cluster: everything there at the start now, the patch and all that others do
/// later.
class Stage {
 public:
  Stage(Cluster& cluster, Random& random, const Scenario& scenario);

  /// Workloads, nodes and rules.
  void set();
  /// The patch, `lead` from now, and what happens around it.
  void begin();

 private:
  void person(const std::string& method, const std::string& path, const Json& body, const std::string& type);
  void approve_when_asked(const Change& change);
  void schedule_others();
  void scale_somewhere();
  void fail_a_node();
  void change_first_wave(bool cancel);

  Cluster& cluster_;
  Random& random_;
  const Scenario& scenario_;
  std::set<std::string> approved_;  ///< Plan hashes.
};

}  // namespace patchwave::simulation
