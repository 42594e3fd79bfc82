#include "controllers/patch/deadline_news.hpp"

#include <fmt/format.h>

#include "operator/base/time.hpp"

namespace patchwave::patch {
namespace {

std::string described(const api::PatchStatus& status) {
  if (!status.risk) return "not assessed";
  return status.deadline
             ? fmt::format("{}, due {}", status.risk->deadline_class, format_time(*status.deadline))
             : status.risk->deadline_class;
}

}  // namespace

std::optional<DeadlineNews> deadline_news(const api::PatchStatus& before, const api::PatchStatus& after) {
  if (!after.risk) return std::nullopt;
  const bool same_class = before.risk && before.risk->deadline_class == after.risk->deadline_class;
  if (same_class && before.deadline == after.deadline) return std::nullopt;
  if (!before.risk && !after.deadline) return std::nullopt;
  const bool is_sooner =
      before.risk && after.deadline && (!before.deadline || *after.deadline < *before.deadline);
  return DeadlineNews{is_sooner,
                      fmt::format("{} → {}: {}", described(before), described(after), after.risk->reason)};
}

}  // namespace patchwave::patch
