"""How long the command line takes to answer, beside an empty Python: `python -m tests.benchmarks.startup`."""

from __future__ import annotations

import statistics
import subprocess
import sys
import time

RUNS = 15
COMMANDS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "digest --help": [sys.executable, "-m", "digest", "--help"],
    "digest --version": [sys.executable, "-m", "digest", "--version"],
    "digest compose --help": [sys.executable, "-m", "digest", "compose", "--help"],
}


def median(command: list[str]) -> float:
    """The median wall time of a command in seconds, after one warm-up."""
    times = []
    for _ in range(RUNS + 1):
        began = time.perf_counter()
        subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
        times.append(time.perf_counter() - began)
    return statistics.median(times[1:])


def main() -> None:
    """Print each command's median and its ratio to an empty Python."""
    floor = 0.0
    for name, command in COMMANDS.items():
        took = median(command)
        floor = floor or took
        print(f"{name:<24}{1000 * took:7.0f} ms  {took / floor:5.1f} times an empty Python")


if __name__ == "__main__":
    main()
