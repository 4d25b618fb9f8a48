#!/usr/bin/env bash
# A Prometheus with the rules of ../monitoring scrapes two nodes under load: which panels of
# the dashboard have data, which rules have none to go by, and which alert when a node dies?
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
need prometheus jq

port=$(free_port)
new_primary "$work/primary" "$port"
start_sandbox
start_nodes "postgres://passerelle@127.0.0.1:$port/passerelle"
second=${started[-1]}
web=$(free_port)
cat >"$work/prometheus.yml" <<CONF
global: {scrape_interval: 2s, evaluation_interval: 2s}
rule_files: [$(realpath "$here/../monitoring/alerts.yml")]
scrape_configs:
  - job_name: trial
    static_configs:
      - {targets: ["127.0.0.1:${ports[0]}", "127.0.0.1:${ports[1]}"], labels: {service: passerelle}}
CONF
start prometheus prometheus --config.file="$work/prometheus.yml" --storage.tsdb.path="$work/tsdb" \
    --web.listen-address="127.0.0.1:$web"
start_load
sleep 45

query() { curl -s "http://127.0.0.1:$web/api/v1/query" --data-urlencode "query=$1"; }
echo "panels without data:"
jq -r '.panels[] | .title as $title | .targets[]? | "\($title)\t\(.expr)"' "$here/../monitoring/dashboard.json" |
    while IFS=$'\t' read -r title expression; do
        expression=${expression//\$organisation/trial}
        answer=$(query "${expression//\$__rate_interval/30s}")
        jq -e '.status == "success"' <<<"$answer" >/dev/null || echo "  ERROR $title: $answer"
        jq -e '.data.result | length > 0' <<<"$answer" >/dev/null || echo "  $title: ${expression:0:70}"
    done
alerts() { curl -s "http://127.0.0.1:$web/api/v1/alerts" | jq -r '.data.alerts[] | "  \(.labels.alertname) \(.state)"' | sort -u; }
echo "alerts with all well:"
alerts
killed "$second"
sleep 75
echo "alerts 75 s after a node was killed:"
alerts
stop_load
curl -s "http://127.0.0.1:${ports[0]}/metrics" >"$work/metrics"
echo "metrics without HELP: $(comm -23 <(sed -n 's/^# TYPE \([a-z_]*\).*/\1/p' "$work/metrics" | sort -u) \
    <(sed -n 's/^# HELP \([a-z_]*\).*/\1/p' "$work/metrics" | sort -u) | wc -l) of $(grep -c '^# TYPE' "$work/metrics")"
