#!/usr/bin/env bash
# Records which functions a start executes, for the linker to put them side by side: writes startup-functions.txt.
#
#   host/cli/build/record-startup.sh
#
# Needs valgrind and some minutes for a release build. To be run when starts have come to execute other functions; until then
# names that no longer exist do no harm, and functions that are missing cost a page fault here and there (adr/0017).
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

# The release build, with the names of its functions.
glowplug=$(cd "$root" && cargo rustc --release --bin glowplug --message-format json-render-diagnostics -- -C strip=none |
  python3 "$root/benches/peers/executable.py" glowplug)
cp "$glowplug" "$scratch/glowplug"
glowplug=$scratch/glowplug

mkdir -m 700 "$scratch/home" "$scratch/work"
export HOME=$scratch/home
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME RUST_BACKTRACE RUST_LOG
cd "$scratch/work"
printf '(module (import "wasi_snapshot_preview1" "proc_exit" (func $exit (param i32)))
  (memory (export "memory") 1) (func (export "_start") (call $exit (i32.const 0))))' >exit.wat
probe=$root/guest/prebuilt/probe.wasm
mkdir data tests
echo same >data/same
printf '  $ echo x\n  x\n' >tests/case.t

# start NUMBER COMMAND...: what a third start executes: the first compiles, and the second hashes what it wrote.
start() {
  local number=$1
  shift
  for _ in 1 2 3; do
    # Identities have to be older than the clock can tell apart.
    echo "$number $RANDOM" >data/other
    sleep 0.1
    valgrind -q --tool=callgrind --demangle=no --callgrind-out-file="$scratch/start.$number" "$glowplug" "$@" >/dev/null
  done
}
start 1 shell -c exit
start 2 shell -c true
start 3 run exit.wat
start 4 run "$probe"
# Programs of our own would be compiled under Valgrind, coreutils for many minutes; how they are started is the same.
start 5 shell -c './exit.wat | ./exit.wat; for ((i = 0; i < 20; i++)); do ./exit.wat; : | :; done'
start 6 shell -c 'echo one >file; read -r line <file; x=$(echo "$line" | { read -r y; echo "$y"; }); [[ $x == one ]]'
# A known call, one whose input has changed, and tests of which nothing has.
start 7 run --call-cache on --deterministic --dir data "$probe" cat data/same
start 8 run --call-cache on --deterministic --dir data "$probe" cat data/same data/other
start 9 test tests

python3 - "$glowplug" "$scratch" >"$here/startup-functions.txt" <<'PYTHON'
import re, subprocess, sys

program, scratch = sys.argv[1:]
symbols = {}
for line in subprocess.check_output(["nm", "--defined-only", program], text=True).splitlines():
    address, kind, name = line.split(maxsplit=2)
    if kind in "tTwWi":
        symbols[name] = int(address, 16)
executed = {}
for number in range(1, 10):
    names, ids = {}, []
    with open(f"{scratch}/start.{number}", encoding="utf-8") as file:
        for line in file:
            if match := re.match(r"c?fn=\((\d+)\)(?: (\S+))?", line):
                if match[2]:
                    names[match[1]] = match[2].split("'")[0]
                if line.startswith("fn="):
                    ids.append(match[1])
    # The plainest start comes first, and what the others have besides follows it.
    for name in sorted({names[id] for id in ids} & symbols.keys(), key=symbols.get):
        executed.setdefault(name)
# The C library chooses these by what the processor has, and Valgrind's has less.
for name in sorted(symbols, key=symbols.get):
    if re.match(r"__(mem|str|rawmem)\w*_(evex|avx512|avx2)\w*$", name):
        executed.setdefault(name)
print(*executed, sep="\n")
PYTHON
wc -l "$here/startup-functions.txt" >&2
