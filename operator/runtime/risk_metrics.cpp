#include "operator/runtime/risk_metrics.hpp"

namespace patchwave::runtime {

FeedMetrics::FeedMetrics(Metrics& metrics)
    : age(metrics.gauge("patchwave_feed_age_seconds", "How old the data of a feed's last good reading is.",
                        {{"feed"}})),
      records(metrics.gauge("patchwave_feed_records", "Rows of a feed's last good reading.", {{"feed"}})),
      up(metrics.gauge("patchwave_feed_up", "1 when the last reading of a feed went well.", {{"feed"}})),
      fresh(metrics.gauge("patchwave_feed_fresh", "1 while a feed has data that is not stale.", {{"feed"}})),
      info(metrics.gauge("patchwave_feed_info", "Version and day of a feed's last good reading; always 1.",
                         {{"feed"}, {"version"}, {"date"}})),
      readings(metrics.counter("patchwave_feed_readings_total", "Readings of feeds, by how they ended.",
                               {{"feed"}, {"outcome", {"read", "unchanged", "failed"}}})) {}

DeadlineMetrics::DeadlineMetrics(Metrics& metrics, const std::vector<std::string>& deadline_classes)
    : findings(metrics.gauge("patchwave_findings_open",
                             "Vulnerabilities that patches close and that are not closed everywhere yet.",
                             {{"deadline_class", deadline_classes}})),
      patches(metrics.gauge("patchwave_patches_due", "Patches that are not everywhere yet, by class.",
                            {{"namespace"}, {"deadline_class", deadline_classes}})),
      overdue(metrics.gauge("patchwave_patches_overdue",
                            "Patches that are not everywhere although their deadline has passed.",
                            {{"namespace"}})),
      nearest(metrics.gauge("patchwave_deadline_seconds",
                            "Until the nearest deadline of an open patch; below zero once it has passed.",
                            {{"namespace"}})) {}

}  // namespace patchwave::runtime
