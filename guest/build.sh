#!/usr/bin/env bash
# Builds the guests from source into guest/prebuilt, with the manifest that ties them to it. Not part of an ordinary
# build: the results are committed, so that nobody needs the WebAssembly target to work on the host.
#
#   guest/build.sh [--into FOLDER] [NAME...]
#
# Functions that a start executes are put side by side, as guest/NAME/startup.txt says (guest/record.sh writes it).
#
# needs a Rust toolchain with the target wasm32-wasip1 (rustup target add wasm32-wasip1). Without names it builds all of
# them; --into leaves guest/prebuilt alone.
#
# A toolchain linked under the name "wasm" is taken when there is one, the default one otherwise. The bytes depend on
# the toolchain: the manifest says which it was.
set -euo pipefail

guests=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
results=$guests/prebuilt
all=(probe shell coreutils)
if [[ ${1-} == --into ]]; then
  results=${2:?a folder}
  shift 2
fi
names=("$@")
((${#names[@]})) || names=("${all[@]}")
target=wasm32-wasip1
export CARGO_TARGET_DIR=${CARGO_TARGET_DIR:-$guests/target}

toolchain=()
if cargo +wasm --version >/dev/null 2>&1; then
  toolchain=(+wasm)
fi
libraries=$(rustc "${toolchain[@]}" --print target-libdir --target "$target")
if ! compgen -G "$libraries/libstd-*.rlib" >/dev/null; then
  echo "guest/build.sh: this Rust toolchain has no $target: try 'rustup target add $target'" >&2
  exit 1
fi

# Panic messages hold the paths of sources. Whose machine built a guest is nobody's business, and must not change its
# bytes. Passed encoded, because a path may contain spaces; this also keeps out flags meant for the host.
sysroot=$(rustc "${toolchain[@]}" --print sysroot)
remap() { printf -- '--remap-path-prefix=%s=%s' "$1" "$2"; }

# The parts that end up in every guest, beside the crate itself and what its Cargo.lock names.
licences="Rust standard library=MIT OR Apache-2.0"
licences+=";wasi-libc=Apache-2.0 WITH LLVM-exception OR Apache-2.0 OR MIT"
adapter_licence=";WASI preview 1 adapter (in the component)=Apache-2.0 WITH LLVM-exception"

# On the host, with the default toolchain.
pack() { (cd "$guests/pack" && cargo run --quiet --locked --release -- "$@"); }

# build_guest NAME: compiles guest/NAME to NAME.wasm in the folder for results.
build_guest() {
  local name=$1 flags
  flags=$(remap "$guests/$name" "$name")$'\x1f'
  flags+=$(remap "$guests/heap" heap)$'\x1f'
  flags+=$(remap "$guests/sys" sys)$'\x1f'
  flags+=$(remap "$guests/syntax" syntax)$'\x1f'
  flags+=$(remap "${CARGO_HOME:-$HOME/.cargo}/registry/src" crates)$'\x1f'
  flags+=$(remap "$sysroot/lib/rustlib/src/rust" rust)
  (cd "$guests/$name" &&
    CARGO_ENCODED_RUSTFLAGS=$flags cargo "${toolchain[@]}" build --locked --release --target "$target")
  # Not cp: rustc marks its output executable, which a wasm file need not be.
  install -m 644 "$CARGO_TARGET_DIR/$target/release/$name.wasm" "$results/$name.wasm"
  if [[ -e $guests/$name/startup.txt ]]; then
    pack order "$results/$name.wasm" "$guests/$name/startup.txt"
  fi
  hide_std_paths "$results/$name.wasm"
  refuse_machine_paths "$results/$name.wasm"
}

# A standard library that was built on this machine brings paths of its own crates, which no remapping reaches any more.
# They are texts with a length elsewhere: replaced by as many bytes.
hide_std_paths() {
  REGISTRY=${CARGO_HOME:-$HOME/.cargo}/registry/src perl -0777 -pi -e '
    my $from = $ENV{REGISTRY}; my $to = "crates" . "/" x (length($from) - 6); s/\Q$from\E/$to/g' "$1"
}

# The remapping is easily lost (a new flag, another toolchain), and nobody reads binaries.
refuse_machine_paths() {
  local place
  for place in "$guests" "$HOME/" "${CARGO_HOME:-$HOME/.cargo}"; do
    if LC_ALL=C grep --quiet --text --fixed-strings -- "$place" "$1"; then
      echo "guest/build.sh: $1 contains the path $place" >&2
      exit 1
    fi
  done
}

# record NAME LICENCES FILE...: writes the guest's entry of the manifest, if the results are those to be committed.
record() {
  [[ $results == "$guests/prebuilt" ]] || return 0
  local name=$1 licences=$2
  shift 2
  pack manifest "$results/manifest.json" "$name" "$guests/$name" "$(rustc "${toolchain[@]}" --version)" "$licences" "$@"
}

# licences_of NAME: every crate that is in the guest, as `name version=licence` lines.
licences_of() {
  (cd "$guests/$1" && cargo "${toolchain[@]}" tree --locked --edges normal --target "$target" --prefix none \
    --format '{p}={l}' | sed -E 's/ \([^)]*\)//g; s/^([^ ]+) v/\1 /; s/=$/=unknown/' | sort -u |
    sed -E "s/^glowplug-[^=]*=/&/; s#MIT/Apache-2.0#MIT OR Apache-2.0#g; s#Apache-2.0/MIT#Apache-2.0 OR MIT#g")
}

mkdir -p "$results"
for name in "${names[@]}"; do
  case $name in
  probe)
    build_guest probe
    pack component "$results/probe.wasm" "$results/probe.component.wasm"
    record probe "probe=Apache-2.0;$licences$adapter_licence" probe.wasm probe.component.wasm
    ;;
  shell | coreutils)
    build_guest "$name"
    record "$name" "$name=Apache-2.0;$licences"$'\n'"$(licences_of "$name")" "$name.wasm"
    ;;
  *)
    echo "guest/build.sh: there is no guest $name; there are: ${all[*]}" >&2
    exit 2
    ;;
  esac
done

ls -l "$results"
