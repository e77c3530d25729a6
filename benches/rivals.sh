#!/usr/bin/env bash
# W1 and W2 over the year repeated N times: Tanda beside polars and DuckDB, in turn, on this machine.
#
#   benches/rivals.sh [N=30] [RUNS=3]
#
# Needs flights.csv of the full year: FLIGHTS=path, default ../shared/data/flights.csv. Installs polars
# and duckdb with pip into target/rivals. Prints a table with ratios and the budget beside them.
set -euo pipefail
cd "$(dirname "$0")/.."
n=${1:-30} runs=${2:-3}
flights=${FLIGHTS:-../shared/data/flights.csv}
if [ ! -f "$flights" ]; then
    echo "SKIPPED: no $flights; name the full year's file with FLIGHTS=path"
    exit 0
fi
cargo build --release --quiet
work=target/rivals
mkdir -p "$work"
if [ ! -x "$work/venv/bin/python" ]; then
    python3 -m venv "$work/venv"
    "$work/venv/bin/pip" install --quiet polars==2.1.0 duckdb==2.0.0
fi
exec "$work/venv/bin/python" benches/rivals/compare.py "$flights" "$n" "$runs" "$work"
