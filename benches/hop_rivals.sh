#!/usr/bin/env bash
# A batch to another process and back: Tanda's rings beside iceoryx2, in turn, on this machine.
#
#   benches/hop_rivals.sh [ROUNDS=3]
#
# iceoryx2 is measured by a small program of its own: RIVAL=folder of its crate, default
# ../shared/rivals/iox2. It is built into target/rivals; without it the rival is skipped.
set -euo pipefail
cd "$(dirname "$0")/.."
rounds=${1:-3} rival=${RIVAL:-../shared/rivals/iox2} work=$PWD/target/rivals/iox2
cargo bench --quiet -p tanda-benches --bench hop --no-run
if [ -f "$rival/Cargo.toml" ]; then
    mkdir -p "$work"
    cp -r "$rival/." "$work/"
    chmod -R u+w "$work"
    cargo build --quiet --release --manifest-path "$work/Cargo.toml" --target-dir "$work/target"
else
    echo "SKIPPED: iceoryx2, no $rival/Cargo.toml; name its folder with RIVAL=path"
fi
for _ in $(seq "$rounds"); do
    cargo bench --quiet -p tanda-benches --bench hop
    if [ -x "$work/target/release/rival-iox2" ]; then
        for bytes in 64 65536 1048576 67108864; do
            "$work/target/release/rival-iox2" rtt poll "$bytes" 20000 seq
        done
        "$work/target/release/rival-iox2" rtt event 64 5000 seq
    fi
done
