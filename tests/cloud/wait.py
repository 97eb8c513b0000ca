"""Waiting for a condition, with a bound that only a failure reaches."""

import time


def until(what, condition, seconds=120):
    """Asks until `condition` gives something, and returns that."""
    end = time.monotonic() + seconds
    while True:
        found = condition()
        if found:
            return found
        if time.monotonic() > end:
            raise AssertionError(f"{what}: not within {seconds} s")
        time.sleep(0.1)
