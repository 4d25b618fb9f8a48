#!/usr/bin/env bash
# Somebody left a transaction open that holds a device's row of the day: are the other
# devices answered?
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"

port=$(free_port)
new_primary "$work/primary" "$port"
start_sandbox
start_nodes "postgres://passerelle@127.0.0.1:$port/passerelle"

start_load
sleep 6
mark held
{
    echo "BEGIN; UPDATE gate_outcome_day SET checks = checks WHERE device = 'PDA01';"
    sleep 20
    mark released >&2
    echo "ROLLBACK;"
} | DATABASE=passerelle psql_at "$port" >/dev/null
sleep 8
stop_load

echo "a transaction holds the row of PDA01 for 20 s"
report --marks held,released --by device
ask_again "${ports[0]}"
nothing_is_missing "$port"
