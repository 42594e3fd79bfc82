"""How a story is shown while it happens."""

import shutil
import time

from demo.ending import Failed
from demo.scene import coloured, happenings, lines_of, plain

FRAME_SECONDS = 0.2


class Screen:
    """Draws a scene in place on a terminal; elsewhere says what changed, a line each."""

    def __init__(self, stream):
        self._stream = stream
        self._live = stream.isatty()
        self._height = 0
        self._before = None

    def show(self, snapshot):
        if not self._live:
            for line in happenings(self._before, snapshot):
                print(f"[{snapshot.elapsed:5.1f} s] {line}", file=self._stream, flush=True)
            self._before = snapshot
            return
        size = shutil.get_terminal_size()
        lines = lines_of(snapshot, coloured, size.columns)[: size.lines - 1]
        up = f"\x1b[{self._height}A" if self._height else ""
        self._stream.write(up + "".join(f"\x1b[2K{line}\n" for line in lines) + "\x1b[0J")
        self._stream.flush()
        self._height = len(lines)

    def leave(self, snapshot):
        """What was drawn stays; the next scene begins below."""
        if not self._live:
            print("\n".join(lines_of(snapshot, plain)), file=self._stream, flush=True)
        print(file=self._stream)
        self._height, self._before = 0, None


def follow(stage, screen, title, version, ends, watch=lambda snapshot: None):
    """Publishes the patch and shows its rollout until `ends(snapshot)`; `watch` sees every snapshot."""
    return go_on(stage, screen, title, stage.publish(version), version, ends, watch)


def go_on(stage, screen, title, patch, version, ends, watch=lambda snapshot: None):
    """The same of a patch that is published already."""
    started = time.monotonic()
    while True:
        snapshot = stage.look(title, time.monotonic() - started, patch, version)
        screen.show(snapshot)
        watch(snapshot)
        if ends(snapshot):
            screen.leave(snapshot)
            return snapshot
        if snapshot.elapsed > stage.story_seconds:
            screen.leave(snapshot)
            raise Failed(f"{title}: not at its end after {stage.story_seconds} s")
        time.sleep(FRAME_SECONDS)


def phases(snapshot):
    return [wave["phase"] for wave in snapshot.waves]
