#!/usr/bin/env bash
# The units of ../one-machine under a running systemd, by the steps of its README: the
# doctor, the first start, checks while the process is killed, the end, a second museum.
#   deploy/trials/machine.sh deploy/trials/l-one-machine.sh
set -euo pipefail
here=$(cd "$(dirname "$0")" && pwd)
program=${PASSERELLE:-$here/../../target/release/passerelle}
if [ ! -d /run/systemd/system ]; then echo "no systemd runs: put machine.sh before it" >&2; exit 2; fi
if [ -e /etc/passerelle ]; then echo "/etc/passerelle is there: not on a machine that is in use" >&2; exit 2; fi
work=$(mktemp -d)
url=http://127.0.0.1:8480
config=/etc/passerelle/passerelle.toml
step() { echo "── $*"; }
until_true() { for _ in $(seq 100); do if "$@" >/dev/null 2>&1; then return; fi; sleep 0.1; done; echo "in vain: $*" >&2; journalctl -o cat -n 20 >&2; exit 1; }
ready() { curl -sf "http://127.0.0.1:$1/health/ready"; }
as_service() { runuser -u passerelle -- "$@"; }

python3 "$here/load.py" cards --count 1000 --passes "$work/passes.csv"
"$program" sandbox --passes "$work/passes.csv" >"$work/sandbox.log" 2>&1 &
trap 'kill %1; rm -rf "$work"' EXIT
until_true curl -sf http://127.0.0.1:8490/sandbox/faults

step install
install -m 755 "$program" /usr/local/bin/passerelle
cd "$here/../one-machine"
install -D -m 644 passerelle.sysusers /etc/sysusers.d/passerelle.conf && systemd-sysusers
install -D -m 644 passerelle.tmpfiles /etc/tmpfiles.d/passerelle.conf && systemd-tmpfiles --create passerelle.conf
villeneuve=../../examples/villeneuve
install -m 640 -g passerelle -t /etc/passerelle passerelle.toml $villeneuve/{site.toml,catalogue.toml,mapping.json}
install -m 640 -g passerelle /dev/null /etc/passerelle/otipass.password
install -m 644 passerelle.service passerelle@.service /etc/systemd/system/
systemctl daemon-reload
sed -i 's|https://pass.example.org/api|http://127.0.0.1:8490/api|' $config
echo secret >/etc/passerelle/otipass.password
systemctl enable --quiet --now passerelle
until_true ready 8480
# The example has a mistake for it to find.
as_service passerelle doctor $config | tail -1 || true
journalctl -u passerelle -o cat | grep -A3 secret
systemd-analyze security passerelle | tail -1

step "checks, while the process is killed"
token=$(cd /var/lib/passerelle && as_service passerelle device token PDA01 -c $config 2>/dev/null)
check() { # NUMBER: sent again until it is answered, as a device does
    until curl -sf "$url/api/v1/checks" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
        -d "{\"id\":\"00000000-0000-4000-8000-$(printf %012d "$1")\",\"code\":\"$(sed -n "$(($1 + 1))s/;.*//p" "$work/passes.csv")\",\"scanned_at\":\"$(date -u +%FT%T.000Z)\"}"; do
        echo again >>"$work/again"
        sleep 0.1
    done >>"$work/answers"
    echo >>"$work/answers"
}
for number in $(seq 60); do
    if [ $((number % 20)) = 10 ]; then systemctl kill -s KILL passerelle; killed=$(date +%s%N); fi
    check "$number"
    if [ $((number % 20)) = 10 ]; then echo "killed, and answered again after $((($(date +%s%N) - killed) / 1000000)) ms"; fi
done
answered=$(grep -c '"admitted":true' "$work/answers")
kept=$(cd /var/lib/passerelle && as_service passerelle report attendance -c $config --format json | python3 -c 'import json,sys; print(json.load(sys.stdin)["admitted"])')
echo "answered as admitted: $answered; in the books: $kept; sent again: $(wc -l <"$work/again"); started again by systemd: $(systemctl show -P NRestarts passerelle)"
[ "$answered" = 60 ] && [ "$kept" = 60 ]


step "the end, in order"
systemctl stop passerelle
systemctl show -P Result -P ExecMainStatus passerelle | paste -sd' '
[ "$(systemctl show -P Result passerelle)" = success ]
systemctl start passerelle && until_true ready 8480

step "a second museum"
install -d -m 750 -g passerelle /etc/passerelle/augustins
sed 's|/var/lib/passerelle/|/var/lib/passerelle/augustins/|; s|127.0.0.1:8480|127.0.0.1:8481|' $config >"$work/passerelle.toml"
install -m 640 -g passerelle -t /etc/passerelle/augustins "$work/passerelle.toml" $villeneuve/{site.toml,catalogue.toml,mapping.json} /etc/passerelle/otipass.password
systemctl enable --quiet --now passerelle@augustins
until_true ready 8481
ready 8480 >/dev/null
systemd-analyze security passerelle@augustins | tail -1
ls -ld /var/lib/passerelle /var/lib/passerelle/augustins
echo "the units are in order"
