// Questions to Prometheus' HTTP API (v1), with the ways they fail told apart: an outage of telemetry must
// never look like evidence. Knows nothing of what the numbers mean.
#pragma once

#include <functional>
#include <map>
#include <memory>
#include <stop_token>
#include <string>
#include <string_view>
#include <vector>

#include "operator/base/clock.hpp"
#include "operator/base/result.hpp"
#include "operator/http/transport.hpp"

namespace patchwave::prometheus {

struct Sample {
  Time time;
  double value;  ///< NaN and infinities as they come.
};

struct Series {
  std::map<std::string, std::string> labels;  ///< With __name__ when the answer has it.
  std::vector<Sample> samples;                ///< In time order.
};

enum class ValueKind : std::uint8_t { Vector, Matrix, Scalar };

struct QueryAnswer {
  ValueKind kind = ValueKind::Vector;
  /// A vector has one sample a series; a matrix as many as there are; a scalar is one series without labels.
  std::vector<Series> series;
  std::vector<std::string> warnings;  ///< Such as a part of a federated store that did not answer.
};

/// Of the server's own words, this many bytes get into a message.
inline constexpr std::size_t kMaxQuoted = 512;

/// What a failure says about the telemetry.
enum class QueryFailure : std::uint8_t {
  Unreachable,  ///< No answer, or one that says "not now": time-outs, broken connections, 5xx, 429.
  Rejected,     ///< The server understood and refused: the expression is wrong, or our credential is.
  TooLarge,     ///< The answer has more bytes or samples than allowed; ask for less.
  Protocol,     ///< What came back is not Prometheus' API.
  Cancelled,    ///< Our own stop token.
};

std::string_view to_string(QueryFailure failure);

/// Which of the five an error of Client is.
QueryFailure failure_of(const Error& error);

struct ClientOptions {
  std::shared_ptr<http::Transport> transport;
  std::string path_prefix;  ///< "/prometheus" when the API is not at the root; no slash at its end.
  /// The Authorization header's value for the next request, "" for none. May be empty.
  std::function<Result<std::string>()> authorization;
  http::SendLimits limits{milliseconds(30'000), 8 * 1024 * 1024};
  std::size_t max_samples = 500'000;
  std::string user_agent = "patchwave/" PATCHWAVE_VERSION;
};

/// Thread-safe. Errors have the kinds that failure_of reads, the server's own words in `message`, and its
/// errorType ("bad_data", "execution", "timeout", ...) in `reason`.
class Client {
 public:
  explicit Client(ClientOptions options);

  /// The expression's value at `time`. A range selector ("metric[5m]") gives the raw samples.
  [[nodiscard]] Result<QueryAnswer> query(std::string_view promql, Time time, std::stop_token stop) const;
  /// The expression's value at start, start + step, ... up to end. Invalid when end < start or step <= 0.
  [[nodiscard]] Result<QueryAnswer> query_range(std::string_view promql, Time start, Time end,
                                                milliseconds step, std::stop_token stop) const;

 private:
  using Form = std::vector<std::pair<std::string, std::string>>;
  [[nodiscard]] Result<QueryAnswer> post(std::string_view path, const Form& form, std::stop_token stop) const;

  ClientOptions options_;
};

/// Reads the body of a 2xx answer. Protocol, TooLarge, or the error that the body itself tells.
Result<QueryAnswer> parse_answer(std::string_view body, std::size_t max_samples);

}  // namespace patchwave::prometheus
