#!/usr/bin/env bash
# Compares `glowplug shell` with bash, dash (where it is installed) and the native coreutils, side by side, and prints a table as
# Markdown.
#
#   benches/peers/shell.sh [--runs N]
#
#   --runs N       rounds (default: 40); the heavier work takes a tenth of them
#
# Exits with 1 when a promise is not kept. $GLOWPLUG is the program, or the release build of this repository.
source "$(dirname "${BASH_SOURCE[0]}")/common.sh" "$@"
alone
cd "$scratch/work"

# As it is after the first start: artifacts in the local tier.
"$glowplug" shell -c true

# Contenders for each work, after bash: the command as dash takes it, and as the shell of ours does.
dash=$(command -v dash || true)
[[ $dash ]] || echo "shell.sh: dash is not installed, and not compared" >&2
with_dash=()
dash() { # GROUP COMMAND
  with_dash=()
  [[ ! $dash ]] || with_dash=(--contender "$1" dash "$(quoted "$dash" -c "$2")")
}

loop='for ((i = 0; i < 500; i++)); do'
posix_loop='i=0; while [ $i -lt 500 ]; do i=$((i + 1));'
sorting='seq 1000000 | sort -n | tail -1'
piping='/bin/true | /bin/true'
dash exit exit; dash_exit=("${with_dash[@]}")
dash '500 x true' "$posix_loop /bin/true; done"; dash_true=("${with_dash[@]}")
dash '500 x two piped' "$posix_loop $piping; done"; dash_pipe=("${with_dash[@]}")
dash sort "$sorting"; dash_sort=("${with_dash[@]}")
"$python" -B "$here/compare.py" --runs "$runs" --warmup 3 --json "$scratch/start.json" \
  --contender 'exit' bash "$(quoted "$bash" --norc -c exit)" \
  --contender 'exit' glowplug "$(quoted "$glowplug" shell -c exit)" \
  "${dash_exit[@]}" \
  --contender 'exit' /bin/true "$(quoted /bin/true)"
"$python" -B "$here/compare.py" --runs $((runs / 4 + 1)) --warmup 1 --json "$scratch/work.json" \
  --contender '500 x true' bash "$(quoted "$bash" --norc -c "$loop /bin/true; done")" \
  --contender '500 x true' glowplug "$(quoted "$glowplug" shell -c "$loop /bin/true; done")" \
  "${dash_true[@]}" \
  --contender '500 x two piped' bash "$(quoted "$bash" --norc -c "$loop $piping; done")" \
  --contender '500 x two piped' glowplug "$(quoted "$glowplug" shell -c "$loop $piping; done")" \
  "${dash_pipe[@]}" \
  --contender 'sort' bash "$(quoted "$bash" --norc -c "$sorting")" \
  "${dash_sort[@]}" \
  --contender 'sort' glowplug "$(quoted "$glowplug" shell -c "$sorting")" | tail -n +3
echo
kept=0
"$python" -B "$here/requirements.py" shell "$scratch/start.json" "$scratch/work.json" || kept=$?
echo
echo "$(nproc) x $(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1), Linux $(uname -r);" \
  "$("$bash" --version | head -n 1); $("$glowplug" --version); $runs rounds, in turn."
exit "$kept"
