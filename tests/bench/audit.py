"""Requests as the API server's audit log tells them: its clock is the only one, in microseconds."""

import json
import math
import statistics
from dataclasses import dataclass
from datetime import datetime

WRITES = ("create", "update", "patch", "delete")
# What the figures are made of; everything else stays out of the log.
RULES = [{"level": "Metadata", "verbs": list(WRITES), "resources": [
    {"group": "apps", "resources": ["deployments", "replicasets"]},
    {"group": "patchwave.dev", "resources": ["patchapprovals", "patchapprovals/status", "patchwaves", "patchwaves/status"]}]}]


@dataclass(frozen=True)
class Request:
    user: str
    verb: str
    resource: str
    namespace: str
    name: str
    received: float  # seconds since the epoch
    answered: float


def read(path):
    """In the order in which they were received."""
    requests = []
    for line in path.read_text().splitlines():
        event = json.loads(line)
        about = event.get("objectRef", {})
        requests.append(Request(
            event["user"]["username"], event["verb"], about.get("resource", ""), about.get("namespace", ""),
            about.get("name", ""), _seconds(event["requestReceivedTimestamp"]), _seconds(event["stageTimestamp"])))
    return sorted(requests, key=lambda request: request.received)


def summary(milliseconds):
    """Percentiles by nearest rank."""
    ordered = sorted(milliseconds)

    def percentile(share):
        return round(ordered[math.ceil(share * len(ordered)) - 1], 2)

    return {"count": len(ordered), "mean": round(statistics.fmean(ordered), 2), "p50": percentile(0.5),
            "p90": percentile(0.9), "p99": percentile(0.99), "max": round(ordered[-1], 2)}


def _seconds(timestamp):
    return datetime.fromisoformat(timestamp.replace("Z", "+00:00")).timestamp()
