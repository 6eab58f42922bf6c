#!/bin/sh
# Makes the shipped model: fetches the packages and prepares the pictures unless WORK has them, trains
# on drawings and photographs, first on whole pictures and then with boxes exchanged, and packs what was trained.
#
#   tools/pretrain/make-model.sh WORK TINY_IMAGENET CALTECH101 [SEED]
#
# With seed 1, the default, the result replaces src/main/resources/org/coop4j/clip/coop4j-small.packed;
# with another it stays in WORK. Interrupted, the same command goes on after the last checkpoint.
set -eu
[ $# -ge 3 ] && [ $# -le 4 ] || { echo "usage: $0 WORK TINY_IMAGENET CALTECH101 [SEED]" >&2; exit 2; }
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
mkdir -p "$1"
work=$(cd "$1" && pwd)
seed=${4:-1}
[ -d "$work/sources" ] || "$here/fetch.sh" "$work"
[ -f "$work/pairs.csv" ] || "$here/prepare.sh" "$work" "$2" "$3"
mvn -q -B -f "$repository/pom.xml" -pl tools/pretrain -am -DskipTests package
program() {
    java -Djava.awt.headless=true --enable-native-access=ALL-UNNAMED -cp "$here/target/classes:$(cat "$here/target/classpath.txt")" "org.coop4j.pretrain.$@"
}
# train CONFIG RUN WHERE_TO_BEGIN...
train() {
    config=$here/$1
    run=$2
    shift 2
    resume=
    [ ! -f "$run/config.json" ] || resume=--resume
    program Pretrain pretrain "$@" --config "$config" --seed "$seed" \
        --train "$work/pairs.csv" --val "$work/photographs-val.csv" -o "$run" $resume
}
first=$work/run-seed$seed
second=$work/run-seed$seed-cutmix
train training.json "$first" --arch "$here/architecture.json"
train training-cutmix.json "$second" --from "$first/model.safetensors"
packed=$work/coop4j-small-seed$seed.packed
program PackModel "$second/model.safetensors" "$packed"
[ "$seed" != 1 ] || cp "$packed" "$repository/src/main/resources/org/coop4j/clip/coop4j-small.packed"
