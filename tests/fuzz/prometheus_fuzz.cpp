// Prometheus' answers: whatever comes, the samples are bounded and in time order.
#include <cstddef>
#include <cstdint>
#include <cstdlib>
#include <string_view>

#include "operator/prometheus/client.hpp"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  constexpr std::size_t kMaxSamples = 64;
  const auto answer =
      patchwave::prometheus::parse_answer({reinterpret_cast<const char*>(data), size}, kMaxSamples);
  if (!answer) return 0;
  std::size_t samples = 0;
  for (const auto& series : answer->series) {
    samples += series.samples.size();
    for (std::size_t i = 1; i < series.samples.size(); ++i) {
      if (series.samples[i].time < series.samples[i - 1].time) std::abort();
    }
  }
  if (samples > kMaxSamples) std::abort();
  return 0;
}
