#!/bin/sh
# Makes the tables and pictures in WORK from what fetch.sh left there and from the photographs of Tiny
# ImageNet, and the lists of training pictures and the demo's archive that are committed.
#
#   tools/pretrain/prepare.sh WORK TINY_IMAGENET CALTECH101
#
# TINY_IMAGENET is the unpacked tiny-imagenet-200, CALTECH101 the folder of Caltech101 in the layout of
# the CoOp benchmarks (docs/data.md), with its split file.
set -eu
[ $# -eq 3 ] || { echo "usage: $0 WORK TINY_IMAGENET CALTECH101" >&2; exit 2; }
work=$(cd "$1" && pwd)
photographs=$(cd "$2" && pwd)
caltech=$(cd "$3" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
ln -sfn "$photographs" "$work/tiny-imagenet"
cd "$repository"
mvn -q -B -pl tools/pretrain -am -DskipTests package
step() {
    java -Djava.awt.headless=true -cp "$here/target/classes:$(cat "$here/target/classpath.txt")" "org.coop4j.pretraindata.$@"
}
step PrepareTables "$work" "$here/training-pictures.tsv.gz"
step Photographs "$work" "$here/training-photographs.hashes"
step DemoArchive "$work" "$caltech" "$repository/app/src/main/resources/org/coop4j/demo/demo.zip"
