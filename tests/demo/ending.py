"""How each demo ends: its exit code, what is said when it failed, and whether the cluster stays."""

import signal
import sys

from controlplane.processes import NotReady


class Failed(Exception):
    """A story went another way than it is told."""


def expect(fact, otherwise):
    if not fact:
        raise Failed(otherwise)


def perform(world, keep, tell):
    """Calls `tell()`, and takes the world down afterwards unless it is to be kept. Returns the exit code."""
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    kept = False
    try:
        tell()
        kept = keep
        return 0
    except (Failed, NotReady, OSError, RuntimeError) as error:
        print(f"\nThe demo failed: {error}", file=sys.stderr)
        print(f"The operator's last words ({world.processes.log('operator')}):", file=sys.stderr)
        print(world.processes.last_words("operator"), file=sys.stderr)
        kept = keep
        return 1
    except KeyboardInterrupt:
        return 130
    finally:
        if not kept:
            world.down()
