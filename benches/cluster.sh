#!/usr/bin/env bash
# Wall-clock times of one extraction: one process with two threads, one with one, one executor with one thread, two
# executors with one thread each. They take turns. Usage: benches/cluster.sh [TURNS] [TRACKS] [SECONDS_OF_A_TRACK]
set -euo pipefail
cd "$(dirname "$0")/.."
turns=${1:-2} tracks=${2:-400} seconds=${3:-10} profile=${PROFILE:-release}
work=$(mktemp -d)
trap 'kill $(jobs -p) 2>/dev/null || true; rm -rf "$work"' EXIT

# Apart, as DataFusion changes the features of what both depend on.
cargo build --locked -p timbral-cluster --profile "$profile" --examples
cargo build --locked -p timbral-synth --profile "$profile" --example write_corpus
programs=${CARGO_TARGET_DIR:-target}/$([ "$profile" = dev ] && echo debug || echo "$profile")/examples
"$programs/write_corpus" "$work/music" "$((tracks / 10))" "$seconds"

# The listing is not part of it.
extract() { # NAME ARGUMENTS...
    local name=$1
    shift
    rm -rf "$work/out/shards"
    local before after
    before=$(date +%s.%N)
    "$programs/cluster_extract" "$work/music" "$work/out" --keep-manifest "$@" >"$work/log" 2>&1
    after=$(date +%s.%N)
    echo "$name $(echo "$after - $before" | bc) s: $(grep computed "$work/log")"
}
cluster() { # NAME EXECUTORS
    "$programs/cluster_scheduler" --port 50150 2>"$work/scheduler.log" &
    local processes=("$!")
    for i in $(seq "$2"); do
        "$programs/cluster_executor" --scheduler-port 50150 --port "$((50150 + i))" --threads 1 2>"$work/executor.log" &
        processes+=("$!")
    done
    sleep 3
    extract "$1" --scheduler df://localhost:50150
    kill "${processes[@]}"
    wait "${processes[@]}" || true
}
"$programs/cluster_extract" "$work/music" "$work/out" --rows 10 >"$work/log" 2>&1
echo "$tracks tracks of $seconds s"
for turn in $(seq "$turns"); do
    extract "one process, two threads:" --threads 2
    cluster "two executors:" 2
    extract "one process, one thread:" --threads 1
    cluster "one executor:" 1
done
