#!/usr/bin/env bash
echo built >>"$RECORDS/mvn"
while [ -n "${MVN_WAITS:-}" ] && [ ! -f "$RECORDS/go" ]; do sleep 0.1; done
if [ -n "${MVN_FAILS:-}" ]; then echo "[ERROR] ${MVN_SAYS:-does not compile}"; exit 1; fi
mkdir -p "$ROOT/app/target"
touch "$ROOT/library.jar" "$ROOT/app/target/coop4j-app.jar"
printf '%s' "$ROOT/library.jar" >"$ROOT/app/target/classpath.txt"
