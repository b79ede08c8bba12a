#!/usr/bin/env bash
# Records which functions the guests execute when they start, into guest/NAME/startup.txt: guest/build.sh puts these side by
# side (adr/0016). A list that is a little out of date does no harm, so this is for larger changes.
#
#   guest/record.sh GLOWPLUG [NAME...]
#
# GLOWPLUG is the program, of any version: it runs copies of the guests that write down what they execute.
set -euo pipefail

guests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
glowplug=$(realpath "${1:?the program glowplug, with which the guests are run}")
shift
names=("$@")
((${#names[@]})) || names=(shell coreutils)
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$guests/target}

pack() { (cd "$guests/pack" && cargo run --quiet --locked --release -- "$@"); }

# What is run is the shell's and the programs' everyday; what comes first is what has to start fastest.
record_shell() {
  run -c exit
  run -c 'x=1; echo $x'
  run -i <<<'echo $x; exit'
  run -c 'ls; true | true; (exit 0); x=$(echo a)'
  run -c 'f() { local n=$1; [ $n -gt 0 ] && echo $n; }; for i in 1 2 3; do f $i; done'
  run -c 'i=0; while ((i < 3)); do i=$((i + 1)); done; if [[ $i == 3 ]]; then echo "${x:-none}"; fi'
  run -c 'set -eu; cd /; export A=b; case $A in b) printf "%s\n" "$A";; esac; for f in *; do :; done'
  run -c 'while read -r line; do echo "$line"; done <<<a; echo a >t; cat <t; cat <<<b; wait; sleep 0 & wait'
}

record_coreutils() {
  local line
  printf 'b 2\na 1\n' >"$scratch/in"
  for line in true false 'echo a' 'cat in' ls 'ls -l' 'seq 3' 'sort in' 'wc -l in' 'head -n 1 in' 'tail -n 1 in' \
    'grep a in' 'sed s/a/b/ in' 'cut -d\  -f1 in' 'uniq in' 'tee out' 'mkdir -p a/b' 'touch a/c' 'cp in a/d' 'mv a/d a/e' \
    'rm -r a' 'basename a/b' 'dirname a/b' 'date' 'sleep 0' 'env' 'printf %s\\n a' 'test a' 'tr a b' 'find . -name in' \
    'xargs echo' 'awk {print$1} in' 'mktemp' 'stat in' 'expr 1 + 1' 'sha256sum in' 'diff in in'; do
    run $line <"$scratch/in"
  done
}

# run ARGUMENTS...: runs the copy, whose notes are the lines of its standard error that guest-pack knows.
run() {
  local words
  printf -v words ' %q' "$@"
  (cd "$scratch" && "$glowplug" shell -c "./$name.wasm$words" >/dev/null 2>>log) || true
}

for name in "${names[@]}"; do
  scratch=$(mktemp -d)
  trap 'rm -rf "$scratch"' EXIT
  mkdir "$scratch/built"
  "$guests/build.sh" --into "$scratch/built" "$name"
  # As the linker left it, with names.
  linked=$CARGO_TARGET_DIR/wasm32-wasip1/release/$name.wasm
  pack instrument "$linked" "$scratch/$name.wasm"
  "record_$name"
  {
    echo "# What a start executes, in that order: written by guest/record.sh, read by guest/build.sh."
    pack list "$linked" "$scratch/log"
  } >"$guests/$name/startup.txt"
  wc -l "$guests/$name/startup.txt"
  rm -rf "$scratch"
done
