#!/usr/bin/env bash
# Two nodes through PgBouncer in transaction mode, by ../cluster/pgbouncer.ini: how many
# connections reach PostgreSQL, and what a restart of either costs.
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
need pgbouncer

port=$(free_port)
new_primary "$work/primary" "$port"
pooler=$(free_port)
folder_for_postgres "$work/pgbouncer"
# Without TLS and passwords, which trial b has; the rest as it stands.
sed -e "s/^listen_port = .*/listen_port = $pooler/; s/port=5000/port=$port/" \
    -e "s/^auth_type = .*/auth_type = trust/; s|^auth_file = .*|auth_file = $work/userlist.txt|" \
    -e '/^server_tls/d' "$here/../cluster/pgbouncer.ini" >"$work/pgbouncer.ini"
echo '"passerelle" ""' >"$work/userlist.txt"
start_pooler() {
    start pgbouncer "${of_postgres[@]}" pgbouncer "$work/pgbouncer.ini"
    pgbouncer=$last
}
start_pooler
start_sandbox
until_true 10 psql -h 127.0.0.1 -p "$pooler" -U passerelle -d passerelle -c 'SELECT 1'
start_nodes "postgres://passerelle@127.0.0.1:$pooler/passerelle?pgbouncer=true"

start_load
sleep 10
connections=$(psql_at "$port" -c "SELECT count(*) FROM pg_stat_activity WHERE usename = 'passerelle'")
mark pgbouncer-restarted
killed "$pgbouncer"
sleep 1
start_pooler
sleep 12
mark postgresql-restarted
as_postgres "$postgresql/pg_ctl" -D "$work/primary" -o "-p $port" -l "$work/primary/server.log" -m fast -w restart >/dev/null
sleep 12
stop_load

echo "connections from PgBouncer to PostgreSQL under load: $connections"
report --marks pgbouncer-restarted,postgresql-restarted
ask_again "${ports[0]}"
nothing_is_missing "$port"
