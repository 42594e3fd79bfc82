#include <gtest/gtest.h>
#include <rapidcheck.h>
#include <rapidcheck/gtest.h>

#include <algorithm>
#include <map>
#include <set>

#include "operator/runtime/work_queue.hpp"

namespace patchwave::runtime {
namespace {

/// What a queue has to remember, said as simply as possible: when each key wants to run next.
struct Model {
  std::map<std::string, MonotonicTime> wanted;
  std::set<std::string> processing;

  void want(const std::string& key, MonotonicTime at) {
    const auto [found, fresh] = wanted.try_emplace(key, at);
    if (!fresh) found->second = std::min(found->second, at);
  }
  [[nodiscard]] bool may_take(const std::string& key, MonotonicTime now) const {
    const auto found = wanted.find(key);
    return found != wanted.end() && found->second <= now && !processing.contains(key);
  }
  [[nodiscard]] bool anything_to_take(MonotonicTime now) const {
    return std::ranges::any_of(wanted, [&](const auto& entry) { return may_take(entry.first, now); });
  }
};

enum class Act { Add, AddResync, AddAfter, AddFailed, Forget, Take, Done, Wait };

RC_GTEST_PROP(KeyQueueProperty, GivesOutExactlyTheKeysThatAreDueAndWithNobody, ()) {
  KeyQueue queue(Backoff{milliseconds(5), milliseconds(100)});
  Model model;
  MonotonicTime now(seconds(1));
  const auto acts = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 8));
  for (const int number : acts) {
    const std::string key(1, static_cast<char>('a' + *rc::gen::inRange(0, 4)));
    const milliseconds delay(*rc::gen::inRange(-1, 50));
    switch (static_cast<Act>(number)) {
      case Act::Add:
        queue.add(key, now);
        model.want(key, now);
        break;
      case Act::AddResync:
        queue.add(key, now, Priority::Resync);
        model.want(key, now);
        break;
      case Act::AddAfter:
        queue.add_after(key, delay, now);
        model.want(key, now + std::max(delay, milliseconds(0)));
        break;
      case Act::AddFailed:
        model.want(key, now + queue.add_failed(key, now));
        break;
      case Act::Forget:
        queue.forget(key);
        break;
      case Act::Take: {
        const bool something = model.anything_to_take(now);
        const auto item = queue.take(now);
        RC_ASSERT(item.has_value() == something);
        if (!item) break;
        RC_ASSERT(model.may_take(item->key, now));
        model.wanted.erase(item->key);
        model.processing.insert(item->key);
        break;
      }
      case Act::Done:
        queue.done(key, now);
        model.processing.erase(key);
        break;
      case Act::Wait:
        now += std::max(delay, milliseconds(0));
        break;
    }
    RC_ASSERT(queue.statistics(now).in_progress == model.processing.size());
  }
}

RC_GTEST_PROP(KeyQueueProperty, EmptiesItselfOnceNothingIsAddedAnyMore, ()) {
  KeyQueue queue;
  MonotonicTime now(seconds(1));
  const auto delays = *rc::gen::container<std::vector<int>>(rc::gen::inRange(0, 1000));
  std::set<std::string> keys;
  for (std::size_t i = 0; i < delays.size(); ++i) {
    const std::string key = std::to_string(i % 7);
    keys.insert(key);
    queue.add_after(key, milliseconds(delays[i]), now);
  }
  std::set<std::string> taken;
  while (const auto due = queue.next_due()) {
    now = std::max(now, *due);
    const auto item = queue.take(now);
    RC_ASSERT(item.has_value());
    taken.insert(item->key);
    queue.done(item->key, now);
  }
  RC_ASSERT(taken == keys);
}

}  // namespace
}  // namespace patchwave::runtime
