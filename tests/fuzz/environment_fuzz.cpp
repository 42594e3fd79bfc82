// The environment of a plan: what is accepted can be planned for, within its windows.
#include "controllers/schedule/schedule.hpp"
#include "tests/fuzz/property.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  using namespace patchwave;
  using fuzz::expect;
  constexpr std::size_t kMostGroups = 20;
  const auto environment = schedule::parse_environment(fuzz::text_of(data, size));
  if (!environment) {
    expect(!environment.error().message.empty(), "what is refused has a reason");
    return 0;
  }
  std::vector<schedule::Patch> patches;
  for (std::size_t i = 0; i < environment->groups.size() && i < kMostGroups; ++i) {
    const auto& group = environment->groups[i];
    expect(group.at_once >= 1 && group.count >= 1, "a group has systems, and one of them may be out");
    schedule::Patch patch;
    patch.name = std::to_string(i);
    patch.group = i;
    patch.affected = group.count;
    patch.due = schedule::due_time(group.zone, environment->as_of, risk::DeadlineClass::ThreeDays);
    patches.push_back(patch);
  }
  const auto plan = schedule::make_schedule(*environment, patches);
  for (const auto& entry : plan.entries) {
    if (!entry.placement) continue;
    expect(entry.placement->slot.end90 <= entry.placement->opening.interval.end,
           "a session ends in its window");
    expect(entry.placement->slot.start >= entry.placement->opening.interval.begin, "and begins in it");
  }
  return 0;
}
