#!/usr/bin/env python3
"""Runs programs in turn, many times, and compares how long each took and how much memory it needed at its peak.

    compare.py --runs 20 --json out.json \\
        --contender "10 MB, cold" wasmtime "wasmtime run -C cache=y app.wasm" cache-folder \\
        --contender "10 MB, cold" glowplug "glowplug run --cache-dir other-folder app.wasm" other-folder

A machine's speed wanders over minutes, so one program after the other would compare minutes rather than programs. Here
every round runs each contender once, and a ratio is taken within a round. Linux only: memory comes from wait4.
"""

import argparse
import ctypes
import json
import os
import shlex
import shutil
import statistics
import sys
import tempfile
import time
from dataclasses import asdict, dataclass, field


@dataclass
class Contender:
    """One command. Those of the same group do the same work and are compared with the first among them."""

    group: str
    name: str
    command: list[str]
    emptied: str | None  # a folder whose contents are deleted before every run: a cache that shall be cold
    milliseconds: list[float] = field(default_factory=list)
    kibibytes: list[int] = field(default_factory=list)

    def prepare(self):
        if self.emptied:
            shutil.rmtree(self.emptied, ignore_errors=True)
            # A cache may refuse a folder that others can write to.
            os.makedirs(self.emptied, mode=0o700)


def main():
    settings = parse_arguments()
    contenders = [make_contender(words) for words in settings.contender]
    become_subreaper()
    rounds = settings.warmup + settings.runs
    for done in range(rounds):
        # Each round begins with another contender, so that none always runs after the same neighbour.
        start = done % len(contenders)
        for contender in contenders[start:] + contenders[:start]:
            contender.prepare()
            taken = time_of(contender, settings.expect_exit)
            wait_for_orphans()
            if done >= settings.warmup:
                contender.milliseconds.append(taken)
        show_progress(f"round {done + 1} of {rounds}")
    for done in range(settings.memory_runs):
        for contender in contenders:
            contender.prepare()
            contender.kibibytes.append(peak_memory_of(contender, settings.expect_exit))
            wait_for_orphans()
        show_progress(f"memory, round {done + 1} of {settings.memory_runs}")
    show_progress("")

    print_table(contenders)
    if settings.json:
        with open(settings.json, "w", encoding="utf-8") as file:
            json.dump([asdict(contender) for contender in contenders], file, indent=1)


def parse_arguments():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--contender", action="append", nargs="+", required=True, metavar="WORD",
                        help="GROUP NAME COMMAND [FOLDER]: FOLDER's contents are DELETED before every run")
    parser.add_argument("--runs", type=int, default=20, help="measured rounds (default: %(default)s)")
    parser.add_argument("--warmup", type=int, default=2, help="rounds before them (default: %(default)s)")
    parser.add_argument("--memory-runs", type=int, default=3, help="rounds for memory alone (default: %(default)s)")
    parser.add_argument("--expect-exit", type=int, default=0, help="any other exit code is an error (default: 0)")
    parser.add_argument("--json", metavar="FILE", help="also write every single figure")
    settings = parser.parse_args()
    if any(len(words) not in (3, 4) for words in settings.contender):
        parser.error("--contender takes GROUP NAME COMMAND [FOLDER]")
    if settings.runs < 1 or settings.memory_runs < 1:
        parser.error("at least one run is needed")
    return settings


def make_contender(words):
    group, name, command = words[:3]
    command = shlex.split(command)
    program = shutil.which(command[0])
    if program is None:
        sys.exit(f"compare.py: {command[0]}: no such program")
    # Looked up once, so that searching PATH is not part of what is measured.
    return Contender(group, name, [program, *command[1:]], words[3] if len(words) == 4 else None)


def time_of(contender, expected):
    """Milliseconds from spawning until the process has ended."""
    with tempfile.TemporaryFile() as errors:
        actions = [
            (os.POSIX_SPAWN_OPEN, 0, os.devnull, os.O_RDONLY, 0),
            (os.POSIX_SPAWN_OPEN, 1, os.devnull, os.O_WRONLY, 0),
            (os.POSIX_SPAWN_DUP2, errors.fileno(), 2),
        ]
        before = time.perf_counter_ns()
        process = os.posix_spawn(contender.command[0], contender.command, os.environ, file_actions=actions)
        _, status, _ = os.wait4(process, 0)
        after = time.perf_counter_ns()
        refuse_failure(contender, status, expected, errors)
    return (after - before) / 1e6


def peak_memory_of(contender, expected):
    """KiB at the peak.

    A program spawned from here would begin with the peak of this interpreter, about 13 MB, because Linux carries it
    over exec. So a shell starts it, whose 2 MB are less than any contender needs. The shell ends first, which
    makes the program a child of ours; only then does it begin, when a line arrives on descriptor 3.
    """
    script = '{ read -r go <&3; exec "$@" 3<&- </dev/null >/dev/null; } &'
    reader, writer = os.pipe()
    with tempfile.TemporaryFile() as errors:
        actions = [(os.POSIX_SPAWN_DUP2, reader, 3), (os.POSIX_SPAWN_DUP2, errors.fileno(), 2)]
        shell = os.posix_spawn("/bin/sh", ["sh", "-c", script, "sh", *contender.command], os.environ,
                               file_actions=actions)
        os.close(reader)
        os.waitpid(shell, 0)
        os.write(writer, b"go\n")
        os.close(writer)
        _, status, usage = os.wait4(-1, 0)
        refuse_failure(contender, status, expected, errors)
    return usage.ru_maxrss


def become_subreaper():
    """Makes orphans below this process its children, so that it can wait for them."""
    pr_set_child_subreaper = 36
    if ctypes.CDLL(None, use_errno=True).prctl(pr_set_child_subreaper, 1, 0, 0, 0) != 0:
        sys.exit("compare.py: prctl(PR_SET_CHILD_SUBREAPER): " + os.strerror(ctypes.get_errno()))


def wait_for_orphans():
    """What a program leaves to be done in the background is not its time, and must not be anybody else's either."""
    try:
        while True:
            os.waitpid(-1, 0)
    except ChildProcessError:
        return


def refuse_failure(contender, status, expected, errors):
    """A program that fails early is fast, and its figures are worthless."""
    code = os.waitstatus_to_exitcode(status)
    if code != expected:
        errors.seek(0)
        message = errors.read().decode(errors="replace").strip()
        show_progress("")
        sys.exit(f"compare.py: {shlex.join(contender.command)}: exit code {code}, not {expected}\n{message}")


def print_table(contenders):
    print("| work | program | fastest | median | slowest | median ratio (middle half) | peak memory |")
    print("|---|---|--:|--:|--:|--:|--:|")
    for contender in contenders:
        first = next(other for other in contenders if other.group == contender.group)
        times = contender.milliseconds
        ratio = "1" if contender is first else ratio_with_spread(ratios(times, first.milliseconds))
        print(f"| {contender.group} | {contender.name} | {milliseconds(min(times))} "
              f"| {milliseconds(statistics.median(times))} | {milliseconds(max(times))} | {ratio} "
              f"| {megabytes(statistics.median(contender.kibibytes))} |")


def ratios(times, others):
    """Round by round, because only the runs of one round met the same machine."""
    return [time / other for time, other in zip(times, others, strict=True)]


def middle_half(values):
    """Lower quartile, median, upper quartile."""
    if len(values) < 2:
        return values[0], values[0], values[0]
    return tuple(statistics.quantiles(values, n=4, method="inclusive"))


def ratio_with_spread(values):
    low, middle, high = middle_half(values)
    return f"{ratio_text(middle)} ({ratio_text(low)} to {ratio_text(high)})"


def ratio_text(ratio):
    return f"1/{1 / ratio:.3g}" if ratio <= 0.5 else f"{ratio:.2f}"


def milliseconds(value):
    return f"{value:.2f} ms" if value < 10 else f"{value:.1f} ms" if value < 100 else f"{value:.0f} ms"


def megabytes(kibibytes):
    return f"{kibibytes * 1024 / 1e6:.1f} MB"


def show_progress(text):
    if sys.stderr.isatty():
        print(f"\r\033[K{text}", end="", file=sys.stderr, flush=True)


if __name__ == "__main__":
    main()
