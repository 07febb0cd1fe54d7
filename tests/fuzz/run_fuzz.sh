#!/bin/sh
# Runs one fuzz target for FUZZ_SECONDS (10) over its corpus; new inputs go to a folder of its own,
# which stays when a fault was found.
set -eu
target=$(realpath "$1")
corpus=$(realpath "$2")
found=$(mktemp -d)
cd "$found"
"$target" "$found" "$corpus" -max_total_time="${FUZZ_SECONDS:-10}" -max_len=4096 -print_final_stats=1 ||
  { echo "the input that failed is in $found" >&2; exit 1; }
cd /
rm -rf "$found"
