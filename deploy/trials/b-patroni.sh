#!/usr/bin/env bash
# The cluster of ../cluster, from its own files, as machines at 127.0.0.11 (db1), .12 (db2),
# .21 (gate1) and .22 (gate2): three etcd, two PostgreSQL with Patroni, two nodes, HAProxy.
# Under load, through HAProxy: the primary's machine is killed five times, PostgreSQL alone
# twice, then the standby, a node and all of etcd, and the primary freezes. How long is nobody
# answered, and is anything missing that was answered?
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
need etcd patroni haproxy openssl
cluster=$here/../cluster
declare -A address=([db1]=127.0.0.11 [db2]=127.0.0.12 [gate1]=127.0.0.21 [gate2]=127.0.0.22)
declare -A patroni etcd node

# place FILE HOST: a file of ../cluster as it is on that machine.
place() {
    local names=() host
    for host in "${!address[@]}"; do names+=(-e "s/$host\.example\.org/${address[$host]}/g"); done
    # The rest is what several machines on one need: folders, no watchdog, no system log.
    sed "${names[@]}" -e "s/THIS-HOST/$2/; s/THIS-ADDRESS/${address[$2]}/" \
        -e "s|/etc/patroni/server|$work/$2/server|; s|/etc/patroni/post-bootstrap|$work/$2/post-bootstrap|" \
        -e "s|/var/lib/postgresql/15/passerelle|$work/$2/data|; s|/var/lib/postgresql|$work/$2|" \
        -e "s|/var/run/postgresql|$work/$2|; s|/var/lib/etcd/passerelle|$work/$2-etcd|" \
        -e "s|mode: required|mode: \"off\"|; s|/dev/log local0|stdout format raw local0|; /^ *\(user\|group\) haproxy/d" \
        -e "s|/etc/passerelle/database-ca|$work/ca|; s|/etc/haproxy/passerelle.pem|$work/haproxy.pem|" \
        -e "s|https://pass.example.org|http://127.0.0.1:${sandbox_port:-0}|" \
        -e "s|/var/lib/passerelle|$work/$2|; s|:443 ssl|:8443 ssl|" "$cluster/$1"
}

certificates() {
    local days=(-days 2 -nodes -newkey rsa:2048) names
    names=$(printf 'IP:%s,' "${address[@]}")
    (
        cd "$work"
        openssl req -x509 "${days[@]}" -subj "/CN=trial" -keyout ca.key -out ca.pem
        openssl req "${days[@]}" -subj "/CN=passerelle" -keyout server.key -out server.csr
        openssl x509 -req -in server.csr -CA ca.pem -CAkey ca.key -days 2 -out server.pem \
            -extfile <(echo "subjectAltName=${names%,}")
        cat server.pem server.key >haproxy.pem
    ) 2>/dev/null
    chmod 644 "$work/ca.pem"
}

start_etcd() { # HOST
    local variables
    mapfile -t variables < <(place etcd.env "$1" | grep -v '^#')
    start "etcd-$1" env "${variables[@]}" etcd
    etcd[$1]=$last
}

write_database() { # HOST
    folder_for_postgres "$work/$1"
    place patroni.yml "$1" >"$work/$1/patroni.yml"
    cp "$work/server.pem" "$work/server.key" "$cluster/post-bootstrap" "$work/$1/"
    chmod 600 "$work/$1/server.key"
    if [ "$(id -u)" = 0 ]; then chown postgres: "$work/$1"/*; fi
    servers+=("$work/$1/data")
}

start_patroni() { # HOST
    local variables
    mapfile -t variables < <(grep -v '^#' "$cluster/patroni_env.conf")
    start "patroni-$1" "${of_postgres[@]}" env "${variables[@]}" patroni "$work/$1/patroni.yml"
    patroni[$1]=$last
}

is() { curl -sf -m 1 "http://${address[$1]}:8008/$2"; } # HOST WORD
who_is() { local host; for host in db1 db2; do if is $host "$1" >/dev/null; then echo $host; fi; done; }
there_is() { test -n "$(who_is "$1")"; }
both_are_up() { there_is primary && there_is sync; }

start_node() { # HOST
    local url
    url=$(grep -v '^#' <(place environment "$1"))
    # On loopback it would not be encrypted unasked.
    start "$1" env PASSERELLE_LOG=info "$url&sslmode=require" "$passerelle" serve --config "$work/$1/passerelle.toml"
    node[$1]=$last
}

answers() { curl -sf -m 5 "http://${address[$1]}:8480/health/ready"; }

kill_machine() { # HOST
    killed "${patroni[$1]}"
    signal_server KILL "$work/$1/data"
}

settle() { until_true 120 both_are_up && sleep 6; }

start_sandbox
certificates
export TRIAL_CA=$work/ca.pem
for host in db1 db2 gate1; do start_etcd $host; done
for host in db1 db2; do write_database $host; done
start_patroni db1
until_true 60 there_is primary
start_patroni db2
until_true 60 both_are_up
echo "Patroni: primary $(who_is primary), synchronous standby $(who_is sync)"

for host in gate1 gate2; do
    mkdir -p "$work/$host"
    cp "$root"/examples/villeneuve/{site.toml,catalogue.toml,mapping.json} "$work/$host/"
    place passerelle.toml $host >"$work/$host/passerelle.toml"
    (umask 077 && echo secret >"$work/$host/otipass.password")
    start_node $host
    until_true 60 answers $host
done
place haproxy.cfg gate1 >"$work/haproxy.cfg"
start haproxy haproxy -db -f "$work/haproxy.cfg"
nodes="HAProxy=https://${address[gate1]}:8443"
until_true 20 curl -sf --cacert "$TRIAL_CA" "${nodes#*=}/scan"
export PASSERELLE_DATABASE__URL
PASSERELLE_DATABASE__URL="$(grep -v '^#' <(place environment gate1) | cut -d= -f2-)&sslmode=require"
make_tokens gate1

rate=$((2 * rate))
start_load --watch "gate1=http://${address[gate1]}:8480,gate2=http://${address[gate2]}:8480"
sleep 5

for time in 1 2 3 4 5; do
    lost=$(who_is primary)
    mark "machine-$time"
    kill_machine "$lost"
    until_true 60 there_is primary
    sleep 3
    start_patroni "$lost"
    settle
done
for time in 1 2; do
    lost=$(who_is primary)
    mark "postgresql-$time"
    signal_server KILL "$work/$lost/data"
    sleep 5
    settle
done
# The watchdog, which a trial must not have, is this script: it resets a machine whose Patroni
# says nothing for 5 s (ttl less its safety margin). Without one it may end badly: ../cluster/README.md.
lost=$(who_is primary)
mark frozen
kill -STOP "${patroni[$lost]}"
signal_server STOP "$work/$lost/data"
sleep 5
mark reset
kill_machine "$lost"
sleep 15
start_patroni "$lost"
until_true 60 there_is primary
settle
# Without a word, as when the power goes: a process that is killed has its connections closed.
lost=$(who_is sync)
mark standby
kill -STOP "${patroni[$lost]}"
signal_server STOP "$work/$lost/data"
sleep 25
mark standby-back
signal_server CONT "$work/$lost/data"
kill -CONT "${patroni[$lost]}"
settle
mark node
killed "${node[gate2]}"
sleep 8
mark node-back
start_node gate2
sleep 10
mark etcd
for host in db1 db2 gate1; do killed "${etcd[$host]}"; done
sleep 25
mark etcd-back
for host in db1 db2 gate1; do start_etcd $host; done
sleep 10
settle
curl -s "http://${address[db1]}:8008/metrics" >"$work/patroni.metrics"
stop_load

report --marks "$(cut -d' ' -f1 "$work/marks" | paste -sd,)"
primary=$(who_is primary)
ask_again_at() { python3 "$here/load.py" again --nodes "node=http://$1:8480" --tokens "$work/tokens" --out "$work"; }
ask_again_at "${address[gate1]}"
export PGHOST=${address[$primary]} PGPASSWORD PGSSLMODE=require
PGPASSWORD=$(grep SUPERUSER "$cluster/patroni_env.conf" | cut -d= -f2)
nothing_is_missing 5432
