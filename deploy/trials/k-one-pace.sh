#!/usr/bin/env bash
# Three nodes whose ticketing takes one call a minute. For MINUTES (6) one of them is killed
# every 45 s, under load, and started again. How far apart are the calls?
source "$(dirname "${BASH_SOURCE[0]}")/rig.sh"
minutes=${MINUTES:-6}

port=$(free_port)
new_primary "$work/primary" "$port"
start_sandbox
echo "any" >"$work/operator.password"
# The ticketing: a box office of ours with a database of its own, behind what notes each call.
ticketing=$(free_port)
write_node ticketing "$ticketing" "sqlite:passerelle.db"
sed -i -e "s/^listen/roles = [\"box_office\"]\nlisten/" -e "s|^\[otipass\]|[access_control]\npassword_file = \"$work/operator.password\"\n&|" "$work/ticketing/passerelle.toml"
serve_node ticketing
until_true 60 is_ready "$ticketing"
noted=$(free_port)
cat >"$work/noted.py" <<'PYTHON'
import http.server, sys, time, urllib.error, urllib.request

listen, to, calls = int(sys.argv[1]), int(sys.argv[2]), sys.argv[3]

class Noted(http.server.BaseHTTPRequestHandler):
    def forward(self):
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        with open(calls, "a") as file:
            print(time.time(), self.path, len(body), file=file)
        headers = {k: v for k, v in self.headers.items() if k.lower() not in ("host", "content-length")}
        request = urllib.request.Request(f"http://127.0.0.1:{to}{self.path}", body or None, headers, method=self.command)
        try:
            answer = urllib.request.urlopen(request)
        except urllib.error.HTTPError as error:
            answer = error
        text = answer.read()
        self.send_response(answer.status)
        self.send_header("Content-Type", answer.headers.get("Content-Type", "application/json"))
        self.send_header("Content-Length", str(len(text)))
        self.end_headers()
        self.wfile.write(text)

    do_GET = do_POST = forward

    def log_message(self, *of):
        pass

http.server.ThreadingHTTPServer(("127.0.0.1", listen), Noted).serve_forever()
PYTHON
start noted python3 "$work/noted.py" "$noted" "$ticketing" "$work/calls"
ports=() running=() nodes=""
for node in node1 node2 node3; do
    ports+=("$(free_port)")
    write_node "$node" "${ports[-1]}" "postgres://passerelle@127.0.0.1:$port/passerelle"
    sed -i -e "s/^listen/roles = [\"gate\"]\nlisten/" -e "s|^\[otipass\]|[access_control]\nurl = \"http://127.0.0.1:$noted/tnci/backend-apis/externalAccessControlService/v1_4\"\npassword_file = \"$work/operator.password\"\n&|" "$work/$node/passerelle.toml"
    serve_node "$node"
    running+=("$last")
    until_true 60 is_ready "${ports[-1]}"
    nodes+="${nodes:+,}$node=http://127.0.0.1:${ports[-1]}"
done
make_tokens node1
rate=${RATE:-3}
start_load
for ((kill = 0; kill < minutes * 60 / 45; kill++)); do
    sleep 45
    at=$((RANDOM % 3))
    killed "${running[at]}"
    serve_node "node$((at + 1))"
    running[at]=$last
done
stop_load

ask_again "${ports[0]}"
nothing_is_missing "$port"
python3 - "$work/calls" <<'PYTHON'
import sys

calls = [(float(at), path.rsplit("/", 1)[-1], int(size)) for at, path, size in map(str.split, open(sys.argv[1]))]
apart = [after[0] - before[0] for before, after in zip(calls, calls[1:])]
print("calls:", ", ".join(f"{at - calls[0][0]:.1f} s {path} ({size} bytes)" for at, path, size in calls))
print(f"closest: {min(apart):.1f} s apart")
sys.exit(min(apart) < 60)
PYTHON
