"""How each demo ends: its exit code, what is said when it failed, and whether the cluster stays."""

import sys

from controlplane.processes import NotReady, uninterrupted, unwind_at_the_end


class Failed(Exception):
    """A story went another way than it is told."""


def expect(fact, otherwise):
    if not fact:
        raise Failed(otherwise)


def perform(world, keep, tell):
    """Calls `tell()`, and takes the world down afterwards unless it is to be kept. Returns the exit code."""
    unwind_at_the_end()
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
            with uninterrupted():
                world.down()
