#include "controllers/discovery/conversation.hpp"

#include <fmt/format.h>

#include <algorithm>

namespace patchwave::discovery {
namespace {

/// Of one look: two hundred repositories with some versions to look at each.
constexpr int kMostQuestions = 2'000;

std::string host_of(const std::string& repository) {
  return repository.substr(0, repository.find('/'));
}

bool is_about_the_host(ErrorKind kind) {
  return kind == ErrorKind::TooManyRequests || is_transient(kind) || effect_is_unknown(kind);
}

}  // namespace

Result<void> Conversation::ask(const Question& question, std::map<std::string, Answers>& answers) {
  auto& known = answers[question.repository];
  if (!known.problem.empty()) return {};
  if (const auto silent = silent_hosts_.find(host_of(question.repository)); silent != silent_hosts_.end()) {
    known.problem = fmt::format("{}: {}", question.repository, silent->second);
    return {};
  }
  if (++asked_ > kMostQuestions) {
    known.problem = fmt::format("{}: left out of this look, which has asked {} questions",
                                question.repository, kMostQuestions);
    return {};
  }
  auto& repository = at(question.repository);
  std::optional<Error> error;
  if (question.tag.empty()) {
    auto tags = repository.tags();
    if (tags) known.tags = std::move(*tags);
    if (!tags) error = std::move(tags.error());
  } else {
    auto release = repository.release(question.tag);
    if (release) known.releases[question.tag] = std::move(*release);
    if (!release) error = std::move(release.error());
  }
  if (error && error->kind == ErrorKind::Cancelled) return fail(std::move(*error));
  if (error) note(question, *error, known);
  return {};
}

Repository& Conversation::at(const std::string& repository) {
  auto& opened = repositories_[repository];
  if (!opened) opened = open_(repository);
  return *opened;
}

void Conversation::note(const Question& question, const Error& error, Answers& answers) {
  if (error.kind == ErrorKind::NotFound && !question.tag.empty()) {
    answers.releases[question.tag] = std::nullopt;
    return;
  }
  answers.problem = error.message.contains(question.repository)
                        ? error.message
                        : fmt::format("{}: {}", question.repository, error.message);
  if (error.retry_after) retry_after_ = std::max(retry_after_.value_or(milliseconds(0)), *error.retry_after);
  if (is_about_the_host(error.kind)) silent_hosts_[host_of(question.repository)] = error.message;
}

}  // namespace patchwave::discovery
