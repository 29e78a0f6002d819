#!/bin/sh
# The stand-in tool of the fault bench: at each run one more, and a check of it, so that a push that mixes two runs shows.
set -eu
count=$(($(cat "$1" 2>/dev/null || echo 0) + 1))
echo "$count" >"$1.new"
mv "$1.new" "$1"
printf '# TYPE bench_count counter\nbench_count %s\n# TYPE bench_check gauge\nbench_check %s\n' "$count" "$((count * 7919 % 10007))"
