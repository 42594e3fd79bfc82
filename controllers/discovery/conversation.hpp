// Answers a decision's questions, once each.
#pragma once

#include <map>
#include <memory>
#include <optional>
#include <string>

#include "controllers/discovery/registry.hpp"

namespace patchwave::discovery {

/// One look's conversation with its registries.
class Conversation {
 public:
  using Open = std::function<std::unique_ptr<Repository>(const std::string& repository)>;
  explicit Conversation(Open open) : open_(std::move(open)) {}

  /// Puts the answer, or why there is none, where the next decision finds it. A host that does not answer, or
  /// limits our rate, is not asked again. Fails only with Cancelled.
  Result<void> ask(const Question& question, std::map<std::string, Answers>& answers);
  /// When the registry that wants to be left alone longest may be asked again.
  [[nodiscard]] std::optional<milliseconds> retry_after() const { return retry_after_; }

 private:
  Repository& at(const std::string& repository);
  void note(const Question& question, const Error& error, Answers& answers);

  Open open_;
  std::map<std::string, std::unique_ptr<Repository>> repositories_;
  std::map<std::string, std::string> silent_hosts_;  ///< And why.
  std::optional<milliseconds> retry_after_;
  int asked_ = 0;
};

}  // namespace patchwave::discovery
