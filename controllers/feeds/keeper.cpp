#include "controllers/feeds/keeper.hpp"

#include <fmt/format.h>

#include <algorithm>
#include <condition_variable>

#include "controllers/intel/gzip.hpp"
#include "controllers/plan/hash.hpp"

namespace patchwave::feeds {
namespace {

constexpr milliseconds kFirstPause{30'000};
constexpr int kMostDoublings = 16;
constexpr std::size_t kLargestDigestFile = 4096;
constexpr std::size_t kDigestDigits = 64;

std::vector<intel::FeedIdentity> identities_of(const std::vector<FeedSettings>& feeds) {
  std::vector<intel::FeedIdentity> identities;
  for (const auto& feed : feeds) identities.push_back({feed.shown_name(), feed.kind, feed.stale_after});
  return identities;
}

double seconds_of(milliseconds duration) {
  return std::chrono::duration<double>(duration).count();
}

}  // namespace

milliseconds pause_after(int failures, milliseconds interval) {
  if (failures == 0) return interval;
  return std::min(interval, kFirstPause * (1 << std::min(failures - 1, kMostDoublings)));
}

FeedKeeper::FeedKeeper(std::vector<FeedSettings> feeds, Fetch fetch, const risk::ThreatModel& model,
                       const Clock& clock, Log& log, runtime::Metrics& metrics)
    : fetch_(std::move(fetch)),
      model_(model),
      clock_(clock),
      log_(log),
      kept_(identities_of(feeds)),
      families_(metrics),
      before_scrape_(metrics.before_scrape([this] { count(); })) {
  for (auto& feed : feeds) {
    families_.readings.declare({feed.shown_name()});
    slots_.push_back({std::move(feed), clock_.monotonic(), 0, {}, "", std::nullopt});
  }
}

void FeedKeeper::run(const std::stop_token& stop) {
  std::mutex mutex;
  std::condition_variable_any nothing;
  while (!stop.stop_requested()) {
    const MonotonicTime next = read_due(stop);
    std::unique_lock lock(mutex);
    nothing.wait_for(lock, stop, std::max(microseconds(0), next - clock_.monotonic()), [] { return false; });
  }
}

MonotonicTime FeedKeeper::read_due(const std::stop_token& stop) {
  MonotonicTime next = MonotonicTime::max();
  for (std::size_t i = 0; i < slots_.size(); ++i) {
    Slot& slot = slots_[i];
    if (slot.due <= clock_.monotonic() && !stop.stop_requested()) {
      const bool changed = read(i, stop);
      slot.due = clock_.monotonic() + pause_after(slot.failures, slot.settings.interval);
      if (changed && changed_) changed_();
    }
    next = std::min(next, slot.due);
  }
  return next;
}

bool FeedKeeper::read(std::size_t index, const std::stop_token& stop) {
  Slot& slot = slots_[index];
  const Date today = std::chrono::floor<std::chrono::days>(clock_.now());
  auto reading = read_new(slot, today, stop);
  if (stop.stop_requested()) return false;
  bool changed = false;
  intel::FeedState state;
  std::string before;
  {
    const std::scoped_lock lock(mutex_);
    before = kept_.snapshot().states[index].problem;
    if (reading && !*reading) {
      changed = kept_.confirm(index, clock_.now());
    } else if (reading) {
      changed = kept_.take(index, std::move(**reading), clock_.now());
    } else {
      changed = kept_.take(index, fail(reading.error()), clock_.now());
    }
    state = kept_.snapshot().states[index];
  }
  const bool failed = !state.problem.empty();
  slot.failures = failed ? slot.failures + 1 : 0;
  if (failed && reading) {
    // Read, and refused beside the last good one: what the server said of it is not of that one.
    slot.validators = {};
    slot.digest.clear();
  }
  if (!failed) slot.read_on = today;
  families_.readings.increment({slot.settings.shown_name(), failed      ? "failed"
                                                            : !*reading ? "unchanged"
                                                                        : "read"});
  report(state, before);
  return changed;
}

Result<std::optional<intel::FeedReading>> FeedKeeper::read_new(Slot& slot, Date today,
                                                               const std::stop_token& stop) {
  const FeedSettings& settings = slot.settings;
  // Rows may be dated ahead: on another day the same file has others that count.
  const bool same_day = slot.read_on == today;
  const Limits limits{settings.timeout, settings.max_size};
  auto fetched = fetch_(settings.from, same_day ? slot.validators : Validators{}, limits, stop);
  if (!fetched) return fail(std::move(fetched.error()));
  if (!*fetched) return std::optional<intel::FeedReading>();
  const std::string digest = plan::sha256_hex((*fetched)->bytes);
  if (auto right = check_digest(settings, digest, stop); !right) return fail(std::move(right.error()));
  if (same_day && digest == slot.digest) return std::optional<intel::FeedReading>();
  auto text = intel::decompress(std::move((*fetched)->bytes), settings.max_size);
  if (!text) return fail(std::move(text.error()));
  auto reading = intel::read_feed(settings.kind, *text, model_, today);
  if (!reading) return fail(std::move(reading.error()));
  slot.validators = std::move((*fetched)->validators);
  slot.digest = digest;
  return std::optional(std::move(*reading));
}

Result<void> FeedKeeper::check_digest(const FeedSettings& settings, const std::string& digest,
                                      const std::stop_token& stop) const {
  std::string wanted = settings.sha256;
  if (wanted.empty() && settings.sha256_from.empty()) return {};
  if (wanted.empty()) {
    Location from;
    from.ca_file = settings.from.ca_file;
    const bool is_url =
        settings.sha256_from.starts_with("http://") || settings.sha256_from.starts_with("https://");
    (is_url ? from.url : from.file) = settings.sha256_from;
    auto fetched = fetch_(from, {}, {settings.timeout, kLargestDigestFile}, stop);
    if (!fetched) return fail(fetched.error().within("its SHA-256"));
    wanted = *fetched ? (*fetched)->bytes.substr(0, kDigestDigits) : "";
  }
  if (wanted == digest) return {};
  return fail(ErrorKind::Invalid, fmt::format("its SHA-256 is {}, and must be {}", digest, wanted));
}

void FeedKeeper::report(const intel::FeedState& state, const std::string& problem_before) {
  if (!state.problem.empty() && state.problem != problem_before) {
    log_.warning("a feed could not be read", {{"feed", state.identity.name},
                                              {"error", state.problem},
                                              {"lastGood", state.good ? state.good->edition() : "none"}});
  }
  if (state.problem.empty() && !problem_before.empty())
    log_.info("a feed can be read again", {{"feed", state.identity.name}});
}

intel::FeedsSnapshot FeedKeeper::snapshot() const {
  const std::scoped_lock lock(mutex_);
  return kept_.snapshot();
}

void FeedKeeper::count() {
  using Samples = std::vector<std::pair<runtime::LabelValues, double>>;
  Samples ages;
  Samples records;
  Samples up;
  Samples fresh;
  Samples data;
  const Time now = clock_.now();
  for (const auto& state : snapshot().states) {
    const std::string& feed = state.identity.name;
    up.push_back({{feed}, state.tried && state.problem.empty() ? 1.0 : 0.0});
    fresh.push_back({{feed}, freshness_of(state, now) == intel::Freshness::Fresh ? 1.0 : 0.0});
    const auto age = intel::age_of(state, now);
    // What was never read has no age and no rows, which is not the same as none.
    if (!age) continue;
    ages.push_back({{feed}, seconds_of(*age)});
    records.push_back({{feed}, static_cast<double>(state.good->records)});
    data.push_back({{feed, state.good->version, state.good->date ? format_date(*state.good->date) : ""}, 1});
  }
  families_.age.replace_all(ages);
  families_.records.replace_all(records);
  families_.up.replace_all(up);
  families_.fresh.replace_all(fresh);
  families_.info.replace_all(data);
}

}  // namespace patchwave::feeds
