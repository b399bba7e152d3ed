# SPDX-License-Identifier: GPL-2.0-or-later
"""Test Anything Protocol output for the Python tests.

A test program collects cases (functions that return normally, raise Skip, or raise anything else)
and calls run(). Each case has a time limit of its own, kept with SIGALRM, so one that hangs fails
alone.
"""

import signal
import sys
import time
import traceback


class Skip(Exception):
    """The case cannot be run here; its text says why."""


class TimeLimit(BaseException):
    """A case ran longer than its limit. Not an Exception: a case's own handlers must not eat it."""


def _on_alarm(_signal, _frame):
    raise TimeLimit()


def diagnostic(text):
    """Prints text as TAP comment lines."""
    for line in text.rstrip("\n").split("\n"):
        print("# " + line)
    sys.stdout.flush()


def run(cases, limit=300):
    """Runs cases, a list of (name, function) or (name, function, seconds). Exits 0 if none
    failed.
    """
    signal.signal(signal.SIGALRM, _on_alarm)
    # A runner that gives up sends SIGTERM: leave through the cases' own clean-up.
    signal.signal(signal.SIGTERM, lambda _signal, _frame: sys.exit(143))
    print(f"1..{len(cases)}", flush=True)
    failed = 0
    for number, case in enumerate(cases, 1):
        name, function = case[0], case[1]
        seconds = case[2] if len(case) > 2 else limit
        start = time.monotonic()
        problem = None
        note = ""
        signal.alarm(seconds)
        try:
            function()
        except Skip as reason:
            note = f" # SKIP {reason}"
        except TimeLimit:
            problem = f"still running after {seconds} s"
        except AssertionError as error:
            problem = str(error) or traceback.format_exc()
        except Exception:  # pylint: disable=broad-except
            problem = traceback.format_exc()
        finally:
            signal.alarm(0)
        if problem is None:
            print(f"ok {number} - {name}{note}", flush=True)
        else:
            failed += 1
            print(f"not ok {number} - {name}", flush=True)
            diagnostic(problem)
        diagnostic(f"{name}: {time.monotonic() - start:.1f} s")
    sys.exit(1 if failed else 0)
