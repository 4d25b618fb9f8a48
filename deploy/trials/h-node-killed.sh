#!/usr/bin/env bash
# Two nodes behind HAProxy, by ../cluster/haproxy.cfg without its TLS: one is killed under
# load, comes back, is ended in order, as for an upgrade, and comes back with no address
# of Otipass. What do devices notice? And when only such a node is left, what do people?
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
need haproxy jq

port=$(free_port)
new_primary "$work/primary" "$port"
start_sandbox
start_nodes "postgres://passerelle@127.0.0.1:$port/passerelle"
node1=${started[-2]}
node2=${started[-1]}
front=$(free_port)
sed -e "s/gate1.example.org:8480/127.0.0.1:${ports[0]}/; s/gate2.example.org:8480/127.0.0.1:${ports[1]}/" \
    -e "s/db[12].example.org/127.0.0.1/; s/127.0.0.1:5000/127.0.0.1:$(free_port)/; s/127.0.0.1:8404/127.0.0.1:$(free_port)/" \
    -e "s/THIS-ADDRESS:443 .*/127.0.0.1:$front/; s|/dev/log local0|stdout format raw local0|" \
    -e '/^ *\(user\|group\) haproxy/d' "$here/../cluster/haproxy.cfg" >"$work/haproxy.cfg"
start haproxy haproxy -db -f "$work/haproxy.cfg"
watched=$nodes
nodes="HAProxy=http://127.0.0.1:$front"
rate=$((2 * rate))
until_true 20 curl -sf "http://127.0.0.1:$front/scan"

start_load --watch "$watched"
sleep 6
mark killed
killed "$node2"
sleep 8
mark started
serve_node node2
node2=$last
sleep 12
mark ended
kill -TERM "$node2"
sleep 8
mark incomplete
sed -i '/^\[otipass\]/,/^\[/{/^url/d;/^username/d}' "$work/node2/passerelle.toml"
serve_node node2
sleep 8
stop_load

report --marks killed,started,ended,incomplete
ask_again "${ports[0]}"
nothing_is_missing "$port"

kill -TERM "$node1"
echo "left alone, node2 is $(curl -s "http://127.0.0.1:${ports[1]}/health/ready" | jq -r .status)"
said() { curl -s -o /dev/null -w '%{http_code}' "http://127.0.0.1:$front$1"; }
back_office_is_there() { [[ $(said /office/sign-in) = 200 && $(said /api/v1/device) = 503 ]]; }
until_true 10 back_office_is_there
echo "by HAProxy: the back office is there, devices hear 503"
