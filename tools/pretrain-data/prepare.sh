#!/bin/sh
# Makes WORK/images, WORK/train.csv and WORK/val.csv, and the demo's archive and the list of training
# pictures that are committed here, from what fetch.sh left in WORK.
#
#   tools/pretrain-data/prepare.sh WORK
set -eu
[ $# -eq 1 ] || { echo "usage: $0 WORK" >&2; exit 2; }
work=$(cd "$1" && pwd)
here=$(cd "$(dirname "$0")" && pwd)
repository=$(cd "$here/../.." && pwd)
cd "$repository"
mvn -q -B -pl tools/pretrain-data -am -DskipTests package dependency:copy-dependencies
exec java -Djava.awt.headless=true -cp "$here/target/classes:$here/target/lib/*" \
    org.coop4j.pretraindata.PrepareTables \
    "$work" "$here/training-pictures.tsv.gz" "$repository/src/main/resources/org/coop4j/demo/demo.zip"
