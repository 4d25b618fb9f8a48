#!/usr/bin/env bash
# The primary freezes (SIGSTOP) and the standby is promoted: how soon does each node
# answer again, without a restart, and what did its health pages say meanwhile?
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"

first=$(free_port)
new_primary "$work/first" "$first"
second=$(free_port)
new_standby "$work/second" "$second" "$first"
# Without this the standby may lack what was answered last; ASYNCHRONOUS=1 shows it.
[ -n "${ASYNCHRONOUS:-}" ] || wait_for_standby "$first"
start_sandbox
start_nodes "postgres://passerelle@127.0.0.1:$first,127.0.0.1:$second/passerelle"
processes=$(printf '%s ' "${started[@]}")    # the sandbox, node1, node2

start_load
sleep 8
mark frozen
signal_server STOP "$work/first"
sleep "${PROMOTE_AFTER:-1}"
mark promoted
# The new primary has no standby to wait for.
echo "synchronous_standby_names = ''" >>"$work/second/postgresql.auto.conf"
as_postgres "$postgresql/pg_ctl" -D "$work/second" -w promote >/dev/null
sleep 15
stop_load

echo "primary frozen; standby promoted ${PROMOTE_AFTER:-1} s later"
report --marks frozen
report --marks promoted | sed -n 2,6p
for process in $processes; do kill -0 "$process"; done
echo "no node was restarted"
ask_again "${ports[0]}"
nothing_is_missing "$second"

# The old primary comes back, as nobody kept it down, and a node starts anew.
signal_server CONT "$work/first"
killed "$(cut -d' ' -f2 <<<"$processes")"
serve_node node1
sleep 15
connections() { psql_at "$1" -c "SELECT count(*) FROM pg_stat_activity WHERE usename = 'passerelle'"; }
echo "the old primary is back and node1 was started anew: connections to the old one $(connections "$first")," \
    "to the new one $(connections "$second"); node1 ready: $(is_ready "${ports[0]}" >/dev/null && echo yes || echo no)"
