#!/usr/bin/env bash
# synchronous_commit waits for a standby, and the standby is lost: do devices hear within
# their budget? Nobody drops the standby here for 20 s, as Patroni would; then it is dropped.
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"

first=$(free_port)
new_primary "$work/first" "$first"
second=$(free_port)
new_standby "$work/second" "$second" "$first"
wait_for_standby "$first"
start_sandbox
start_nodes "postgres://passerelle@127.0.0.1:$first,127.0.0.1:$second/passerelle"

waiting() {
    psql_at "$first" -c "SELECT count(*) FILTER (WHERE wait_event = 'SyncRep'), count(*)
        FROM pg_stat_activity WHERE usename = 'passerelle'"
}

start_load
sleep 6
mark lost
signal_server KILL "$work/second"
for after in 2 5 10 15 20; do
    sleep $((after == 2 ? 2 : after == 5 ? 3 : 5))
    echo "connections that wait for the standby, and all, ${after} s later: $(waiting)"
done
mark dropped
psql_at "$first" -c "ALTER SYSTEM SET synchronous_standby_names = ''" -c "SELECT pg_reload_conf()" >/dev/null
sleep 10
stop_load

echo "the synchronous standby is lost, and dropped 20 s later"
report --marks lost,dropped
ask_again "${ports[0]}"
nothing_is_missing "$first"
