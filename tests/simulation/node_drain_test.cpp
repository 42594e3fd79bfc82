// One node is drained in a simulated cluster with faults at every call, crashes, nodes that fail or are
// replaced, and a person who cordons and uncordons: no cordon of ours is left, nobody else's is undone, and
// pods go by eviction alone.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <memory>
#include <optional>

#include "controllers/node/drainer.hpp"
#include "tests/simulation/cluster.hpp"
#include "tests/simulation/connection.hpp"
#include "tests/simulation/objects.hpp"
#include "tests/simulation/seeds.hpp"

namespace patchwave::simulation {
namespace {

using std::chrono::minutes;
using std::chrono::seconds;

constexpr const char* kNode = "node-b";
const std::string kOwner = "shop/workers-canary/u-1";

class DrainedNode {
 public:
  DrainedNode(std::uint64_t seed, bool with_faults)
      : random_(seed), faults_(random_, with_faults), acts_(with_faults && random_.chance(0.6)) {
    for (const auto* node : {"node-a", kNode, "node-c"}) cluster_.kubelets.add_node(node);
    fill();
    uid_ = uid_of(node()->json);
    cluster_.state.listen([this](const Change& change) { watch(change); });
    if (acts_ && random_.chance(0.3)) cordon_by_person(true);
  }

  void run() {
    schedule_others();
    cluster_.agenda.after(minutes(20), [this] { faults_.heal(); });
    while (!ended_ && cluster_.clock.now() < kStart + minutes(90)) step();
    EXPECT_TRUE(ended_) << "the drain has no end";
    // What is drained would be worked on now.
    cluster_.agenda.run_for(minutes(1));
    faults_.heal();
    // A write that was given up may still come: whoever owns the wave looks again.
    for (int i = 0; i < 20; ++i) {
      give_back();
      cluster_.agenda.run_for(seconds(10));
    }
  }

  void check_end() const {
    for (const auto& [name, object] : cluster_.state.all(resources::kNodes)) {
      const auto cordon = drain::read_cordon(object->json);
      EXPECT_FALSE(cordon.annotated) << name.name << " is still on record as ours";
      const bool wanted = name.name == kNode && wanted_;
      EXPECT_EQ(cordon.unschedulable, wanted)
          << name.name << ": a cordon of ours is left, or another's undone";
    }
    EXPECT_EQ(deleted_, 0) << "pods went by another way than eviction";
    EXPECT_EQ(strayed_, 0) << "another node was touched, or pods evicted before the cordon was on record";
  }

  [[nodiscard]] drain::State state() const { return state_; }
  [[nodiscard]] bool undisturbed() const { return !acts_; }
  [[nodiscard]] std::string trace() const { return trace_.text(); }

 private:
  static constexpr Time kStart{std::chrono::sys_days(std::chrono::year(2026) / 11 / 21)};

  [[nodiscard]] Snapshot node() const { return cluster_.state.find(resources::kNodes, "", kNode); }

  void fill() {
    for (const auto* app : {"web", "api", "free"}) {
      person("POST", "/apis/apps/v1/namespaces/shop/deployments",
             deployment("shop", app, "shop/web:1", random_.between(2, 6)));
    }
    person("POST", "/apis/apps/v1/namespaces/shop/daemonsets", daemon_set("shop", "agent", "shop/agent:1"));
    const std::string budgets = "/apis/policy/v1/namespaces/shop/poddisruptionbudgets";
    person("POST", budgets, disruption_budget("shop", "web", "maxUnavailable", 1));
    person("POST", budgets, disruption_budget("shop", "api", "minAvailable", 1));
    cluster_.agenda.run_for(minutes(2));
  }

  http::Response person(const std::string& method, const std::string& target, const Json& body) {
    const std::string type = method == "PATCH" ? "application/merge-patch+json" : "application/json";
    return cluster_.api.handle({method, target, {{"Content-Type", type}}, body.dump()},
                               {Actor::Person, "kubectl-cordon"});
  }

  /// kubectl sends nothing when the node is as it should be.
  void cordon_by_person(bool unschedulable) {
    if (!node() || bool_at(node()->json, {"spec", "unschedulable"}) == unschedulable) return;
    person("PATCH", std::string("/api/v1/nodes/") + kNode,
           {{"spec", {{"unschedulable", unschedulable ? Json(true) : Json(nullptr)}}}});
    wanted_ = unschedulable;
  }

  void schedule_others() {
    if (!acts_) return;
    for (int i = random_.between(0, 6); i > 0; --i) {
      const bool unschedulable = random_.chance(0.5);
      cluster_.agenda.after(random_.between(milliseconds(100), milliseconds(300'000)),
                            [this, unschedulable] { cordon_by_person(unschedulable); });
    }
    if (random_.chance(0.3)) {
      const auto at = random_.between(milliseconds(1'000), milliseconds(200'000));
      cluster_.agenda.after(at, [this] { cluster_.kubelets.set_node_ready(kNode, false); });
      cluster_.agenda.after(at + minutes(3), [this] { cluster_.kubelets.set_node_ready(kNode, true); });
    }
    if (random_.chance(0.15)) {
      cluster_.agenda.after(random_.between(milliseconds(1'000), milliseconds(120'000)),
                            [this] { replace(); });
    }
  }

  /// The autoscaler takes the machine away and another one comes with its name.
  void replace() {
    cluster_.state.remove(resources::kNodes, {"", kNode}, {Actor::Autoscaler, "autoscaler"});
    cluster_.kubelets.add_node(kNode);
    wanted_ = false;
  }

  void watch(const Change& change) {
    const bool ours = change.writer.actor == Actor::Operator;
    if (ours && change.resource == resources::kNodes && uid_of(change.before->json) != uid_) ++strayed_;
    if (change.resource != resources::kPods || !ours || !change.before) return;
    if (change.subresource != "eviction") ++deleted_;
    const std::string on = string_at(change.before->json, {"spec", "nodeName"});
    if (on != kNode || !began_) ++strayed_;
  }

  /// A new process: nothing of what the one before remembered.
  void live() {
    progress_ = {};
    const auto die = [this] { alive_ = false; };
    connection_ = std::make_shared<Connection>(
        cluster_, faults_, random_, trace_, ++incarnation_,
        Connection::Hooks{
            die, die, [this](const http::Request& request) { act_just_before(request); },
            [this] { cluster_.agenda.run_for(random_.between(milliseconds(1'000), milliseconds(60'000))); },
            [](const http::Request&) {}});
    kube::ClientOptions options;
    options.transport = connection_;
    options.sleep = [this](milliseconds pause) { cluster_.agenda.run_for(pause); };
    client_ = std::make_unique<kube::Client>(options);
    alive_ = true;
  }

  /// Between what we read and what we write.
  void act_just_before(const http::Request& request) {
    if (acts_ && faults_.enabled() && request.method == "PATCH" && random_.chance(0.2)) {
      cordon_by_person(random_.chance(0.5));
    }
  }

  void step() {
    if (!alive_) {
      cluster_.agenda.run_for(random_.between(milliseconds(500), milliseconds(20'000)));
      live();
    }
    drain::Order order{kOwner, "patch", uid_, {}};
    order.policy.deadline = minutes(60);
    const auto step = node::drain_step(*client_, kNode, order, progress_, cluster_.clock.now());
    began_ = began_ || (node() && drain::read_cordon(node()->json).owned_by(kOwner));
    if (step && alive_ && step->state != drain::State::Cordon && step->state != drain::State::Evicting) {
      ended_ = true;
      state_ = step->state;
      if (state_ == drain::State::Drained && undisturbed()) check_drained();
    }
    cluster_.agenda.run_for(seconds(2));
  }

  void check_drained() const {
    EXPECT_TRUE(bool_at(node()->json, {"spec", "unschedulable"}));
    for (const auto& [name, pod] : cluster_.state.all(resources::kPods)) {
      const bool stays =
          label_of(pod->json, "app") == "agent" || string_at(pod->json, {"spec", "nodeName"}) != kNode;
      EXPECT_TRUE(stays) << name.name << " is on the node that is called drained";
    }
  }

  void give_back() {
    if (!alive_) live();
    const auto released = node::release(*client_, kNode, kOwner);
    if (!released) {
      EXPECT_TRUE(is_transient(released.error().kind) || released.error().kind == ErrorKind::Conflict);
    }
  }

  Random random_;
  Faults faults_;
  Cluster cluster_{kStart, random_};
  Trace trace_;
  std::shared_ptr<Connection> connection_;
  std::unique_ptr<kube::Client> client_;
  drain::Progress progress_;
  std::string uid_;
  bool acts_;            ///< A person, an autoscaler and failing nodes take part.
  bool wanted_ = false;  ///< A person's last word was to cordon the node.
  bool alive_ = false;
  bool began_ = false;
  bool ended_ = false;
  int incarnation_ = 0;
  int deleted_ = 0;
  int strayed_ = 0;
  drain::State state_ = drain::State::Cordon;
};

TEST(NodeDrain, EndsDrainedWhereNothingGoesWrong) {
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    DrainedNode drained(seed, false);
    drained.run();
    drained.check_end();
    EXPECT_EQ(drained.state(), drain::State::Drained) << "seed " << seed;
  }
}

TEST(NodeDrain, LeavesNoCordonUnderFaultsAndUndoesNobodyElses) {
  int drained_nodes = 0;
  for (const auto seed : seeds()) {
    SCOPED_TRACE(fmt::format("--seed={}", seed));
    DrainedNode drained(seed, true);
    drained.run();
    drained.check_end();
    if (drained.undisturbed()) {
      EXPECT_EQ(drained.state(), drain::State::Drained);
    }
    drained_nodes += drained.state() == drain::State::Drained ? 1 : 0;
    ASSERT_FALSE(HasFailure()) << drained.trace();
  }
  EXPECT_GT(drained_nodes, 0) << "the seeds show nothing";
}

}  // namespace
}  // namespace patchwave::simulation
