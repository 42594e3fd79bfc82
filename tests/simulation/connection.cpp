#include "tests/simulation/connection.hpp"

#include <fmt/format.h>

#include <array>

#include "tests/simulation/api_errors.hpp"

namespace patchwave::simulation {
namespace {

constexpr std::array kFaultNames{
    "",    "lost before", "lost after",   "late effect", "touched first", "429", "500",
    "503", "410",         "crash before", "crash after", "lease lost",    "403", "paused"};

/// What changes what runs in the cluster, as opposed to the operator's own records.
bool writes_workload(const http::Request& request) {
  return request.method != "GET" &&
         (request.target.starts_with("/apis/apps/") || request.target.ends_with("/eviction"));
}

http::Response denied(bool by_admission) {
  return failure(403, "Forbidden",
                 by_admission
                     ? "ValidatingAdmissionPolicy 'guard' with binding 'guard' denied request: not today"
                     : "User \"patchwave\" cannot do this in the namespace \"shop\"");
}

}  // namespace

void Trace::keep(Entry entry) {
  for (const char c : entry.what) hash_ = (hash_ ^ static_cast<unsigned char>(c)) * 1099511628211ULL;
  hash_ = (hash_ ^ static_cast<std::uint64_t>(entry.when.time_since_epoch().count())) * 1099511628211ULL;
  entries_.push_back(std::move(entry));
  if (entries_.size() > kKept) entries_.pop_front();
}

void Trace::add(MonotonicTime when, const http::Request& request, int status, Fault fault, int incarnation) {
  keep({when, request.method + " " + request.target, status, fault, incarnation});
}

void Trace::note(MonotonicTime when, std::string text) {
  keep({when, std::move(text)});
}

std::string Trace::text() const {
  std::string text;
  for (const auto& entry : entries_) {
    const double at = static_cast<double>(entry.when.time_since_epoch().count()) / 1e6;
    text += entry.status == 0 && entry.incarnation == 0
                ? fmt::format("{:10.3f}      {}\n", at, entry.what)
                : fmt::format("{:10.3f} #{:<3} {} -> {} {}\n", at, entry.incarnation, entry.what,
                              entry.status, kFaultNames.at(static_cast<std::size_t>(entry.fault)));
  }
  return text;
}

Result<http::Response> Connection::send(const http::Request& request, const http::SendLimits& limits,
                                        std::stop_token stop) {
  if (cut_) return fail(ErrorKind::Cancelled, "the process has ended");
  if (calls_left_ && (*calls_left_)-- == 0) hooks_.on_lease_loss();
  if (stop.stop_requested()) return fail(ErrorKind::Cancelled, "stopped");
  ++calls_;
  cluster_.agenda.run_for(random_.between(milliseconds(1), milliseconds(12)));
  writer_.sent = cluster_.clock.now();
  const bool write = request.method != "GET";
  if (write) hooks_.on_write(request);
  const Fault fault = calls_left_ ? Fault::None
                                  : faults_.draw(write, writes_workload(request),
                                                 request.target.find("continue=") != std::string::npos,
                                                 cluster_.agenda.now());
  auto response = with_fault(fault, request, limits);
  trace_.add(cluster_.agenda.now(), request, response ? response->status : 0, fault, writer_.incarnation);
  return response;
}

Result<http::Response> Connection::with_fault(Fault fault, const http::Request& request,
                                              const http::SendLimits& limits) {
  switch (fault) {
    case Fault::LostBefore:
      return fail(ErrorKind::Transport, "the connection was reset");
    case Fault::LostAfter:
      cluster_.api.handle(request, writer_);
      return timed_out(limits);
    case Fault::LateEffect: {
      Writer late = writer_;
      late.late = true;
      const auto delay = random_.between(milliseconds(20'000), milliseconds(90'000));
      cluster_.agenda.after(delay, [&api = cluster_.api, request, late] { api.handle(request, late); });
      return timed_out(limits);
    }
    case Fault::TouchedFirst:
      touch(request);
      break;
    case Fault::Throttled:
      return throttled(random_.between(1, 5));
    case Fault::ServerError:
      return unavailable(500);
    case Fault::Unavailable:
      return unavailable(503);
    case Fault::Expired:
      return expired("The provided continue parameter is too old to display a consistent list result.");
    case Fault::CrashBefore:
      crash();
      return fail(ErrorKind::Cancelled, "the process has ended");
    case Fault::CrashAfter:
      cluster_.api.handle(request, writer_);
      crash();
      return fail(ErrorKind::Cancelled, "the process has ended");
    case Fault::LeaseLoss: {
      auto response = cluster_.api.handle(request, writer_);
      hooks_.on_lease_loss();
      return response;
    }
    case Fault::Denied:
      hooks_.on_refusal(request);
      return denied(random_.chance(0.5));
    case Fault::Paused:
      hooks_.on_pause();
      break;
    case Fault::None:
      break;
  }
  return cluster_.api.handle(request, writer_);
}

Result<http::Response> Connection::timed_out(const http::SendLimits& limits) {
  cluster_.agenda.run_for(limits.total);
  return fail(ErrorKind::Timeout, "no answer in time");
}

void Connection::touch(const http::Request& request) {
  const auto target = parse_target(request.target);
  if (!target || target->name.empty()) return;
  cluster_.state.modify(*target->resource, {target->ns, target->name}, {Actor::Person, "somebody"}, "",
                        [&](Json& object) {
                          object["metadata"]["annotations"]["example.com/touched"] =
                              std::to_string(cluster_.state.resource_version());
                        });
}

void Connection::crash() {
  cut_ = true;
  hooks_.on_crash();
}

Result<http::Response> Connection::stream(const http::Request&, const http::StreamLimits&,
                                          const http::OnData&, std::stop_token) {
  return fail(ErrorKind::Unavailable, "the simulation feeds watches itself");
}

}  // namespace patchwave::simulation
