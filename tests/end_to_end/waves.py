"""One wave of a patch, found by its place in the order, and what tests ask of it."""

import time

from controlplane.processes import POLL_SECONDS, wait_until

TERMINAL = ("Succeeded", "RolledBack", "RollbackFailed", "Cancelled")
PATIENCE_SECONDS = 120


class Wave:
    def __init__(self, shop, patch, order):
        self._shop, self._patch, self._order = shop, patch, order

    def find(self):
        found = [wave for wave in self._shop.waves(self._patch) if wave["spec"]["order"] == self._order]
        return found[-1] if found else None

    @property
    def name(self):
        return self.appears().find()["metadata"]["name"]

    @property
    def exists(self):
        return self.find() is not None

    @property
    def phase(self):
        return self.status("phase")

    @property
    def hold(self):
        """The reason of the hold, or None."""
        return (self.status("hold") or {}).get("reason")

    def status(self, field):
        return ((self.find() or {}).get("status") or {}).get(field)

    def appears(self, within=PATIENCE_SECONDS):
        wait_until(self.find, within, lambda: f"wave {self._order} of {self._patch} exists\n{self._shop.describe()}")
        return self

    def reaches(self, phase, within=PATIENCE_SECONDS):
        """Another end than the one waited for fails at once."""
        def there():
            now = self.phase
            assert now == phase or now not in TERMINAL, (
                f"wave {self._order} of {self._patch} is {now}, not {phase}\n{self._shop.describe()}")
            return now == phase
        wait_until(there, within, lambda: f"wave {self._order} of {self._patch} {phase}\n{self._shop.describe()}")
        return self

    def holds(self, *reasons, within=PATIENCE_SECONDS):
        wait_until(lambda: self.hold in reasons, within,
                   lambda: f"wave {self._order} of {self._patch} holds with {' or '.join(reasons)}, "
                           f"not {self.hold}\n{self._shop.describe()}")
        return self

    def stays(self, question, seconds, what):
        """For `seconds`, each look says the same: what must not happen needs time in which it could."""
        for _ in range(int(seconds / POLL_SECONDS)):
            assert question(), f"{what}\n{self._shop.describe()}"
            time.sleep(POLL_SECONDS)
        return self

    def has_target(self, state, name=None, within=PATIENCE_SECONDS):
        """Some target (or the one of that name) is in that state now."""
        def there():
            return any(each["state"] == state and name in (None, each["name"])
                       for each in self.status("targets") or [])
        wait_until(there, within, lambda: f"wave {self._order} of {self._patch} has a target in {state}\n"
                                          f"{self._shop.describe()}")
        return self

    def starts(self, within=PATIENCE_SECONDS):
        wait_until(lambda: self.phase in ("Running", "Baking", "RollingBack", *TERMINAL), within,
                   lambda: f"wave {self._order} of {self._patch} started\n{self._shop.describe()}")
        return self
