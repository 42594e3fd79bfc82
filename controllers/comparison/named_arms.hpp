// Arms by the names of their pods, for histories of which nothing but Prometheus is left to ask.
#pragma once

#include <re2/re2.h>

#include <memory>
#include <string>

#include "controllers/comparison/comparison.hpp"

namespace patchwave::comparison {

/// A pod whose whole name matches both expressions is a canary: "web-canary-.*" against "web-.*".
///
/// Of pods that are gone nobody can say when they began. One that was first scraped after the change, while
/// others were scraped before it, is taken to have begun since, its counters at zero.
class NamedArms final : public Arms {
 public:
  /// Regular expressions as Prometheus has them (RE2). Invalid says what is wrong with which arm's.
  static Result<NamedArms> make(const std::string& canary, const std::string& baseline, Time change);

  [[nodiscard]] std::optional<judge::Arm> of(const std::string& pod, Time time,
                                             bool was_before) const override;
  [[nodiscard]] std::map<std::string, Time> births(
      const std::vector<prometheus::Series>& series) const override;
  /// A matcher of the pods of both, of a label by that name.
  [[nodiscard]] std::string matcher(const std::string& label) const;

 private:
  NamedArms(std::shared_ptr<const re2::RE2> canary, std::shared_ptr<const re2::RE2> baseline, Time change)
      : canary_(std::move(canary)), baseline_(std::move(baseline)), change_(change) {}

  std::shared_ptr<const re2::RE2> canary_;
  std::shared_ptr<const re2::RE2> baseline_;
  Time change_;
};

}  // namespace patchwave::comparison
