#!/usr/bin/env bash
# Whether anything grows: 100,000 external commands, 100,000 forks, 10,000 pipelines and 10,000 modules in a session each, and 1,000
# sessions in one process. While they run, memory (VmRSS, VmData), descriptors, threads and the time that each takes are sampled a hundred
# times; the medians of the first and of the last tenth are printed, and whether they are the same within the bounds below. What warms
# up is not counted: the first tenth is the one after the first ten samples.
#
#   benches/soak.sh [--scale N] [WORK..]     N is how many times less than that; WORK: commands forks pipelines modules sessions
#
# GLOWPLUG names the program, which is built with `cargo build --release` otherwise. Ends with 1 when something grew.
set -euo pipefail

root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
scale=1
works=()
while (($#)); do
  case $1 in
    --scale) scale=${2:?--scale takes a number}; shift ;;
    -h | --help) sed -n '2,/^set -/{/^set -/d; s/^# \{0,1\}//; p}' "$0"; exit ;;
    commands | forks | pipelines | modules | sessions) works+=("$1") ;;
    *) echo "${0##*/}: no such option or work: $1" >&2; exit 2 ;;
  esac
  shift
done
((${#works[@]})) || works=(commands forks pipelines modules sessions)

glowplug=${GLOWPLUG:-}
if [[ ! $glowplug ]]; then
  (cd "$root" && cargo build --release --bin glowplug)
  # Its folder is named after the machine that it is built for: see .cargo/config.toml.
  glowplug=$(cd "$root" && ls -t target/*/release/glowplug | head -1)
fi
glowplug=$(realpath "$glowplug")

scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
mkdir -m 700 "$scratch/home"
export HOME=$scratch/home
unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME
for variable in "${!GLOWPLUG_@}"; do unset "$variable"; done

grew=0

# sample PID: one line of VmRSS and VmData in KiB, descriptors and threads. Without a process of its own, which would take its time.
sample() {
  local line rss=0 data=0 threads=0 files
  while read -r line; do
    case $line in
      VmRSS:*) line=${line#*:}; rss=${line% kB} ;;
      VmData:*) line=${line#*:}; data=${line% kB} ;;
      Threads:*) threads=${line#*:} ;;
    esac
  done < "/proc/$1/status"
  files=("/proc/$1/fd"/*)
  echo $((rss)) $((data)) ${#files[@]} $((threads))
}

# judge WORK FILE: FILE has a line for each sample: VmRSS, VmData, descriptors, threads, microseconds for each.
# Flat is: memory by 10 % and 2 MiB, one descriptor, one thread, latency by half (other programs run beside it).
judge() {
  awk -v work="$1" '
    function median(i, from, to,    n, m, v, sorted, count) {
      count = 0
      for (n = from; n <= to; n++) {
        v = value[i, n]
        for (m = count++; m > 0 && sorted[m] > v; m--) sorted[m + 1] = sorted[m]
        sorted[m + 1] = v
      }
      return sorted[int((count + 1) / 2)]
    }
    { for (i = 1; i <= 5; i++) value[i, NR] = $i + 0 }
    END {
      if (NR < 20) { printf "| %s | %d samples are too few | | | no |\n", work, NR; exit 1 }
      split("VmRSS, KiB;VmData, KiB;descriptors;threads;latency, us", name, ";")
      split("1.1 1.1 1 1 1.5", factor, " "); split("2048 2048 1 1 0", more, " ")
      tenth = int(NR / 10); bad = 0
      for (i = 1; i <= 5; i++) {
        first = median(i, tenth + 1, 2 * tenth); last = median(i, NR - tenth + 1, NR)
        flat = last <= first * factor[i] + more[i]
        if (!flat) bad = 1
        printf "| %s | %s | %.1f | %.1f | %s |\n", work, name[i], first, last, flat ? "yes" : "**no**"
      }
      exit bad
    }' "$2" || grew=1
}

# session WORK COUNT PREPARATION COMMAND [OPTION..]: runs COMMAND so many times in one session, which says after each hundredth part
# what one took; then the process is looked at.
session() {
  local work=$1 count=$(($2 / scale)) preparation=$3 command=$4 pid took
  shift 4
  ((count >= 200)) || count=200
  local script="$preparation
    i=0
    for ((part = 0; part < 100; part++)); do
      begun=\${EPOCHREALTIME/./}
      for ((n = 0; n < $count / 100; n++)); do $command; ((++i)); done
      echo \$(((\${EPOCHREALTIME/./} - begun) * 100 / $count))
      # Until it was looked at.
      read -r _
    done"
  echo "$work: $count" >&2
  : > "$scratch/samples"
  mkfifo "$scratch/said" "$scratch/go"
  (cd "$scratch" && exec "$glowplug" shell --max-processes 64 "$@" -c "$script") > "$scratch/said" < "$scratch/go" &
  pid=$!
  # Both ways, so that neither waits for the other to open its end.
  exec 4<> "$scratch/go"
  while read -r took; do
    echo "$(sample "$pid")" "$took" >> "$scratch/samples"
    echo >&4
  done < "$scratch/said"
  exec 4>&-
  rm "$scratch/said" "$scratch/go"
  wait "$pid" || { echo "${0##*/}: $work failed" >&2; grew=1; }
  judge "$work, $count" "$scratch/samples"
}

# A module that does nothing, and that is told from others by what stands in a section of its own.
modules() {
  local count=$1 n
  mkdir -p "$scratch/modules"
  for ((n = 0; n < count; n++)); do
    # Header; type () -> (); one function; memory and _start exported; an empty body; a custom section "n" with eight digits.
    printf '\0asm\1\0\0\0\1\4\1\140\0\0\3\2\1\0\7\12\1\6_start\0\0\12\4\1\2\0\13\0\12\1n%08d' "$n" > "$scratch/modules/$n.wasm"
  done
  chmod -R +x "$scratch/modules"
}

sessions() {
  local count=$((1000 / scale)) n pid
  ((count >= 100)) || count=100
  # A hundred samples or so.
  local pause=0.0$((count / 100 + 1))
  ((count < 900)) || pause=0.05
  echo "sessions: $count" >&2
  mkdir "$scratch/cases"
  for ((n = 0; n < count; n++)); do
    # Each case is a session of its own, with a fork, a pipeline and a file.
    printf '  $ echo %d | cat > f; x=$(cat f); echo "$x"\n  %d\n' "$n" "$n" > "$scratch/cases/$(printf %05d "$n").t"
  done
  : > "$scratch/memory"
  (cd "$scratch" && exec "$glowplug" test --test-threads 1 --force --no-deterministic --report-json report.json cases) > /dev/null &
  pid=$!
  while kill -0 "$pid" 2> /dev/null; do
    sample "$pid" 2> /dev/null >> "$scratch/memory" || break
    sleep "$pause"
  done
  wait "$pid" || { echo "${0##*/}: sessions failed" >&2; grew=1; }
  # The times that the report says, spread over as many samples as there are of memory.
  python3 - "$scratch/report.json" "$scratch/memory" > "$scratch/samples" << 'END'
import json, sys
cases = json.load(open(sys.argv[1]))["cases"]
times = [case["duration_ms"] * 1000 for case in sorted(cases, key=lambda case: case["id"])]
samples = [line for line in open(sys.argv[2]) if line.split()[:1] != ["0"]]
for n, line in enumerate(samples):
    part = times[n * len(times) // len(samples):max((n + 1) * len(times) // len(samples), n * len(times) // len(samples) + 1)]
    print(line.strip(), sum(part) / len(part))
END
  judge "sessions, $count" "$scratch/samples"
}

echo "| work | | first tenth | last tenth | flat |"
echo "|---|---|--:|--:|---|"
for work in "${works[@]}"; do
  case $work in
    commands) session "external commands" 100000 "" "/usr/bin/true" ;;
    # A background process: the shell runs plain subshells without one.
    forks) session "forks" 100000 "" "{ :; } & wait \$!" ;;
    pipelines) session "pipelines" 10000 "" "/usr/bin/true | /usr/bin/true" ;;
    modules)
      count=$((10000 / scale))
      modules $((count < 200 ? 200 : count))
      session "modules" 10000 "" "modules/\$i.wasm" --dir .
      ;;
    sessions) sessions ;;
  esac
done
exit "$grew"
