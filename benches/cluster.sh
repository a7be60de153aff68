#!/usr/bin/env bash
# Wall-clock times of one extraction: one process with two threads, one with one, one executor with one thread, two
# executors with one thread each, and the CPU time of all processes. They take turns. Usage: benches/cluster.sh [TURNS] [TRACKS] [SECONDS_OF_A_TRACK]
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
    local before
    before=$(date +%s.%N)
    TIMEFORMAT="%U %S"
    { time "$programs/cluster_extract" "$work/music" "$work/out" --keep-manifest "$@" >"$work/log" 2>&1; } 2>"$work/cpu"
    # The processor time of the others of the cluster, in ticks of 10 ms.
    local ticks=0
    for process in "${processes[@]}"; do
        ticks=$((ticks + $(awk '{ print $14 + $15 }' "/proc/$process/stat")))
    done
    awk -v name="$name" -v before="$before" -v after="$(date +%s.%N)" -v ticks="$ticks" \
        '{ printf "%s wall %.2f s, CPU %.2f s: ", name, after - before, $1 + $2 + ticks / 100 }' "$work/cpu"
    grep computed "$work/log"
}
cluster() { # NAME EXECUTORS
    "$programs/cluster_scheduler" --port 50150 2>"$work/scheduler.log" &
    processes=("$!")
    for i in $(seq "$2"); do
        "$programs/cluster_executor" --scheduler-port 50150 --port "$((50150 + i))" --threads 1 2>"$work/executor.log" &
        processes+=("$!")
    done
    sleep 3
    extract "$1" --scheduler df://localhost:50150
    kill "${processes[@]}"
    wait "${processes[@]}" || true
    processes=()
}
processes=()
"$programs/cluster_extract" "$work/music" "$work/out" --rows 10 >"$work/log" 2>&1
echo "$tracks tracks of $seconds s"
for turn in $(seq "$turns"); do
    extract "one process, two threads:" --threads 2
    cluster "two executors:" 2
    extract "one process, one thread:" --threads 1
    cluster "one executor:" 1
done
