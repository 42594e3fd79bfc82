// What discovery asks of a registry.
#pragma once

#include <functional>
#include <memory>
#include <string>
#include <vector>

#include "controllers/discovery/decide.hpp"
#include "controllers/patch/pullers.hpp"

namespace patchwave::discovery {

/// One repository, for the time of one look. Errors name it, and say what to do.
class Repository {
 public:
  virtual ~Repository() = default;
  virtual Result<std::vector<std::string>> tags() = 0;
  /// NotFound when there is no such tag.
  virtual Result<Release> release(const std::string& tag) = 0;
};

/// `pullers`: whose pull secrets may be used to ask.
using OpenRepository = std::function<std::unique_ptr<Repository>(const std::string& repository,
                                                                 std::vector<patch::Puller> pullers)>;

}  // namespace patchwave::discovery
