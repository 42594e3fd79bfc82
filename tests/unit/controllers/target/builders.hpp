// Targets as tests speak of them: given(StatefulSet, 3).in(Canary, 1).claimed().acts().
#pragma once

#include <string>
#include <vector>

#include "controllers/target/target.hpp"

namespace patchwave::target::testing {

inline const std::string kOldImage = "registry.example.com/shop/web:1.4.2@sha256:" + std::string(64, 'a');
inline const std::string kNewImage = "registry.example.com/shop/web:1.4.3@sha256:" + std::string(64, 'b');
inline const std::string kForeignImage = "registry.example.com/shop/web:2.0.0@sha256:" + std::string(64, 'c');
inline const std::string kClaim = "shop/web-1.4.3-canary/wave-uid";
inline const std::string kUid = "workload-uid";
inline const std::string kClaimPointer = "/metadata/annotations/patchwave.dev~1claimed-by";
inline const std::string kRecordPointer = "/metadata/annotations/patchwave.dev~1images-before";
inline const std::string kImagePointer = "/spec/template/spec/containers/0/image";
inline const Time kNow = Time{seconds(1'800'000'000)};

struct PodOptions {
  std::string image = kOldImage;
  bool ready = true;
  bool terminating = false;
  std::string node{};
  std::string revision{};
  Time ready_since = kNow - seconds(3600);
};

kube::PodView pod(const std::string& name, const PodOptions& options = {});

/// A record and what is live. Starts untouched: the old image, all copies ready, no claim.
class Given {
 public:
  Given(api::TargetKind kind, int copies);

  /// The record's state. From Claimed on `before`, UID and image are on record as they are live.
  Given& in(api::TargetState state, int canary_replicas = 0);
  Given& claimed(const std::string& by = kClaim);
  Given& image(const std::string& value);
  Given& partition(int value);
  Given& strategy(const std::string& type);
  /// The last writer of the image.
  Given& written_by(const std::string& manager, Time time = kNow - seconds(86'400));
  Given& pods(std::vector<kube::PodView> views);
  /// A canary copy as this wave makes it, with this many replicas, all up.
  Given& canary(int replicas, const std::string& claim = kClaim);
  /// The controller has not seen the last write.
  Given& controller_is_behind();

  [[nodiscard]] std::vector<Act> acts() const { return next_acts(record, live, kClaim, kNow); }
  [[nodiscard]] Observation seen() const { return observe(record, live, kNewImage, kNow); }

  api::TargetStatus record;
  LiveTarget live;
};

Given given(api::TargetKind kind, int copies);

/// The value an act's JSON patch gives to `pointer`; null when it does not write it.
Json written(const Act& act, const std::string& pointer);
/// The value an act's JSON patch tests at `pointer`; null when it does not test it.
Json tested(const Act& act, const std::string& pointer);
bool removes(const Act& act, const std::string& pointer);
/// The pods that the acts evict.
std::vector<std::string> evicted(const std::vector<Act>& acts);

template <class T>
const T* as(const Act& act) {
  return std::get_if<T>(&act.what);
}

}  // namespace patchwave::target::testing
