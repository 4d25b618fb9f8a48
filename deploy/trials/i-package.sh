#!/usr/bin/env bash
# The life of the Debian package, on this very machine, which may be thrown away: install,
# upgrade under a running service with traffic, a downgrade, remove, purge.
#   cargo xtask package --revision 1 && cargo xtask package --revision 2
#   deploy/trials/machine.sh deploy/trials/i-package.sh target/package/passerelle_0.1.0-{1,2}_amd64.deb
set -euo pipefail
old=${1:?the older package} new=${2:?the newer package}
for path in /etc/passerelle /var/lib/passerelle; do
    if [ -e "$path" ]; then echo "$path is there already: not on a machine that is in use" >&2; exit 2; fi
done
if [ "$(id -u)" != 0 ]; then echo "root installs packages" >&2; exit 2; fi

work=$(mktemp -d)
: >"$work/again"
url=http://127.0.0.1:8480
config=/etc/passerelle/passerelle.toml
api=$url/api/v1
service= traffic=
end() {
    for process in $traffic $service; do kill "$process" 2>/dev/null || true; done
    dpkg --purge passerelle >/dev/null 2>&1 || true
    rm -rf /var/lib/passerelle /etc/passerelle "$work"
    deluser --quiet --system passerelle 2>/dev/null || true
}
trap end EXIT
step() { echo "── $*"; }
is() { if [ "$2" != "$3" ]; then echo "$1: $2 instead of $3" >&2; exit 1; fi; }

as_service() { (cd /var/lib/passerelle && exec runuser -u passerelle -- env PASSERELLE_CONFIG=$config "$@"); }
# The package starts and ends its service where systemd runs; else this does.
runs_systemd() { [ -d /run/systemd/system ]; }
start() {
    if runs_systemd; then
        systemctl start passerelle
    else
        (cd /var/lib/passerelle && exec setpriv --reuid=passerelle --regid=passerelle --init-groups \
            env PASSERELLE_CONFIG=$config /usr/bin/passerelle serve >>"$work/log" 2>&1) &
        service=$!
    fi
    for _ in $(seq 100); do curl -sf "$url/health/live" >/dev/null && return; sleep 0.1; done
    said >&2
    exit 1
}
stop() {
    if runs_systemd; then systemctl stop passerelle; else kill -TERM "$service" && wait "$service" || true; fi
}
said() { if runs_systemd; then journalctl -u passerelle -o cat; else cat "$work/log"; fi; }
# A check every tenth of a second, sent again until it is answered, as devices do.
send() {
    while :; do
        id=$(cat /proc/sys/kernel/random/uuid)
        until answer=$(curl -sf "$api/checks" -H "Authorization: Bearer $token" -H 'Content-Type: application/json' \
            -d "{\"id\":\"$id\",\"code\":\"00029975\",\"scanned_at\":\"$(date -u +%FT%T.000Z)\"}"); do
            echo again >>"$work/again"
            sleep 0.1
        done
        echo "$answer" >>"$work/answers"
        sleep 0.1
    done
}
admitted() { as_service passerelle report attendance --format json | python3 -c 'import json,sys; print(json.load(sys.stdin)["admitted"])'; }

step install
dpkg -i "$old"
is "mode of the configuration" "$(stat -c %A:%U:%G $config)" "-rw-r-----:root:passerelle"
is "mode of the books' folder" "$(stat -c %A:%U /var/lib/passerelle)" "drwxr-x---:passerelle"
runs_systemd || start
for _ in $(seq 100); do if said 2>/dev/null | grep -q /office/welcome; then break; fi; sleep 0.1; done
said | grep -A3 secret
curl -sf "$url/office/welcome" >/dev/null
stop

step "a museum by files, and traffic"
install -m 640 -g passerelle -t /etc/passerelle /usr/share/doc/passerelle/examples/villeneuve/{site.toml,catalogue.toml,mapping.json}
cat >>$config <<'TOML'
[set_up]
site = "site.toml"
catalogue = "catalogue.toml"
mapping = "mapping.json"
[otipass]
url = "http://127.0.0.1:9/api"
username = "nobody"
repeat_window_s = 0
TOML
printf nobody >/etc/passerelle/otipass.password && chgrp passerelle /etc/passerelle/otipass.password && chmod 640 /etc/passerelle/otipass.password
sed -i 's/^username = "nobody"/&\npassword_file = "otipass.password"/' $config
start
token=$(as_service passerelle device token PDA01 2>/dev/null)
send &
traffic=$!
sleep 3

step "upgrade under the running service"
dpkg -i "$new"
grep -q repeat_window_s $config
runs_systemd || stop
start
sleep 2

step "a downgrade is refused"
if dpkg -i "$old" 2>"$work/refused"; then echo "it was not" >&2; exit 1; fi
grep -q "is older than" "$work/refused"
is "what is installed" "$(dpkg-query -W -f '${Version}' passerelle)" "$(dpkg-deb -f "$new" Version)"
curl -sf "$url/health/live" >/dev/null

kill "$traffic" && wait "$traffic" 2>/dev/null || true
answered=$(grep -c '"admitted":true' "$work/answers")
kept=$(admitted)
echo "answered as admitted: $answered; in the books: $kept; sent again: $(wc -l <"$work/again")"
# The one that was on the way when the traffic ended may be kept and unheard.
[ "$answered" -gt 20 ] && [ "$kept" -ge "$answered" ] && [ "$kept" -le $((answered + 1)) ]

step remove
runs_systemd || stop
dpkg -r passerelle
! curl -s "$url/health/live"
[ -e $config ] && [ -e /var/lib/passerelle/passerelle.db ] && [ ! -e /usr/bin/passerelle ]

step "install again, and the books are there"
dpkg -i "$new"
is "admitted" "$(admitted)" "$kept"

step purge
if runs_systemd; then systemctl is-active --quiet passerelle; fi
dpkg --purge passerelle
[ ! -e $config ] && [ -e /etc/passerelle/otipass.password ] && [ -e /var/lib/passerelle/passerelle.db ]
echo "the package's life is in order"
