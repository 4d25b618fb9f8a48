# shellcheck shell=bash
# What the trials share: PostgreSQL servers, a stand-in Otipass, nodes and load, all on
# loopback and in one temporary folder. Sourced, never run. Ends what it started, and
# nothing else.
set -euo pipefail

here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
root=$(cd "$here/../.." && pwd)
passerelle=${PASSERELLE:-$root/target/release/passerelle}
postgresql=${POSTGRESQL:-/usr/lib/postgresql/15/bin}
rate=${RATE:-10}          # checks a second at each node
devices=(PDA01 PDA02 PDA03 PDA04 PDA05 PDA06 PDA07 PDA08)

work=$(mktemp -d "${TMPDIR:-/tmp}/passerelle-trial-XXXXXX")
chmod 755 "$work"
started=()                # processes, the latest last
servers=()                # data folders of PostgreSQL

need() {
    local missing=()
    for program in "$@"; do
        command -v "$program" >/dev/null || [ -x "$program" ] || missing+=("$program")
    done
    if [ ${#missing[@]} -gt 0 ]; then
        echo "missing: ${missing[*]}; install them, or say where they are (trials/README.md)" >&2
        exit 2
    fi
}
need "$passerelle" "$postgresql/postgres" python3 curl setpriv psql

# PostgreSQL refuses to run as root.
of_postgres=(env HOME="$work")
if [ "$(id -u)" = 0 ]; then
    of_postgres=(setpriv --reuid=postgres --regid=postgres --init-groups -- env HOME="$work")
fi
as_postgres() { "${of_postgres[@]}" "$@"; }

folder_for_postgres() {
    mkdir -p "$1"
    if [ "$(id -u)" = 0 ]; then chown postgres:postgres "$1"; fi
    chmod 700 "$1"
}

free_port() {
    python3 -c 'import socket; s = socket.socket(); s.bind(("127.0.0.1", 0)); print(s.getsockname()[1])'
}

clean_up() {
    local status=$? data
    set +e
    for data in "${servers[@]}"; do
        if [ -e "$data/postmaster.pid" ]; then
            signal_server CONT "$data" 2>/dev/null
            as_postgres "$postgresql/pg_ctl" -D "$data" -m immediate -t 10 stop >/dev/null 2>&1
        fi
    done
    for ((at = ${#started[@]} - 1; at >= 0; at--)); do kill -TERM "${started[at]}" 2>/dev/null; done
    for ((at = ${#started[@]} - 1; at >= 0; at--)); do
        for _ in $(seq 50); do kill -0 "${started[at]}" 2>/dev/null || break; sleep 0.1; done
        kill -KILL "${started[at]}" 2>/dev/null
    done
    if [ -n "${KEEP:-}" ] || [ $status != 0 ]; then echo "kept: $work" >&2; else rm -rf "$work"; fi
    exit $status
}
trap clean_up EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND…: in the background, its output in NAME.log; its process is in $last.
start() {
    local name=$1
    shift
    "$@" >>"$work/$name.log" 2>&1 </dev/null &
    last=$!
    started+=("$last")
}

# killed PROCESS: as a crash does, without a word.
killed() {
    kill -KILL "$1"
    wait "$1" 2>/dev/null || true
}

until_true() { # SECONDS COMMAND…
    local end=$((SECONDS + $1))
    shift
    until "$@" >/dev/null 2>&1; do
        if [ $SECONDS -ge $end ]; then
            echo "waited in vain for: $*" >&2
            return 1
        fi
        sleep 0.2
    done
}

# --- PostgreSQL ---

new_primary() { # DATA PORT
    folder_for_postgres "$1"
    as_postgres "$postgresql/initdb" -D "$1" -A trust -U postgres -E UTF8 --locale=C.UTF-8 >/dev/null
    cat >>"$1/postgresql.conf" <<CONF
listen_addresses = '127.0.0.1'
unix_socket_directories = ''
max_connections = ${MAX_CONNECTIONS:-200}
wal_log_hints = on
CONF
    server_up "$1" "$2"
    psql_at "$2" -c "CREATE ROLE passerelle LOGIN" -c "CREATE DATABASE passerelle OWNER passerelle"
}

new_standby() { # DATA PORT PRIMARY-PORT
    folder_for_postgres "$1"
    as_postgres "$postgresql/pg_basebackup" -D "$1" -R -X stream -c fast -h 127.0.0.1 -p "$3" -U postgres
    server_up "$1" "$2"
}

server_up() { # DATA PORT
    servers+=("$1")
    as_postgres "$postgresql/pg_ctl" -D "$1" -o "-p $2" -l "$1/server.log" -w start >/dev/null
}

psql_at() { # PORT ARGUMENTS…
    local port=$1
    shift
    psql -qAtX -v ON_ERROR_STOP=1 -h "${PGHOST:-127.0.0.1}" -p "$port" -U postgres -d "${DATABASE:-postgres}" "$@"
}

# The postmaster first, so that it starts no more; then its children.
signal_server() { # SIGNAL DATA
    local postmaster others
    postmaster=$(head -1 "$2/postmaster.pid")
    # Once it is gone, nobody knows whose they are; and they may be stopped.
    others=$(ps --ppid "$postmaster" -o pid=)
    kill -"$1" "$postmaster"
    # One may have ended meanwhile.
    xargs -r kill -"$1" <<<"$others" 2>/dev/null || true
}

# --- Passerelle ---

start_sandbox() {
    python3 "$here/load.py" cards --count 40000 --passes "$work/passes.csv"
    sandbox_port=$(free_port)
    start sandbox "$passerelle" sandbox --passes "$work/passes.csv" --listen "127.0.0.1:$sandbox_port"
    until_true 20 curl -sf "http://127.0.0.1:$sandbox_port/sandbox/faults"
}

# write_node NAME PORT DATABASE-URL: its folder and configuration.
write_node() {
    mkdir -p "$work/$1"
    cp "$root"/examples/villeneuve/{site.toml,catalogue.toml,mapping.json} "$work/$1/"
    cat >"$work/$1/passerelle.toml" <<CONF
[server]
listen = "127.0.0.1:$2"
[database]
url = "$3"
[set_up]
site = "site.toml"
catalogue = "catalogue.toml"
mapping = "mapping.json"
[otipass]
url = "http://127.0.0.1:$sandbox_port/api"
username = "villeneuve"
[external_sales]
every_s = 5
[support]
events_file = "events.jsonl"
CONF
}

serve_node() { # NAME
    PASSERELLE_LOG=${PASSERELLE_LOG:-info} start "$1" "$passerelle" serve --config "$work/$1/passerelle.toml"
}

# start_nodes DATABASE-URL: node1 and node2, the devices' tokens, and their ports.
start_nodes() {
    ports=()
    for node in node1 node2; do
        ports+=("$(free_port)")
        write_node "$node" "${ports[-1]}" "$1"
        serve_node "$node"
        until_true 60 is_ready "${ports[-1]}"
    done
    nodes="node1=http://127.0.0.1:${ports[0]},node2=http://127.0.0.1:${ports[1]}"
    make_tokens node1
}

is_ready() { curl -sf -m 5 "http://127.0.0.1:$1/health/ready"; }

make_tokens() { # NODE
    for device in "${devices[@]}"; do
        echo "$device $("$passerelle" device token "$device" --config "$work/$1/passerelle.toml" 2>/dev/null)"
    done >"$work/tokens"
}

# Load on all nodes until stop_load; health is asked five times a second.
start_load() { # [OPTIONS…]
    start load python3 "$here/load.py" run --nodes "$nodes" --tokens "$work/tokens" \
        --passes "$work/passes.csv" --rate "$rate" --out "$work" "$@"
    load=$last
    until_true 20 test -s "$work/checks.jsonl"
}

stop_load() {
    kill -TERM "$load"
    wait "$load" || true
}

mark() { echo "$1 $(date +%s.%N)" >>"$work/marks"; }

# ask_again PORT: what got no answer is sent once more, as a device does.
ask_again() {
    python3 "$here/load.py" again --nodes "node=http://127.0.0.1:$1" --tokens "$work/tokens" --out "$work"
}

# nothing_is_missing PORT: who was answered "admitted" is in the database, once.
nothing_is_missing() {
    local database=${CHECKED:-passerelle}
    DATABASE=$database psql_at "$1" -c "SELECT c.check_id FROM gate_check c
        JOIN gate_control_barcode b ON b.check_id = c.check_id WHERE c.admitted = 1" >"$work/kept"
    curl -s "http://127.0.0.1:$sandbox_port/sandbox/log" >"$work/asked.json"
    python3 "$here/load.py" verify --out "$work"
}

report() {
    python3 "$here/load.py" report --out "$work" "$@"
    echo "load of the machine over the last minute: $(cut -d' ' -f1 /proc/loadavg) on $(nproc) cores"
}

# wait_for_standby PORT: until commits wait for the standby.
wait_for_standby() {
    psql_at "$1" -c "ALTER SYSTEM SET synchronous_standby_names = '*'" -c "SELECT pg_reload_conf()" >/dev/null
    is_synchronous() { psql_at "$1" -c "SELECT sync_state FROM pg_stat_replication" | grep -q sync; }
    until_true 20 is_synchronous "$1"
}
