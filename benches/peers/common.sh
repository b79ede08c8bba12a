# What calls.sh and shell.sh have in common; they source it with their own arguments. Leaves them with $root, $here (this folder),
# $scratch (removed at the end, with an empty work/), $runs from --runs, $glowplug, $python and $bash.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT

runs=40
while (($#)); do
  case $1 in
    --runs) runs=${2:?--runs takes a number}; shift ;;
    -h | --help) sed -n '2,/^source/{/^source/d; s/^# \{0,1\}//; p}' "$0"; exit ;;
    *) echo "${0##*/}: no such option: $1" >&2; exit 2 ;;
  esac
  shift
done

quoted() { printf '%q ' "$@"; }

# installed NAME PROGRAM KIND: where the program is, or else the release build of NAME (of KIND bin or example), as an installation
# makes it: as the linker left it a page fault costs twice as much (adr/0007).
installed() {
  local program=$2
  [[ $program ]] || program=$(cd "$root" && cargo build --release "--$3" "$1" --message-format json-render-diagnostics |
    python3 "$here/executable.py" "$1")
  cp "$program" "$scratch/bin/$1"
  echo "$scratch/bin/$1"
}
mkdir "$scratch/bin" "$scratch/work"
glowplug=$(installed glowplug "${GLOWPLUG:-}" bin)

python=$(python3 -c 'import sys; print(sys.executable)')
bash=$(command -v bash)

# Nobody's own cache or settings take part. Cargo has to be asked before.
alone() {
  mkdir -m 700 "$scratch/home"
  export HOME=$scratch/home
  unset XDG_CACHE_HOME XDG_CONFIG_HOME XDG_DATA_HOME XDG_STATE_HOME RUST_BACKTRACE RUST_LOG
  local variable
  for variable in "${!GLOWPLUG_@}"; do unset "$variable"; done
}
