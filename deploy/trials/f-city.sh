#!/usr/bin/env bash
# A city's museums on one PostgreSQL, one binary: a database each, or with SCHEMAS=1 a schema
# each in one database. Do all serve, and what do they take?
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
museums=${MUSEUMS:-20}
# 12 for each service, and some for the rest.
MAX_CONNECTIONS=$((12 * museums + 20))

port=$(free_port)
new_primary "$work/primary" "$port"
start_sandbox
declare -A at process
for number in $(seq -w "$museums"); do
    name=museum$number
    database=$name
    if [ -n "${SCHEMAS:-}" ]; then
        database=passerelle
        DATABASE=passerelle psql_at "$port" -c "CREATE ROLE $name LOGIN" \
            -c "CREATE SCHEMA $name AUTHORIZATION $name" -c "ALTER ROLE $name SET search_path = $name"
    else
        psql_at "$port" -c "CREATE ROLE $name LOGIN" -c "CREATE DATABASE $name OWNER $name" \
            -c "REVOKE CONNECT ON DATABASE $name FROM PUBLIC"
    fi
    at[$name]=$(free_port)
    write_node "$name" "${at[$name]}" "postgres://$name@127.0.0.1:$port/$database"
    serve_node "$name"
    process[$name]=$last
    until_true 60 is_ready "${at[$name]}"
done

devices=(PDA01)
answered=0
for name in "${!at[@]}"; do
    make_tokens "$name"
    code=$(sed -n 2p "$work/passes.csv" | cut -d';' -f1)
    curl -sf -m 10 "http://127.0.0.1:${at[$name]}/api/v1/checks" -H 'Content-Type: application/json' \
        -H "Authorization: Bearer $(cut -d' ' -f2 "$work/tokens")" \
        -d "{\"id\": \"$(cat /proc/sys/kernel/random/uuid)\", \"code\": \"$code\", \"scanned_at\": \"2026-01-01T00:00:00.000Z\"}" |
        grep -q '"admitted":true' && answered=$((answered + 1))
done
sleep 10
echo "museums: $museums, each with a $([ -n "${SCHEMAS:-}" ] && echo schema || echo database); one check each, admitted: $answered"
echo "connections: $(psql_at "$port" -c "SELECT count(*) FROM pg_stat_activity WHERE usename LIKE 'museum%'")"
memory=$(for pid in "${process[@]}"; do awk '/VmRSS/ {print $2}' "/proc/$pid/status"; done | awk "{ sum += \$1 } END { print sum }")
echo "memory of the services: $((memory / 1024)) MiB, $((memory / 1024 / museums)) MiB each"
