#!/usr/bin/env bash
# The image of ../container, run as its README says: ready, checks, commands, an end in order, a
# second one on the same volume, an update. No registry is asked: the base image is made of the
# Debian packages that distroless/cc holds, and the program is one that is built already.
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
root=$here/../..
program=${PASSERELLE:-$root/target/release/passerelle}
for tool in podman python3 curl; do command -v $tool >/dev/null || { echo "needs $tool" >&2; exit 2; }; done
# crun takes cgroups of one kind only.
if mountpoint -q /sys/fs/cgroup/unified; then
    exec unshare --mount bash -c 'umount /sys/fs/cgroup/unified /sys/fs/cgroup/systemd; exec "$0"' "$0"
fi
work=$(mktemp -d)
url=http://127.0.0.1:8480
name=passerelle-trial
# What a small machine may not give.
limits=(--cgroups disabled --ulimit nofile=4096 --ulimit nproc=4096)
clean_up() {
    kill %1 2>/dev/null || true
    podman rm -f -t 0 $name $name-2 >/dev/null 2>&1 || true
    podman volume rm -f $name >/dev/null 2>&1 || true
    podman rmi -f $name localhost/$name-base >/dev/null 2>&1 || true
    rm -rf "$work"
}
trap clean_up EXIT
step() { echo "── $*"; }
until_true() { for _ in $(seq 100); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.1; done; echo "in vain: $*" >&2; podman logs $name >&2; exit 1; }
ready() { curl -sf $url/health/ready; }

step "the base image"
mkdir -p "$work/base/home/nonroot" "$work/base/tmp" "$work/packages" "$work/context"
(cd "$work/packages" && apt-get download -q libc6 libgcc-s1 ca-certificates tzdata base-files >/dev/null 2>&1)
for package in "$work"/packages/*.deb; do dpkg-deb -x "$package" "$work/base"; done
mkdir -p "$work/base/etc/ssl/certs" && cp /etc/ssl/certs/ca-certificates.crt "$work/base/etc/ssl/certs/"
echo 'nonroot:x:65532:65532:nonroot:/home/nonroot:/sbin/nologin' >"$work/base/etc/passwd"
echo 'nonroot:x:65532:' >"$work/base/etc/group"
tar -C "$work/base" -c . | podman import -q - localhost/$name-base >/dev/null

step "the image"
install -D -m 755 "$program" "$work/context/out/usr/local/bin/passerelle"
install -d -m 750 "$work/context/out/var/lib/passerelle" "$work/context/out/etc/passerelle"
{
    printf 'FROM scratch AS build\nCOPY out /out\n'
    sed -n "/^# With authorities/,\$ s|^FROM .*|FROM localhost/$name-base|; /^# With authorities/,\$ p" "$root/deploy/container/Containerfile"
} >"$work/context/Containerfile"
podman build -q --pull=never -t $name "$work/context" >/dev/null
podman image inspect $name --format '{{.Size}} bytes, user {{.Config.User}}, stops by {{.Config.StopSignal}}'

step "one container"
python3 "$here/load.py" cards --count 100 --passes "$work/passes.csv"
"$program" sandbox --passes "$work/passes.csv" >"$work/sandbox.log" 2>&1 &
until_true curl -sf http://127.0.0.1:8490/sandbox/faults
install -d -m 750 -g 65532 "$work/etc" && cp "$root"/examples/villeneuve/{site.toml,catalogue.toml,mapping.json} "$work/etc/"
sed 's|https://pass.example.org/api|http://127.0.0.1:8490/api|' "$root/deploy/one-machine/passerelle.toml" >"$work/etc/passerelle.toml"
echo secret >"$work/etc/otipass.password"
chgrp 65532 "$work/etc"/* && chmod 640 "$work/etc"/*
run() { # NAME: as in the README, but on the network of this machine
    podman run -d --name "$1" --stop-timeout 30 --read-only --tmpfs /tmp --cap-drop all \
        --security-opt no-new-privileges --network host "${limits[@]}" -v "$work/etc:/etc/passerelle:ro" -v $name:/var/lib/passerelle $name >/dev/null
}
run $name
until_true ready
inside() { podman exec $name /usr/local/bin/passerelle "$@"; }
token=$(inside device token PDA01 2>/dev/null)
card=$(sed -n '2s/;.*//p' "$work/passes.csv")
curl -sf $url/api/v1/checks -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
    -d "{\"id\":\"00000000-0000-4000-8000-000000000001\",\"code\":\"$card\",\"scanned_at\":\"$(date -u +%FT%T.000Z)\"}" | cut -c1-80
echo
inside doctor | head -4 || true
inside reconcile | head -4
curl -sf $url/scan >/dev/null
podman exec $name /bin/sh 2>&1 | head -1 || true
inside backup --to /var/lib/passerelle/backup/ | tail -1

step "a second one on the same volume says so, and stops"
if said=$(timeout 20 podman run --rm --name $name-2 --network host "${limits[@]}" -e PASSERELLE_SERVER__LISTEN=127.0.0.1:8482 \
    -v "$work/etc:/etc/passerelle:ro" -v $name:/var/lib/passerelle $name 2>&1); then echo "it ran" >&2; exit 1; fi
grep "another service works on" <<<"$said"

step "an end in order, and another container on the same books"
podman stop $name >/dev/null
podman inspect $name --format 'status {{.State.ExitCode}}'
[ "$(podman inspect $name --format '{{.State.ExitCode}}')" = 0 ]
podman rm $name >/dev/null
run $name
until_true ready
[ "$(inside report attendance --format json | python3 -c 'import json, sys; print(json.load(sys.stdin)["admitted"])')" = 1 ]
echo "the image is in order"
