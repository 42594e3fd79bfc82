#include "operator/runtime/process_metrics.hpp"

#include <dirent.h>
#include <sys/resource.h>
#include <unistd.h>

#include <fstream>
#include <memory>
#include <sstream>
#include <string>

namespace patchwave::runtime {
namespace {

/// Fields of /proc/self/stat that follow the command's name (proc(5)); index 0 is field 3, the state.
std::vector<std::string> stat_fields() {
  std::ifstream file("/proc/self/stat");
  std::string line;
  std::getline(file, line);
  const auto end_of_name = line.rfind(')');
  if (end_of_name == std::string::npos) return {};
  std::istringstream rest(line.substr(end_of_name + 1));
  std::vector<std::string> fields;
  for (std::string field; rest >> field;) fields.push_back(field);
  return fields;
}

double boot_time() {
  std::ifstream file("/proc/stat");
  for (std::string key; file >> key;) {
    double value = 0;
    if (key == "btime" && file >> value) return value;
    file.ignore(1 << 20, '\n');
  }
  return 0;
}

double count_open_files() {
  const std::unique_ptr<DIR, int (*)(DIR*)> directory(opendir("/proc/self/fd"), &closedir);
  if (!directory) return 0;
  int entries = 0;
  while (readdir(directory.get()) != nullptr) ++entries;
  constexpr int kDotEntriesAndOurs = 3;
  return entries - kDotEntriesAndOurs;
}

struct ProcessMetrics {
  CounterFamily& cpu_seconds;
  GaugeFamily& resident_bytes;
  GaugeFamily& virtual_bytes;
  GaugeFamily& threads;
  GaugeFamily& open_files;
  GaugeFamily& max_files;
  GaugeFamily& start_time;
  double cpu_reported = 0;

  explicit ProcessMetrics(Metrics& metrics)
      : cpu_seconds(metrics.counter("process_cpu_seconds_total", "User and system CPU time in seconds.")),
        resident_bytes(metrics.gauge("process_resident_memory_bytes", "Resident memory in bytes.")),
        virtual_bytes(metrics.gauge("process_virtual_memory_bytes", "Virtual memory in bytes.")),
        threads(metrics.gauge("process_threads", "Threads of the process.")),
        open_files(metrics.gauge("process_open_fds", "Open file descriptors.")),
        max_files(metrics.gauge("process_max_fds", "Most file descriptors that may be open.")),
        start_time(
            metrics.gauge("process_start_time_seconds", "When the process started, Unix time in seconds.")) {}

  void read() {
    const auto fields = stat_fields();
    constexpr std::size_t kUserTime = 11, kSystemTime = 12, kThreads = 17, kStartTime = 19, kVirtual = 20,
                          kResident = 21;
    if (fields.size() <= kResident) return;
    const auto ticks = static_cast<double>(sysconf(_SC_CLK_TCK));
    const auto page = static_cast<double>(sysconf(_SC_PAGESIZE));
    const double cpu = (std::stod(fields[kUserTime]) + std::stod(fields[kSystemTime])) / ticks;
    cpu_seconds.increment({}, cpu - cpu_reported);
    cpu_reported = cpu;
    resident_bytes.set({}, std::stod(fields[kResident]) * page);
    virtual_bytes.set({}, std::stod(fields[kVirtual]));
    threads.set({}, std::stod(fields[kThreads]));
    start_time.set({}, boot_time() + std::stod(fields[kStartTime]) / ticks);
    open_files.set({}, count_open_files());
    rlimit limit{};
    if (getrlimit(RLIMIT_NOFILE, &limit) == 0) max_files.set({}, static_cast<double>(limit.rlim_cur));
  }
};

}  // namespace

std::shared_ptr<void> add_process_metrics(Metrics& metrics) {
  auto values = std::make_shared<ProcessMetrics>(metrics);
  return metrics.before_scrape([values] { values->read(); });
}

}  // namespace patchwave::runtime
