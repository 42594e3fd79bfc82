// Everything the operator exports, put together as operator/process does it, before Prometheus' own judge.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <cstdio>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>

#include "operator/runtime/controller_metrics.hpp"
#include "operator/runtime/discovery_metrics.hpp"
#include "operator/runtime/patch_metrics.hpp"
#include "operator/runtime/process_metrics.hpp"
#include "operator/runtime/risk_metrics.hpp"

namespace patchwave::runtime {
namespace {

using testing::HasSubstr;

const PatchVocabulary kWords{{"Waiting", "Running", "Succeeded", "RolledBack"},
                             {"Succeeded", "RolledBack"},
                             {"WindowClosed", "ApprovalRequired"},
                             {"Pending", "Promoted"},
                             {"threshold", "alerts"},
                             {"Undecided", "Pass", "Harm"},
                             {"Gate", "Pods"}};

class ExportedMetrics : public testing::Test {
 protected:
  ExportedMetrics() : patches_(metrics_, kWords), requests_(metrics_, "10.0.0.1:443"), queue_(clock_) {
    add_build_info(metrics_, "0.1.0", "abc");
    leader_status(metrics_).set({"patchwave"}, 1);
    controller_.follow(queue_);
    requests_.answered("GET", 200);
    requests_.answered("GET", 0);
    for (auto* family :
         {&patches_.waves, &patches_.wave_holds, &patches_.wave_targets, &patches_.patches_open,
          &patches_.patches_quarantined, &patches_.approvals_pending, &patches_.window_next_open}) {
      family->declare({"shop", "web"});
    }
    for (auto* family : {&patches_.wave_hold_seconds, &patches_.wave_outcomes, &patches_.gate_evaluations,
                         &patches_.rollbacks}) {
      family->declare({"shop", "web"});
    }
    patches_.wave_duration.declare({"shop"});
    for (auto* family : {&feeds_.age, &feeds_.records, &feeds_.up, &feeds_.fresh}) family->set({"kev"}, 1);
    feeds_.info.set({"kev", "2026.11.25", "2026-11-25"}, 1);
    feeds_.readings.declare({"kev"});
    deadlines_.findings.set({"3 days"}, 1);
    deadlines_.patches.set({"shop", "3 days"}, 1);
    deadlines_.overdue.set({"shop"}, 0);
    deadlines_.nearest.set({"shop"}, 3600);
    discovery_.last_success.set({"shop", "web"}, 1'795'000'000);
    discovery_.updates.declare({"shop", "web"});
    registries_.answered(200);
  }

  const SystemClock clock_;
  Metrics metrics_;
  PatchMetrics patches_;
  FeedMetrics feeds_{metrics_};
  DeadlineMetrics deadlines_{metrics_, {"3 days", "none"}};
  DiscoveryMetrics discovery_{metrics_};
  RegistryMetrics registries_{metrics_};
  RequestMetrics requests_;
  WorkQueue queue_;
  ControllerMetrics controller_{metrics_, "wave", 4};
  std::shared_ptr<void> process_ = add_process_metrics(metrics_);
};

std::set<std::string> exported_names(const std::string& text) {
  std::set<std::string> names;
  std::istringstream lines(text);
  for (std::string line; std::getline(lines, line);) {
    std::istringstream words(line);
    std::string hash, keyword, name;
    if (words >> hash >> keyword >> name && hash == "#" && keyword == "TYPE") names.insert(name);
  }
  return names;
}

TEST_F(ExportedMetrics, PassThePromtoolCheck) {
  if (std::system("command -v promtool >/dev/null") != 0) GTEST_SKIP() << "promtool is not installed";
  const auto path = std::filesystem::path(testing::TempDir()) / "patchwave-exported-metrics.txt";
  std::ofstream(path) << metrics_.text();
  const std::string command = "promtool check metrics < '" + path.string() + "'";
  EXPECT_EQ(std::system(command.c_str()), 0);
  std::filesystem::remove(path);
}

TEST_F(ExportedMetrics, ZeroesEveryPhaseAndReason) {
  const std::string text = metrics_.text();
  EXPECT_THAT(text, HasSubstr("patchwave_waves{namespace=\"shop\",phase=\"RolledBack\",policy=\"web\"} 0"));
  EXPECT_THAT(text,
              HasSubstr("patchwave_wave_holds{namespace=\"shop\",policy=\"web\",reason=\"WindowClosed\"} 0"));
  EXPECT_THAT(text,
              HasSubstr("patchwave_rollbacks_total{cause=\"Gate\",namespace=\"shop\",policy=\"web\"} 0"));
}

TEST_F(ExportedMetrics, ReadsTheProcessFromTheKernel) {
  const std::string text = metrics_.text();
  EXPECT_THAT(text, testing::ContainsRegex("process_resident_memory_bytes [1-9]"));
  EXPECT_THAT(text, testing::ContainsRegex("process_start_time_seconds [1-9]"));
  EXPECT_THAT(text, testing::ContainsRegex("process_open_fds [1-9]"));
}

TEST_F(ExportedMetrics, CountsARequestWithoutAnAnswerAsAnError) {
  EXPECT_THAT(
      metrics_.text(),
      HasSubstr("rest_client_requests_total{code=\"<error>\",host=\"10.0.0.1:443\",method=\"GET\"} 1"));
}

TEST_F(ExportedMetrics, AreTheOnesThatTheReferencePageLists) {
  std::ifstream page(PATCHWAVE_SOURCE_DIR "/docs/reference/metrics.md");
  std::stringstream text;
  text << page.rdbuf();
  std::set<std::string> listed;
  for (std::string line; std::getline(text, line);) {
    if (!line.starts_with("| `")) continue;
    listed.insert(line.substr(3, line.find('`', 3) - 3));
  }
  EXPECT_EQ(listed, exported_names(metrics_.text()));
}

}  // namespace
}  // namespace patchwave::runtime
