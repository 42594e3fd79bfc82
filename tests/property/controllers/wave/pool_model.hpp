// A pool of nodes as one wave sees it: what the API server, the Job controller, kubelets and machines do with
// it, one small step of time at a time, so that any interleaving with the operator can be tried.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <random>
#include <string>
#include <vector>

#include "controllers/wave/decide.hpp"
#include "controllers/wave/evidence.hpp"
#include "controllers/wave/node_progress.hpp"

namespace patchwave::wave::model {

inline const Time kBegin = Time{seconds(1'800'000'000)};

/// How a machine takes the patch.
enum class Nature : std::uint8_t {
  Good,
  FailsToPatch,      ///< The patch step ends with an error.
  DiesWhilePatched,  ///< It is lost for hours in the middle of the patch step.
  FailsToVerify,     ///< It patches, and the verify step ends with an error.
  HangsInPatch,      ///< The patch step does not end before its time is over.
  NeverComesBack,    ///< It does not come back from the reboot of its own accord; a person gets it back after
                     ///< hours.
  FallsOver,         ///< It comes back, and is lost some time after its return.
};

struct Settings {
  int nodes = 3;
  int max_unavailable = 1;
  api::Reboot reboot = api::Reboot::Always;
  bool has_undo = true;
  std::map<int, Nature> natures = {};  ///< By the number of the node; Good where nothing is said.
  std::optional<int> cordoned_before = std::nullopt;  ///< By a person, before the wave.
  /// Somebody replaces a machine that has been away for so long by one of its name.
  std::optional<std::chrono::minutes> repaired_after = std::nullopt;
  std::optional<int> never_drained = std::nullopt;  ///< Holds a pod that its budget never lets go.
  bool is_control_plane = false;                    ///< All of them are of it.
};

/// What happens to the pool of itself.
struct Weather {
  double power_cut = 0;  ///< Chance in each step of time, of each node.
  double crash = 0;      ///< Of the operator, before each write.
  double replaced = 0;   ///< Of a node, by another machine of its name.
};

class Pool {
 public:
  Pool(Settings settings, unsigned seed);

  /// A step of a few seconds: the world, then the operator.
  void step(const Weather& weather = {});
  /// Until the wave has ended, or `most` of its time is over.
  void run(std::chrono::hours most, const Weather& weather = {});
  void power_cut(int node);
  void cancel() { wave_.spec.cancel = true; }
  void restart_operator();

  [[nodiscard]] const api::PatchWave& wave() const { return wave_; }
  [[nodiscard]] const api::TargetStatus& record(int node) const;
  [[nodiscard]] bool patched(int node) const { return at(node).patched; }
  [[nodiscard]] bool schedulable(int node) const;
  [[nodiscard]] bool held_by_us(int node) const;
  [[nodiscard]] int unavailable() const;
  [[nodiscard]] int most_unavailable() const { return most_unavailable_; }
  [[nodiscard]] bool ended() const;
  [[nodiscard]] Time now() const { return now_; }
  /// What went against a rule that holds at all times; empty when nothing has.
  [[nodiscard]] const std::string& broken_rule() const { return broken_rule_; }
  [[nodiscard]] std::string story() const;

 private:
  struct Machine {
    Json node;
    Nature nature = Nature::Good;
    bool patched = false;
    std::optional<Time> back_at;  ///< Off until then.
    std::optional<Time> falls_at;
    std::vector<drain::Pod> pods;
    int boots = 1;
  };
  struct Job {
    std::string node;
    api::NodeStep step;
    node::JobFacts facts;
    Time ends;
    std::string boot_id;
  };

  [[nodiscard]] const Machine& at(int node) const { return machines_.at(name_of(node)); }
  static std::string name_of(int node) { return "n" + std::to_string(node); }
  void make_machine(int number, const std::string& uid);
  void boot(Machine& machine, bool ready);
  void run_machines(const Weather& weather);
  void run_jobs();
  void end_job(Job& job);
  void run_operator(const Weather& weather);
  Snapshot snapshot();
  bool perform(const node::Act& act, drain::Progress& asked);
  void check_rules();
  bool chance(double probability) { return std::uniform_real_distribution<>(0, 1)(random_) < probability; }

  Settings settings_;
  std::mt19937 random_;
  Time now_ = kBegin;
  api::PatchWave wave_;
  api::Patch patch_;
  api::NodeRecipeSpec recipe_;
  std::map<std::string, Machine> machines_;
  std::map<std::string, Job> jobs_;
  std::map<std::size_t, drain::Progress> asked_;
  std::unique_ptr<GateKeeper> gates_;
  Time watching_since_ = kBegin;
  int most_unavailable_ = 0;
  std::string broken_rule_;
};

}  // namespace patchwave::wave::model
