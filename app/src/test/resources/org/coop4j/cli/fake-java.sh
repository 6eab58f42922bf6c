#!/usr/bin/env bash
for word; do
    case $word in
        -XX:DumpLoadedClassList=*) touch "${word#*=}" ;;
        -XX:SharedClassListFile=*) classes=${word#*=} ;;
        -XX:SharedArchiveFile=*) archive=${word#*=} ;;
    esac
done
case " $* " in
    *" -Xshare:dump "*)
        sleep 0.01
        cp "$classes" "$archive" && echo archive >>"$RECORDS/java"
        exit
        ;;
esac
if [[ $* = *FirstRun* ]]; then
    mkdir -p "${!#}" && touch "${!#}/library.so"
    exit "${FIRST_RUN:-0}"
fi
if [ -n "${archive:-}" ]; then echo "with archive"; fi
echo "$@" >"$RECORDS/options"
echo "${LC_ALL:-}" >"$RECORDS/locale"
echo "$@" | sed 's/.*org.coop4j.cli/ran/'
