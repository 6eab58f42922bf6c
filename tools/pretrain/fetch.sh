#!/bin/sh
# Fetches and unpacks the packages that the pre-training pictures come from, by name and version.
#
#   tools/pretrain/fetch.sh WORK
#
# Needs npm, apt-get (Debian or Ubuntu, after `apt-get update`), dpkg-deb and tar. About 310 MB come
# over the network, once; what is already there is kept. Leaves WORK/sources/NAME/... for prepare.sh.
set -eu
[ $# -eq 1 ] || { echo "usage: $0 WORK" >&2; exit 2; }
mkdir -p "$1/packages" "$1/sources"
work=$(cd "$1" && pwd)
cd "$work/packages"

npm_package() { # folder in WORK/sources, package@version
    [ -d "$work/sources/$1" ] && return
    archive=$(npm pack --silent "$2")
    mkdir "$work/sources/$1.part"
    tar -xzf "$archive" -C "$work/sources/$1.part" --strip-components=1
    mv "$work/sources/$1.part" "$work/sources/$1"
}

debian_package() { # folder in WORK/sources, package, version expected
    [ -d "$work/sources/$1" ] && return
    apt-get download "$2"
    archive=$(ls -t "$2"_*.deb | head -n 1)
    version=$(dpkg-deb -f "$archive" Version)
    case $version in
        $3) ;;
        *) echo "warning: $2 is $version, the published tables were made from $3" >&2 ;;
    esac
    dpkg-deb -x "$archive" "$work/sources/$1.part"
    mv "$work/sources/$1.part" "$work/sources/$1"
}

npm_package noto            emoji-datasource-google@16.0.0
npm_package twemoji         emoji-datasource-twitter@16.0.0
npm_package fluent-3d       @lobehub/fluent-emoji-3d@1.1.0
npm_package fluent-flat     @iconify-json/fluent-emoji-flat@1.2.6
npm_package noto-v1         @iconify-json/noto-v1@1.2.5
npm_package emojione        @iconify-json/emojione@1.2.3
npm_package fxemoji         @iconify-json/fxemoji@1.2.2
npm_package streamline-emojis @iconify-json/streamline-emojis@1.2.4
npm_package game-icons      @iconify-json/game-icons@1.2.4
npm_package icon-park       @iconify-json/icon-park@1.2.4
npm_package flat-color-icons @iconify-json/flat-color-icons@1.2.3
npm_package maki            @iconify-json/maki@1.2.5
npm_package temaki          @iconify-json/temaki@1.2.6
npm_package fa6-solid       @iconify-json/fa6-solid@1.2.4
npm_package ph              @iconify-json/ph@1.2.2
npm_package mdi             @iconify-json/mdi@1.2.3
for set in ultimate plump flex freehand kameleon stickies cyber; do
    npm_package "streamline-$set-color" "@iconify-json/streamline-$set-color@1.2.2"
done
npm_package streamline-color @iconify-json/streamline-color@1.2.2
npm_package emojibase       emojibase-data@17.0.0
debian_package openclipart-png openclipart-png '1:0.18+dfsg-19'
debian_package openclipart-svg openclipart-svg '1:0.18+dfsg-19'
debian_package wordlist        wamerican       '2020.12.07-*'
