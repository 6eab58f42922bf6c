#!/bin/sh
# Makes the shipped model: fetches the packages and prepares the pictures unless WORK has them, trains,
# and packs what was trained.
#
#   tools/pretrain-data/make-model.sh WORK [SEED]
#
# With seed 1, the default, the result replaces src/main/resources/org/coop4j/clip/coop4j-small.packed;
# with another it stays in WORK. Interrupted, the same command goes on after the last checkpoint.
set -eu
[ $# -ge 1 ] && [ $# -le 2 ] || { echo "usage: $0 WORK [SEED]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
seed=${2:-1}
run=$work/run-seed$seed
[ -d "$work/sources" ] || "$here/fetch.sh" "$work"
[ -f "$work/train.csv" ] || "$here/prepare.sh" "$work"
resume=
[ ! -f "$run/config.json" ] || resume=--resume
"$repository/coop" pretrain --arch "$here/architecture.json" --config "$here/training.json" \
    --seed "$seed" --train "$work/train.csv" --val "$work/val.csv" -o "$run" $resume
packed=$work/coop4j-small-seed$seed.packed
"$repository/coop" model pack "$run/model.safetensors" -o "$packed"
[ "$seed" != 1 ] || cp "$packed" "$repository/src/main/resources/org/coop4j/clip/coop4j-small.packed"
