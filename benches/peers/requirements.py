#!/usr/bin/env python3
"""Holds the figures of compare.py (its --json files, named as arguments) against what glowplug promises.

    requirements.py run|shell|calls FILE.json...

One line a promise: what was measured, the limit, and "met" or "not met". Ratios are taken round by round; the middle one
decides, and the middle half of all is shown beside it. Exits with 1 when a promise is not met, and says which could
not be checked because a module was missing.
"""

import json
import statistics
import sys

from compare import megabytes, middle_half, milliseconds, ratio_text, ratio_with_spread, ratios

# Mirrors the groups that run.sh measures: "60 KB, warm" and so on.
WASMTIME, GLOWPLUG = "wasmtime", "glowplug"


class Missing(Exception):
    """A contender was not measured."""


class Figures:
    def __init__(self, paths):
        self.contenders = {}
        for path in paths:
            with open(path, encoding="utf-8") as file:
                for entry in json.load(file):
                    self.contenders[entry["group"], entry["name"]] = entry

    def find(self, group, name):
        try:
            return self.contenders[group, name]
        except KeyError:
            raise Missing(f"{name} was not measured with {group}") from None

    def time_ratio(self, group, limit, other=WASMTIME):
        """glowplug's time against another's, on the same work."""
        values = ratios(self.find(group, GLOWPLUG)["milliseconds"], self.find(group, other)["milliseconds"])
        return ratio_with_spread(values), ratio_text(limit), middle_half(values)[1] <= limit

    def memory_ratio(self, group, limit):
        ours = statistics.median(self.find(group, GLOWPLUG)["kibibytes"])
        theirs = statistics.median(self.find(group, WASMTIME)["kibibytes"])
        measured = f"{ratio_text(ours / theirs)} ({megabytes(ours)} against {megabytes(theirs)})"
        return measured, ratio_text(limit), ours <= limit * theirs

    def independent_of_size(self, large, small, factor, allowance):
        """A warm start of the large module against `factor` times that of the small one, plus `allowance` ms."""
        large_times = self.find(large, GLOWPLUG)["milliseconds"]
        small_times = self.find(small, GLOWPLUG)["milliseconds"]
        # Round by round as well: what is left of the limit, in milliseconds.
        spare = [factor * of_small + allowance - of_large
                 for of_large, of_small in zip(large_times, small_times, strict=True)]
        limit = factor * statistics.median(small_times) + allowance
        return milliseconds(statistics.median(large_times)), milliseconds(limit), statistics.median(spare) >= 0


def promises_of_shell(figures):
    return [
        ("`-c exit`, against bash's", lambda: figures.time_ratio("exit", 1.0, "bash")),
        ("`-c exit`, against /bin/true", lambda: figures.time_ratio("exit", 2.2, "/bin/true")),
        ("500 times an external `true`, against bash's", lambda: figures.time_ratio("500 x true", 1 / 7, "bash")),
        ("`seq`, `sort`, `tail` piped, against bash's with native programs", lambda: figures.time_ratio("sort", 3.0, "bash")),
    ]


def promises_of_run(figures):
    return [
        ("warm start, 70 MB, against wasmtime's", lambda: figures.time_ratio("70 MB, warm", 1 / 60)),
        ("peak memory of a warm start, 70 MB, against wasmtime's",
         lambda: figures.memory_ratio("70 MB, warm", 1 / 4)),
        ("warm start, 10 MB, against wasmtime's", lambda: figures.time_ratio("10 MB, warm", 1 / 35)),
        ("warm start, 10 MB, against 1.2 x 60 KB + 1.5 ms",
         lambda: figures.independent_of_size("10 MB, warm", "60 KB, warm", 1.2, 1.5)),
        ("warm start, 60 KB, against wasmtime's", lambda: figures.time_ratio("60 KB, warm", 1 / 3)),
        ("cold start, 60 KB, against wasmtime's", lambda: figures.time_ratio("60 KB, cold", 1.05)),
        ("cold start, 10 MB, against wasmtime's", lambda: figures.time_ratio("10 MB, cold", 1 / 4)),
        ("peak memory of a warm start, 10 MB, against wasmtime's",
         lambda: figures.memory_ratio("10 MB, warm", 1 / 2)),
    ]


def promises_of_calls(figures):
    return [
        ("1,000 unchanged cases, against /bin/true", lambda: figures.time_ratio("1,000 unchanged cases", 10, "/bin/true")),
        ("94 first-time cases, against a process of a plain embedding for each",
         lambda: figures.time_ratio("94 first-time cases", 1 / 10, "embedding")),
        ("94 first-time cases, against bash one by one",
         lambda: figures.time_ratio("94 first-time cases", 1, "bash")),
        ("a known call, against the warm start of the shell",
         lambda: figures.time_ratio("a known call", 1.5, "shell -c exit")),
        ("tracing a run that reads 1,000 files, against `run` without",
         lambda: figures.time_ratio("reading 1,000 files", 1.15, "untraced")),
    ]


def main():
    promises_of = {"run": promises_of_run, "shell": promises_of_shell, "calls": promises_of_calls}
    if len(sys.argv) < 3 or sys.argv[1] not in promises_of:
        sys.exit("usage: requirements.py run|shell|calls FILE.json...")
    promises = promises_of[sys.argv[1]](Figures(sys.argv[2:]))
    all_met = True
    print("| promise | measured | at most | |")
    print("|---|--:|--:|---|")
    for promise, check in promises:
        try:
            measured, limit, met = check()
        except Missing as reason:
            print(f"| {promise} | | | not checked: {reason} |")
            continue
        all_met = all_met and met
        print(f"| {promise} | {measured} | {limit} | {'met' if met else 'not met'} |")
    return 0 if all_met else 1


if __name__ == "__main__":
    sys.exit(main())
