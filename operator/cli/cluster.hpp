// What commands read from and write to the cluster, as typed objects and with errors for people.
#pragma once

#include <memory>
#include <string>
#include <utility>
#include <vector>

#include "controllers/api/codec.hpp"
#include "operator/kube/client.hpp"

namespace patchwave::cli {

/// A kind as it was read and as it is understood.
template <class Object>
struct Read {
  Json json;
  Object object;
};
template <class Object>
struct ReadList {
  std::vector<Read<Object>> items;   ///< Sorted by namespace and name.
  std::vector<std::string> skipped;  ///< Why an object was left out, one line each.
};

class Cluster {
 public:
  explicit Cluster(std::shared_ptr<kube::Client> client) : client_(std::move(client)) {}

  [[nodiscard]] Result<Read<api::PatchWave>> wave(const std::string& ns, const std::string& name) const;
  [[nodiscard]] Result<Read<api::Patch>> patch(const std::string& ns, const std::string& name) const;
  [[nodiscard]] Result<Read<api::PatchPolicy>> policy(const std::string& ns, const std::string& name) const;
  /// An empty namespace means all.
  [[nodiscard]] Result<ReadList<api::PatchWave>> waves(const std::string& ns) const;
  [[nodiscard]] Result<ReadList<api::Patch>> patches(const std::string& ns) const;
  [[nodiscard]] Result<ReadList<api::PatchPolicy>> policies(const std::string& ns) const;
  [[nodiscard]] Result<ReadList<api::PatchApproval>> approvals(const std::string& ns) const;
  [[nodiscard]] Result<std::vector<std::string>> names(const kube::Resource& resource,
                                                       const std::string& ns) const;

  /// AlreadyExists is left to the caller.
  [[nodiscard]] Result<Json> create(const kube::Resource& resource, const std::string& ns, const Json& object,
                                    bool dry_run) const;
  /// `body` should carry metadata.uid, so that it changes what was looked at and not another object of its
  /// name.
  [[nodiscard]] Result<Json> merge(const kube::Resource& resource, const std::string& ns,
                                   const std::string& name, const Json& body, bool dry_run) const;
  /// The user name that the API server knows us by.
  [[nodiscard]] Result<std::string> user_name() const;
  [[nodiscard]] const kube::Client& client() const { return *client_; }

 private:
  [[nodiscard]] Result<Json> get(const kube::Resource& resource, const std::string& ns,
                                 const std::string& name) const;
  [[nodiscard]] Result<Json> list(const kube::Resource& resource, const std::string& ns) const;

  std::shared_ptr<kube::Client> client_;
};

}  // namespace patchwave::cli
