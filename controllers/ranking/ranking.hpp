// The order of all patches, kept up to date: made from the caches and the feeds, read by who writes statuses.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <mutex>
#include <optional>
#include <string>
#include <vector>

#include "controllers/inventory/stores.hpp"
#include "controllers/ranking/assess.hpp"

namespace patchwave::ranking {

/// What the operator knows of feeds, and by which table it decides.
struct Knowledge {
  std::function<intel::FeedsSnapshot()> feeds;  ///< Empty: none is configured.
  const risk::ThreatModel* model = nullptr;     ///< Null: the built-in one.
  risk::Rules rules;
};

/// A Patch whose status says something else than the ranking.
struct Outdated {
  std::string key;
  bool rank_only = false;  ///< All but its rank is as it should be.
};

class Ranking {
 public:
  /// References must outlive the ranking.
  Ranking(Knowledge knowledge, const inventory::Stores& stores, const Clock& clock,
          std::string operator_namespace);

  /// Workloads, Services, Ingresses or namespaces are not what they were. Thread-safe.
  void inventory_changed();
  /// Assesses every Patch of the caches; one thread at a time. A Patch of the operator's namespace is about
  /// the workloads of all namespaces, another about those of its own.
  std::vector<Outdated> refresh();
  /// nullopt: not assessed yet, and whatever its status says stands. Thread-safe.
  [[nodiscard]] std::optional<api::RiskReport> report_of(const api::Patch& patch) const;
  /// Findings that open patches close, by class. Thread-safe.
  [[nodiscard]] std::map<risk::DeadlineClass, std::size_t> findings() const;
  [[nodiscard]] bool has_feeds() const { return static_cast<bool>(with_.feeds); }

 private:
  struct Entry {
    std::string uid;
    api::RiskReport report;
  };

  const ImageCircumstances& circumstances();

  Knowledge with_;
  const inventory::Stores& stores_;
  const Clock& clock_;
  std::string operator_namespace_;
  std::unique_ptr<ImageCircumstances> circumstances_;

  mutable std::mutex mutex_;
  bool inventory_is_old_ = true;
  std::map<std::string, Entry> entries_;
  std::map<risk::DeadlineClass, std::size_t> findings_;
};

}  // namespace patchwave::ranking
