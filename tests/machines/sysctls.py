"""Settings of the one kernel that kubelets change for all: remembered by the first who has some, put back by the last."""

import fcntl
import json
import os
from contextlib import contextmanager
from pathlib import Path

NAMES = ("vm/overcommit_memory", "vm/panic_on_oom", "kernel/panic", "kernel/panic_on_oops", "kernel/keys/root_maxkeys",
         "kernel/keys/root_maxbytes")


class Sysctls:
    """The record is gone with the kernel's next start, as are the changes. `user` is a folder; who is killed stays in the
    record until its folder is taken down or gone."""

    def __init__(self, settings="/proc/sys", record="/run/patchwave-sysctls.json"):
        self._settings, self._record = Path(settings), Path(record)

    def values(self):
        return {name: self._file(name).read_text().strip() for name in NAMES if self._file(name).exists()}

    def before(self):
        """What they are but for machines, whoever has some now."""
        with self._recorded() as record:
            return record.get("values", self.values())

    def remember(self, user):
        with self._recorded() as record:
            record.setdefault("values", self.values())
            record["users"] = sorted({*self._others(record, user), str(user)})

    def put_back(self, user):
        with self._recorded() as record:
            record["users"] = self._others(record, user)
            if record["users"]:
                return
            now = self.values()
            for name, value in record.pop("values", {}).items():
                if now[name] != value:
                    self._file(name).write_text(value)
            record.clear()

    def _file(self, name):
        return self._settings / name

    @staticmethod
    def _others(record, user):
        return [other for other in record.get("users", []) if other != str(user) and Path(other).exists()]

    @contextmanager
    def _recorded(self):
        """The record, which is written when this ends; an empty one is no file."""
        # The lock is on the folder: the file goes and comes again.
        folder = os.open(self._record.parent, os.O_RDONLY)
        try:
            fcntl.flock(folder, fcntl.LOCK_EX)
            record = json.loads(self._record.read_text()) if self._record.exists() else {}
            yield record
            if record:
                self._record.write_text(json.dumps(record))
            else:
                self._record.unlink(missing_ok=True)
        finally:
            os.close(folder)
