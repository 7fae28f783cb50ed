# Sourced by the other scripts here: installs what is missing from Debian's packages, and says so.
# shellcheck shell=bash

# Not everybody's path has the system's own programs.
export PATH=$PATH:/usr/sbin:/sbin

as_root() { if [ "$(id -u)" = 0 ]; then "$@"; else sudo "$@"; fi; }

# needs COMMAND:PACKAGE… - installs the package of each command that is not there.
needs() {
  local pair missing=()
  for pair in "$@"; do
    command -v "${pair%%:*}" >/dev/null && continue
    [[ " ${missing[*]} " == *" ${pair#*:} "* ]] || missing+=("${pair#*:}")
  done
  [ ${#missing[@]} = 0 ] && return 0
  echo "installing from Debian's packages: ${missing[*]}"
  as_root env DEBIAN_FRONTEND=noninteractive apt-get update -qq
  # policy-rc.d keeps Debian from starting a tor daemon: the scripts start their own, on loopback.
  local policy=/usr/sbin/policy-rc.d made=
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' | as_root tee "$policy" >/dev/null
    as_root chmod 755 "$policy"
    made=yes
  fi
  as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null ||
    { [ -n "$made" ] && as_root rm -f "$policy"; echo "apt-get could not install ${missing[*]}" >&2; exit 3; }
  [ -z "$made" ] || as_root rm -f "$policy"
}

# needs_python_venv - python3 can make an environment of its own; Debian packs that apart, without a command.
needs_python_venv() {
  python3 -c 'import ensurepip, venv' 2>/dev/null || needs "python3's venv:python3-venv"
}

# needs_toolchain - stops with a sentence where there is no Rust toolchain.
needs_toolchain() {
  command -v cargo >/dev/null && return 0
  echo "There is no Rust toolchain here. Install Rust 1.95 or newer and run this again." >&2
  exit 2
}

# build_all - everything in one build, so that tests, try and system tests share what was compiled.
build_all() { cargo build --locked --workspace --all-targets; }

# needs_cargo_fuzz - the pinned cargo-fuzz, from crates.io.
needs_cargo_fuzz() {
  [ "$(cargo fuzz --version 2>/dev/null)" = "cargo-fuzz 0.13.2" ] || cargo install --locked cargo-fuzz --version 0.13.2
}

# needs_cargo_llvm_cov - the pinned cargo-llvm-cov, and LLVM's tools of the compiler's own version: those of rustup, or
# Debian's.
needs_cargo_llvm_cov() {
  [ "$(cargo llvm-cov --version 2>/dev/null)" = "cargo-llvm-cov 0.9.1" ] || cargo install --locked cargo-llvm-cov --version 0.9.1
  local host major
  host=$(rustc -vV | sed -n 's/^host: //p') major=$(rustc -vV | sed -n 's/^LLVM version: \([0-9]*\).*/\1/p')
  [ -e "$(rustc --print sysroot)/lib/rustlib/$host/bin/llvm-profdata" ] && return 0
  needs "llvm-profdata-$major:llvm-$major" "llvm-cov-$major:llvm-$major"
  export LLVM_PROFDATA=llvm-profdata-$major LLVM_COV=llvm-cov-$major
}

# needs_cargo_deny - the pinned cargo-deny, from crates.io.
needs_cargo_deny() {
  [ "$(cargo deny --version 2>/dev/null)" = "cargo-deny 0.20.2" ] || cargo install --locked cargo-deny --version 0.20.2
}

# needs_cargo_deb - the pinned cargo-deb, from crates.io.
needs_cargo_deb() {
  [ "$(cargo deb --version 2>/dev/null)" = "cargo-deb 3.7.0" ] || cargo install --locked cargo-deb --version 3.7.0
}

# needs_cargo_mutants - the pinned cargo-mutants, from crates.io.
needs_cargo_mutants() {
  [ "$(cargo mutants --version 2>/dev/null)" = "cargo-mutants 27.0.0" ] || cargo install --locked cargo-mutants --version 27.0.0
}

# needs_rage FOLDER - the pinned rage, from crates.io, beneath this folder.
needs_rage() {
  [ "$("$1/bin/rage" --version 2>/dev/null)" = "rage 0.12.1" ] ||
    CARGO_TARGET_DIR=$1/build cargo install --locked rage --version 0.12.1 --root "$1"
}

# needs_cargo_cyclonedx - the pinned cargo-cyclonedx, from crates.io.
needs_cargo_cyclonedx() {
  [ "$(cargo cyclonedx --version 2>/dev/null)" = "cargo-cyclonedx-cyclonedx 0.5.9" ] ||
    cargo install --locked cargo-cyclonedx --version 0.5.9
}

# joined WORD… - for CARGO_ENCODED_RUSTFLAGS: between two flags stands 1f.
joined() {
  local IFS=$'\x1f'
  printf '%s' "$*"
}

# path_flags SOURCES TARGET - what makes a program in which no path of this machine stands. It replaces .cargo/config.toml.
path_flags() {
  joined --cfg chacha20_avx512 "--remap-path-prefix=$1=/knothole" "--remap-path-prefix=$2=/target" \
    "--remap-path-prefix=${CARGO_HOME:-$HOME/.cargo}=/cargo"
}

# one_file_flags SOURCES TARGET - the same for a program of one file. Randomness comes by the system call itself: the usual
# way looks for libc's function by its name, which such a program does not have.
one_file_flags() {
  joined -C target-feature=+crt-static --cfg 'getrandom_backend="linux_getrandom"' "$(path_flags "$1" "$2")"
}
