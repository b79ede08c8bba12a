#!/usr/bin/env bash
# Compares what forks cost a shell that holds much, in `glowplug shell` and in bash, side by side, and prints a table as Markdown.
#
#   benches/peers/forks.sh [--runs N]
#
#   --runs N       rounds (default: 40); half of them are made
#
# $GLOWPLUG is the program, or the release build of this repository.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh" "$@"
alone
cd "$scratch/work"
"$glowplug" shell -c true

contenders=()
both() { # GROUP SCRIPT
  contenders+=(--contender "$1" bash "$(quoted "$bash" --norc -c "$2")" --contender "$1" glowplug "$(quoted "$glowplug" shell -c "$2")")
}
for bytes in 0 1000000 10000000 50000000; do
  holds="x=\$(head -c $bytes /dev/zero | tr '\\0' a)"
  both "100 jobs, $bytes bytes" "$holds; for i in {1..100}; do echo \$i & done >/dev/null; wait"
  both "100 substitutions, $bytes bytes" "$holds; for i in {1..100}; do y=\$(z=\$i; echo \$z); done"
done
both '100 pipelines, 300000 elements' 'a=({1..300000}); for i in {1..100}; do echo $i | cat; done >/dev/null'
"$python" -B "$here/compare.py" --runs $((runs / 2)) --warmup 1 --json "$scratch/forks.json" "${contenders[@]}"
