#include "operator/kube/reflector.hpp"

#include <fmt/format.h>

#include <exception>

#include "operator/kube/encoding.hpp"

namespace patchwave::kube {
namespace {

// client-go's "very short watch".
constexpr seconds kShortWatch{1};

}  // namespace

/// One open watch, as seen from the transport's thread.
struct Reflector::Stream {
  WatchDecoder decoder;
  LineSplitter splitter;
  std::uint64_t events = 0;
  bool ended_by_us = false;  ///< A step hung up; how the transport ends it means nothing.
};

Reflector::Reflector(ReflectorOptions options, const Client& client, WatchSink& sink, const Clock& clock,
                     Log& log, Random random, Wait wait)
    : options_(std::move(options)),
      client_(client),
      sink_(sink),
      clock_(clock),
      log_(log),
      random_(std::move(random)),
      wait_(std::move(wait)),
      backoff_(options_.backoff) {
  state_.may_stream_list = options_.streaming_list;
}

void Reflector::run(std::stop_token stop) {
  while (!stop.stop_requested()) {
    const milliseconds pause = run_once(stop);
    if (pause > milliseconds(0)) wait_(pause, stop);
  }
}

milliseconds Reflector::run_once(std::stop_token stop) {
  hang_up_ = back_off_ = false;
  asked_wait_ = milliseconds(0);
  const MonotonicTime began = clock_.monotonic();
  const Ask ask = next_ask(state_);
  if (const auto* page = std::get_if<AskPage>(&ask)) {
    fetch_page(page->continue_token, stop);
  } else if (const auto* watch = std::get_if<AskWatch>(&ask)) {
    follow("&resourceVersion=" + percent_encode(watch->resource_version), stop);
  } else {
    follow("&sendInitialEvents=true&resourceVersionMatch=NotOlderThan&resourceVersion=", stop);
  }
  backoff_.worked_for(clock_.monotonic() - began);
  if (!back_off_ || stop.stop_requested()) return milliseconds(0);
  return std::max(asked_wait_, backoff_.next(random_()));
}

std::string Reflector::target(std::string parameters) const {
  const std::string selectors =
      query_of({{"labelSelector", options_.label_selector}, {"fieldSelector", options_.field_selector}});
  if (!selectors.empty()) parameters += "&" + selectors.substr(1);
  return path_of(options_.resource, options_.ns, "") + "?" + parameters;
}

void Reflector::fetch_page(const std::string& token, std::stop_token stop) {
  std::string parameters = fmt::format("limit={}", options_.page_size);
  if (!token.empty()) parameters += "&continue=" + percent_encode(token);
  const auto text = client_.text(target(std::move(parameters)), "list " + options_.resource.plural, stop);
  if (stop.stop_requested()) return;
  if (!text) return arrive(Failed{text.error()}, "", "");
  // Items go to the sink as they are read, so the listing has to begin before the page's token is known.
  if (std::holds_alternative<NothingListed>(state_.at)) sink_.begin();
  const auto page =
      decode_page(*text, [this](std::string_view item) { tell_object(Telling::Object::Upsert, item, ""); });
  if (!page) return arrive(Failed{page.error()}, "", "");
  const ListWatchStep next = step(state_, PageArrived{page->resource_version, page->continue_token});
  state_ = next.state;
  if (next.tell.done) {
    ++counts_.listings;
    sink_.done(page->resource_version);
  }
}

void Reflector::follow(const std::string& parameters, std::stop_token stop) {
  Stream stream;
  const auto spread = static_cast<seconds::rep>(static_cast<double>(options_.watch_time.count()) * random_());
  const std::string question = target(fmt::format("watch=true&allowWatchBookmarks=true&timeoutSeconds={}{}",
                                                  options_.watch_time.count() + spread, parameters));
  const auto on_line = [this, &stream](std::string_view line) { return take_line(stream, line); };
  // On the transport's thread, where nothing may be thrown.
  const auto on_data = [&stream, &on_line, this](std::string_view bytes) noexcept {
    try {
      return stream.splitter.feed(bytes, on_line);
    } catch (const std::exception& error) {
      stream.ended_by_us = true;
      arrive(Failed{{ErrorKind::Internal, fmt::format("reading the watch: {}", error.what()), 0, {}, {}}}, "",
             "");
      return false;
    }
  };
  const MonotonicTime began = clock_.monotonic();
  ++counts_.watches;
  const auto ended =
      client_.stream(question, {milliseconds(15'000), options_.idle, 64 * 1024}, on_data, stop);
  if (ended && !stream.ended_by_us) stream.splitter.finish(on_line);
  counts_.undecodable += stream.splitter.dropped();
  if (stream.ended_by_us || stop.stop_requested()) return;
  if (!ended) return arrive(Failed{ended.error()}, "", "");
  arrive(StreamEnded{stream.events == 0 && clock_.monotonic() - began < kShortWatch}, "", "");
}

bool Reflector::take_line(Stream& stream, std::string_view line) {
  const auto event = stream.decoder.decode(line);
  if (!event) {
    ++counts_.undecodable;
    log_.warning("skipped a line of a watch",
                 {{"resource", options_.resource.plural}, {"error", event.error().message}});
    return true;
  }
  ++stream.events;
  if (event->type == WatchEvent::Type::Error) {
    arrive(Failed{event->error}, "", "");
  } else {
    arrive(EventArrived{event->type, event->resource_version, event->initial_events_end}, event->object,
           event->name);
  }
  stream.ended_by_us = hang_up_;
  return !hang_up_;
}

void Reflector::arrive(const Arrival& arrival, std::string_view object, std::string_view name) {
  if (const auto* failed = std::get_if<Failed>(&arrival)) report(failed->error);
  ListWatchStep next = step(std::move(state_), arrival);
  state_ = std::move(next.state);
  hang_up_ = next.hang_up;
  back_off_ = next.back_off;
  if (next.tell.begin) sink_.begin();
  tell_object(next.tell.object, object, name);
  if (next.tell.done) {
    ++counts_.listings;
    told_kind_ = ErrorKind::Internal;
    sink_.done(resource_version_of(state_));
  }
  if (next.tell.advance) sink_.advance(resource_version_of(state_));
}

void Reflector::tell_object(Telling::Object what, std::string_view object, std::string_view name) {
  if (what == Telling::Object::None) return;
  const auto told = what == Telling::Object::Upsert ? sink_.upsert(object) : sink_.erase(object);
  if (told) return;
  ++counts_.undecodable;
  log_.warning("skipped an object that can't be read",
               {{"resource", options_.resource.plural}, {"object", name}, {"error", told.error().message}});
}

void Reflector::report(const Error& error) {
  ++counts_.failures;
  asked_wait_ = error.retry_after.value_or(milliseconds(0));
  const Json fields{
      {"resource", options_.resource.plural}, {"kind", to_string(error.kind)}, {"error", error.message}};
  // Streams are cut and versions expire in the best of clusters; and a lasting trouble is told once.
  const bool is_ordinary = error.kind == ErrorKind::Gone || error.kind == ErrorKind::Transport ||
                           error.kind == ErrorKind::Timeout || error.kind == ErrorKind::Cancelled;
  const bool is_repeat = error.kind == told_kind_;
  told_kind_ = error.kind;
  if (is_ordinary || is_repeat) {
    log_.debug("watch will be repeated", fields);
  } else {
    log_.warning("watch failed and will be repeated", fields);
  }
}

}  // namespace patchwave::kube
