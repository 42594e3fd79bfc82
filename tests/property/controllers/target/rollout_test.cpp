// From any interleaving of operator, crashes, controllers, kubelets and a stale pod cache a target gets where
// its record leads it, and stays there.
#include <gtest/gtest.h>
#include <rapidcheck/gtest.h>

#include <algorithm>

#include "controllers/target/claim.hpp"
#include "tests/property/controllers/target/model.hpp"

namespace patchwave::target::model {
namespace {

using api::TargetKind;
using api::TargetState;

const std::vector<api::CountOrPercent> kSteps = {{1, false}, {100, true}};
constexpr int kFairRounds = 120;

/// The wave controller's part, as small as can be: it moves the record on by what is observed and performs
/// a prefix of the acts, as long as it lives.
class Operator {
 public:
  Operator(Cluster& cluster, TargetKind kind) : cluster_(cluster) {
    record.target = {kind, "shop", "web", {"web"}};
  }

  /// `acts_before_crash`: the process ends before the next act; nothing but the record survives.
  void turn(std::size_t acts_before_crash = 99) {
    advance();
    for (const auto& act : next_acts(record, cluster_.read(), kClaim, kNow)) {
      if (acts_before_crash-- == 0) return;
      if (!cluster_.perform(act)) return;
    }
  }

  /// At any time after the claim, the bake of what is promoted included.
  void see_harm() { record.state = TargetState::RollingBack; }

  [[nodiscard]] bool released() const { return is_released(record, cluster_.read(), kClaim); }
  [[nodiscard]] bool has_acts() const { return !next_acts(record, cluster_.read(), kClaim, kNow).empty(); }

  api::TargetStatus record;

 private:
  void enter_step(int step, int desired) {
    record.state = TargetState::Canary;
    record.step = step;
    record.canary_replicas = copies_for(kSteps[static_cast<std::size_t>(step)], desired);
  }

  void advance() {
    const Observation seen = observe(record, cluster_.read(), kNewImage, kNow);
    if (record.state == TargetState::Pending) {
      record.before = seen.current;
      record.uid = seen.uid;
      record.after_image = kNewImage;
      record.state = TargetState::Claimed;
    } else if (record.state == TargetState::Claimed && seen.claimed_by == kClaim) {
      enter_step(0, seen.desired);
    } else if (record.state == TargetState::Canary && seen.step_complete) {
      if (record.step + 1 < static_cast<int>(kSteps.size())) {
        enter_step(record.step + 1, seen.desired);
      } else {
        record.state = TargetState::Promoting;
      }
    } else if (record.state == TargetState::Promoting && seen.complete) {
      record.state = TargetState::Promoted;
    } else if (record.state == TargetState::RollingBack && seen.restored && restored_for_certain()) {
      record.state = TargetState::RolledBack;
    }
  }

  [[nodiscard]] bool restored_for_certain() const {
    return observe(record, cluster_.read_pods_live(), kNewImage, kNow).restored;
  }

  Cluster& cluster_;
};

Shape any_shape() {
  Shape shape;
  shape.kind = *rc::gen::element(TargetKind::Deployment, TargetKind::StatefulSet, TargetKind::DaemonSet);
  shape.copies = *rc::gen::resize(100, rc::gen::inRange(0, 5));
  if (shape.kind == TargetKind::Deployment) return shape;
  shape.strategy = *rc::gen::element<std::string>("", "RollingUpdate", "OnDelete");
  if (shape.kind == TargetKind::StatefulSet && shape.strategy == "RollingUpdate") {
    shape.partition = *rc::gen::element<std::optional<int>>(std::nullopt, 0, 1, 2);
  }
  return shape;
}

struct Happening {
  int what = 0;
  std::size_t choice = 0;
};

std::vector<Happening> any_happenings(std::size_t longest = 60) {
  const auto count = *rc::gen::resize(100, rc::gen::inRange<std::size_t>(0, longest));
  return *rc::gen::container<std::vector<Happening>>(
      count,
      rc::gen::build<Happening>(
          rc::gen::set(&Happening::what, rc::gen::resize(100, rc::gen::inRange(0, 8))),
          rc::gen::set(&Happening::choice, rc::gen::resize(100, rc::gen::inRange<std::size_t>(0, 6)))));
}

void happen(const Happening& happening, Cluster& cluster, Operator& op) {
  switch (happening.what) {
    case 0:
    case 1:
      return op.turn(happening.choice);
    case 2:
    case 3:
      return cluster.run_controllers();
    case 4:
    case 5:
      return cluster.run_kubelet(happening.choice);
    default:
      return cluster.refresh_cache();
  }
}

/// Everybody gets a turn again and again, and nothing fails any more.
void run_fairly(Cluster& cluster, Operator& op, int rounds = kFairRounds) {
  for (int round = 0; round < rounds; ++round) {
    cluster.refresh_cache();
    op.turn();
    cluster.run_controllers();
    cluster.run_kubelet(static_cast<std::size_t>(round));
  }
  cluster.refresh_cache();
}

void show(const Shape& shape, const Cluster& cluster, const Operator& op) {
  RC_LOG() << api::to_string(shape.kind) << " " << shape.copies << " " << shape.strategy << " partition "
           << shape.partition.value_or(-1) << "\nstate " << api::to_string(op.record.state) << " step "
           << op.record.step << "\n"
           << cluster.workload().dump(1) << "\n";
  for (const auto& pod : cluster.pods()) {
    RC_LOG() << pod.name << " " << pod.containers[0].image.substr(25, 13) << " ready " << pod.ready()
             << " terminating " << pod.terminating << "\n";
  }
}

void check_quiet(Cluster& cluster, Operator& op) {
  RC_ASSERT(op.released());
  RC_ASSERT(!op.has_acts());
  const int writes = cluster.writes();
  run_fairly(cluster, op, 10);
  RC_ASSERT(cluster.writes() == writes);
}

RC_GTEST_PROP(Rollout, CompletesAfterAnyInterleavingAndChangesNothingButTheImage, ()) {
  const Shape shape = any_shape();
  Cluster cluster(shape, {});
  Json expected = cluster.workload().at("spec");
  // What a later rollback may need stays; the claim does not.
  const Json left = {{std::string(kImagesBeforeAnnotation), images_before(cluster.workload())}};
  expected["template"]["spec"]["containers"][0]["image"] = kNewImage;
  Operator op(cluster, shape.kind);
  for (const auto& happening : any_happenings()) happen(happening, cluster, op);
  run_fairly(cluster, op);
  show(shape, cluster, op);
  RC_ASSERT(op.record.state == TargetState::Promoted);
  RC_ASSERT(cluster.workload().at("spec") == expected);
  RC_ASSERT(cluster.workload().at("metadata").at("annotations") == left);
  RC_ASSERT(!cluster.has_canary());
  RC_ASSERT(cluster.copies_on(kOldImage) == std::min(shape.copies, shape.partition.value_or(0)));
  check_quiet(cluster, op);
}

RC_GTEST_PROP(Rollback, RestoresExactlyWhatWasThereAfterHarmAtAnyMoment, ()) {
  const Shape shape = any_shape();
  const bool broken = *rc::gen::arbitrary<bool>();
  Cluster cluster(shape, broken ? std::set<std::string>{kNewImage} : std::set<std::string>{});
  const Json expected = cluster.workload().at("spec");
  Operator op(cluster, shape.kind);
  for (const auto& happening : any_happenings()) happen(happening, cluster, op);
  // Orderly turns, so that harm is also seen late.
  const int turns = *rc::gen::resize(100, rc::gen::inRange(0, 60));
  for (int i = 0; i < turns; ++i) {
    cluster.refresh_cache();
    op.turn();
    cluster.run_controllers();
    cluster.run_kubelet(0);
  }
  if (op.record.state == TargetState::Pending) op.turn();
  op.see_harm();
  for (const auto& happening : any_happenings()) happen(happening, cluster, op);
  run_fairly(cluster, op);
  show(shape, cluster, op);
  RC_ASSERT(op.record.state == TargetState::RolledBack);
  RC_ASSERT(cluster.workload().at("spec") == expected);
  RC_ASSERT(!cluster.workload().at("metadata").contains("annotations"));
  RC_ASSERT(!cluster.has_canary());
  RC_ASSERT(cluster.copies_on(kNewImage) == 0);
  RC_ASSERT(cluster.copies_ready() == shape.copies);
  check_quiet(cluster, op);
}

RC_GTEST_PROP(Canary, NeverPatchesMoreCopiesThanItsStepAndNeverTakesTwoAway, ()) {
  const Shape shape = any_shape();
  Cluster cluster(shape, {});
  Operator op(cluster, shape.kind);
  for (const auto& happening : any_happenings(200)) {
    happen(happening, cluster, op);
    show(shape, cluster, op);
    RC_ASSERT(cluster.copies_ready() >= shape.copies - 1);
    if (op.record.state != TargetState::Canary) continue;
    RC_ASSERT(cluster.copies_on(kNewImage) <= op.record.canary_replicas);
  }
}

RC_GTEST_PROP(Rollout, CompletesUnderAnAutoscalerAndNeverWritesItsReplicas, ()) {
  Shape shape = any_shape();
  shape.partition.reset();
  Cluster cluster(shape, {});
  Operator op(cluster, shape.kind);
  int wanted = shape.copies;
  for (const auto& happening : any_happenings()) {
    if (happening.what == 7) {
      wanted = static_cast<int>(happening.choice);
      cluster.scale(wanted);
    } else {
      happen(happening, cluster, op);
    }
    if (shape.kind != TargetKind::DaemonSet) {
      RC_ASSERT(integer_at(cluster.workload(), {"spec", "replicas"}) == wanted);
    }
  }
  run_fairly(cluster, op);
  show(shape, cluster, op);
  RC_ASSERT(op.record.state == TargetState::Promoted);
  RC_ASSERT(cluster.copies_on(kOldImage) == 0);
}

}  // namespace
}  // namespace patchwave::target::model
