#!/usr/bin/env bash
# Two nodes of an older version (OLD, a program): one after the other is started as the newer
# one (PASSERELLE), under load. The tables change under the old node. Then back to the old one.
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
need "${OLD:?the older program}"
new=$passerelle

port=$(free_port)
new_primary "$work/primary" "$port"
start_sandbox
passerelle=$OLD
start_nodes "postgres://passerelle@127.0.0.1:$port/passerelle"
node1=${started[-2]}
node2=${started[-1]}
steps() { DATABASE=passerelle psql_at "$port" -c "SELECT context || ' ' || max(version) FROM schema_migration GROUP BY context" | sort | paste -sd ' '; }
echo "tables of the old version: $(steps)"

replaced() { # NODE PROCESS PORT
    kill -TERM "$2"
    wait "$2" || true
    serve_node "$1"
    until_true 60 is_ready "$3"
}

start_load
sleep 6
passerelle=$new
mark node1-new
replaced node1 "$node1" "${ports[0]}"
node1=$last
echo "tables beside an old node:  $(steps)"
sleep 10
mark node2-new
replaced node2 "$node2" "${ports[1]}"
sleep 8
passerelle=$OLD
mark node1-old-again
replaced node1 "$node1" "${ports[0]}"
sleep 8
stop_load

report --marks node1-new,node2-new,node1-old-again
ask_again "${ports[1]}"
nothing_is_missing "$port"
