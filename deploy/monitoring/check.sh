#!/usr/bin/env bash
# Do the rules hold, and does every metric that rules and dashboard name exist in the
# program? With a node's URL, also: does every expression mean something to Prometheus?
set -euo pipefail
cd "$(dirname "$0")"

promtool check rules alerts.yml
promtool test rules alerts_test.yml
promtool check config --syntax-only prometheus.yml

# Each expression of the dashboard, as a rule of its own, so that promtool reads it.
scratch=$(mktemp -d)
trap 'rm -rf "$scratch"' EXIT
python3 - "$scratch/expressions.yml" <<'PYTHON'
import json, sys
panels = json.load(open("dashboard.json", encoding="utf-8"))["panels"]
rules = [
    {"record": f"panel_{panel['id']}_{target['refId']}",
     "expr": target["expr"].replace("$__rate_interval", "1m").replace("$organisation", "x")}
    for panel in panels for target in panel.get("targets", [])
]
# JSON is YAML.
json.dump({"groups": [{"name": "dashboard", "rules": rules}]}, open(sys.argv[1], "w", encoding="utf-8"))
PYTHON
promtool check rules "$scratch/expressions.yml"

named=$(grep -ohE 'passerelle_[a-z_]+' alerts.yml dashboard.json | sed -E 's/_(sum|count)$//' | sort -u)
known=$(grep -rlE 'metrics::(counter|gauge|histogram)!' ../../crates --include=*.rs |
    xargs grep -ohE '"passerelle_[a-z_]+"' | tr -d '"' | sort -u)
unknown=$(comm -23 <(echo "$named") <(echo "$known"))
if [ -n "$unknown" ]; then
    echo "these metrics do not exist: $unknown" >&2
    exit 1
fi
# The queues are told apart by a label.
for queue in $(grep -ohE 'passerelle_waiting\{of=\\?"[a-z_]+' alerts.yml dashboard.json | grep -oE '[a-z_]+$' | sort -u); do
    if ! grep -q "(\"$queue\", " ../../crates/server/src/health.rs; then
        echo "nothing waits under this name: $queue" >&2
        exit 1
    fi
done
echo "metrics in the program that neither rules nor dashboard show:"
comm -13 <(echo "$named") <(echo "$known") | sed 's/^/  /'

if [ -n "${1:-}" ]; then
    curl -sf "$1/metrics" | promtool check metrics || true
fi
