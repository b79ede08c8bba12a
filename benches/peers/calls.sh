#!/usr/bin/env bash
# Measures what the call cache and `glowplug test` are worth, side by side with bash, /bin/true and a plain embedding of Wasmtime,
# and prints a table as Markdown.
#
#   benches/peers/calls.sh [--runs N]
#
#   --runs N       rounds (default: 40); the heavier work takes a fifth of them
#
# The embedding (benches/peers/embedding.rs, with Wasmtime's disk cache) cannot run our shell, whose programs ask their host for
# processes. So it does less than it would have to for a case: a process that has the programs' module from the disk cache once, and
# ends where that is to be instantiated.
#
# Exits with 1 when a promise is not kept. $GLOWPLUG is the program, or the release build of this repository; $EMBEDDING the example
# `embedding`, or its release build.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh" "$@"
embedding=$(installed embedding "${EMBEDDING:-}" example)
alone

# 1,000 cases of two commands, in twenty folders, each of which reads a file of its own.
for ((i = 0; i < 1000; i++)); do
  folder=$scratch/thousand/tests/$((i % 20))
  mkdir -p "$folder"
  echo "data $i" >"$folder/in$i.txt"
  printf '  $ cat in%d.txt | tr a-z A-Z\n  DATA %d\n  $ [ -e no%d ] || echo none\n  none\n' $i $i $i >"$folder/case$i.t"
done

# 94 cases of four commands, and the same commands as scripts for bash, each of which has a folder of its own as the cases have.
mkdir -p "$scratch/cases/tests" "$scratch/scripts"
for ((i = 0; i < 94; i++)); do
  mkdir "$scratch/scripts/$i"
  echo "data $i" | tee "$scratch/cases/tests/in$i.txt" >"$scratch/scripts/$i/in$i.txt"
  commands=("cat in$i.txt | tr a-z A-Z" "x=$i; for i in 1 2 3; do echo \$((x+i)); done | wc -l" "grep -c data in$i.txt" "echo more > out; sort out in$i.txt | head -n 1")
  expected=("DATA $i" 3 1 "data $i")
  for step in 0 1 2 3; do
    printf '  $ %s\n  %s\n' "${commands[step]}" "${expected[step]}" >>"$scratch/cases/tests/case$i.t"
    echo "${commands[step]}" >>"$scratch/scripts/$i/case.sh"
  done
done
cat >"$scratch/one-by-one.sh" <<'END'
for folder in "$1"/*/; do (cd "$folder" && exec bash --norc case.sh) >/dev/null; done
END
cat >"$scratch/each.sh" <<'END'
for folder in "$1"/*/; do "$2" "$3" "$4" true >/dev/null 2>&1 || true; done
END

# What a run reads: 1,000 files of a kilobyte.
mkdir "$scratch/work/data"
for ((i = 0; i < 1000; i++)); do
  printf "%01023d\n" "$i" >"$scratch/work/data/$i"
done
cp "$root/guest/prebuilt/probe.wasm" "$root/guest/prebuilt/coreutils.wasm" "$scratch/work"
cd "$scratch/work"
sleep 0.1

call=(run --call-cache on --deterministic --dir data probe.wasm)
files=(data/*)
# As after the first start: artifacts in the local tier, results and proofs where there are to be some.
"$glowplug" shell -c true
"$glowplug" "${call[@]}" cat data/1 >/dev/null
"$glowplug" run --dir data probe.wasm cat data/1 >/dev/null
"$embedding" "$scratch/wasmtime-cache" coreutils.wasm true >/dev/null 2>&1 || true
{ "$glowplug" test "$scratch/thousand" && "$glowplug" test "$scratch/thousand"; } >/dev/null
"$glowplug" test --no-call-cache "$scratch/cases" >/dev/null

"$python" -B "$here/compare.py" --runs "$runs" --warmup 3 --json "$scratch/start.json" \
  --contender '1,000 unchanged cases' /bin/true "$(quoted /bin/true)" \
  --contender '1,000 unchanged cases' glowplug "$(quoted "$glowplug" test "$scratch/thousand")" \
  --contender 'a known call' 'shell -c exit' "$(quoted "$glowplug" shell -c exit)" \
  --contender 'a known call' glowplug "$(quoted "$glowplug" "${call[@]}" cat data/1)"
# Each round is a first run: --no-call-cache would not trace, so a variable that is always another makes another call of it.
unseen() { quoted sh -c "exec $(quoted "$glowplug" run "$@" --dir data) --env N=\$\$ probe.wasm count $(quoted "${files[@]}")"; }
"$python" -B "$here/compare.py" --runs "$runs" --warmup 2 --json "$scratch/trace.json" \
  --contender 'reading 1,000 files' untraced "$(unseen)" \
  --contender 'reading 1,000 files' glowplug "$(unseen --call-cache on --deterministic)" | tail -n +3
"$python" -B "$here/compare.py" --runs $((runs / 5 + 1)) --warmup 1 --json "$scratch/cases.json" \
  --contender '94 first-time cases' bash "$(quoted "$bash" "$scratch/one-by-one.sh" "$scratch/scripts")" \
  --contender '94 first-time cases' glowplug "$(quoted "$glowplug" test --force "$scratch/cases")" \
  --contender '94 first-time cases' embedding "$(quoted "$bash" "$scratch/each.sh" "$scratch/scripts" "$embedding" "$scratch/wasmtime-cache" "$PWD/coreutils.wasm")" |
  tail -n +3
echo
kept=0
"$python" -B "$here/requirements.py" calls "$scratch/start.json" "$scratch/trace.json" "$scratch/cases.json" || kept=$?
echo
echo "$(nproc) x $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r); 1,000 cases in 20 folders, files in the page cache"
exit "$kept"
