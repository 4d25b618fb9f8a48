#!/usr/bin/env python3
"""Load for the trials: devices that scan cards, and what they were answered.

Only Python's own library. `cards` makes passes; `run` sends checks at an even pace
whatever the answers do, and asks the nodes' health; `again` repeats what got no answer;
`report` and `verify` say what came of it.
"""

import argparse
import http.client
import json
import os
import pathlib
import signal
import ssl
import threading
import time
import urllib.parse
import uuid

# The decision budget, and the half second that a device waits beyond it.
BUDGET_S = 2.0
# Longer than a device waits: how late an answer comes is what is measured.
PATIENCE_S = 12.0
# The authority of what is asked by https.
TLS = ssl.create_default_context(cafile=os.environ.get("TRIAL_CA"))
SERVICES = ["A5CD6", "4D3C1", "CA264", "18B8F", "25165", "3031D"]


def luhn(digits):
    total = 0
    for at, digit in enumerate(reversed(digits)):
        value = int(digit) * (2 if at % 2 == 0 else 1)
        total += value - 9 if value > 9 else value
    return str(-total % 10)


def cards(options):
    services = ",".join(f"PCUMID000FS{service}:*" for service in SERVICES)
    with open(options.passes, "w", encoding="ascii") as file:
        file.write("number;status;duration_days;valid_until;services\n")
        for number in range(1_000_000, 1_000_000 + options.count):
            file.write(f"{number}{luhn(str(number))};active;365;2099-12-31;{services}\n")


def ask(url, path, body=None, token=None, patience=PATIENCE_S):
    """Status and text; no status if there was no answer."""
    address = urllib.parse.urlsplit(url)
    to = (address.hostname, address.port)
    if address.scheme == "https":
        connection = http.client.HTTPSConnection(*to, timeout=patience, context=TLS)
    else:
        connection = http.client.HTTPConnection(*to, timeout=patience)
    headers = {"Content-Type": "application/json"} if body else {}
    if token:
        headers["Authorization"] = f"Bearer {token}"
    try:
        connection.request("POST" if body else "GET", path, body, headers)
        answer = connection.getresponse()
        return answer.status, answer.read().decode("utf-8", "replace")
    except (OSError, http.client.HTTPException) as error:
        return None, type(error).__name__
    finally:
        connection.close()


class Writer:
    """Lines of JSON, from several threads."""

    def __init__(self, path):
        self.file = open(path, "a", encoding="utf-8", buffering=1)
        self.lock = threading.Lock()

    def write(self, row):
        with self.lock:
            self.file.write(json.dumps(row) + "\n")


def check(node, url, token, row, writer):
    begun = time.time()
    body = {key: row[key] for key in ("id", "code", "scanned_at")}
    status, text = ask(url, "/api/v1/checks", json.dumps(body), token)
    row |= {"node": node, "sent": begun, "took": time.time() - begun, "status": status}
    try:
        answer = json.loads(text)
        row |= {
            "outcome": answer.get("outcome") or answer.get("code"),
            "admitted": status == 200 and answer["admitted"] and answer["id"] == row["id"],
        }
    except (ValueError, KeyError):
        row |= {"outcome": text[:80], "admitted": False}
    writer.write(row)


def watch(node, url, path, stop, writer):
    while not stop.wait(0.2):
        begun = time.time()
        status, text = ask(url, path, patience=2.0)
        said = {"at": begun, "took": time.time() - begun, "node": node, "path": path}
        writer.write(said | {"status": status, "text": text[:200]})


def pairs(text):
    return [part.split("=", 1) for part in text.split(",")]


def read_tokens(path):
    lines = pathlib.Path(path).read_text(encoding="ascii").split("\n")
    return [line.split() for line in lines if line]


def run(options):
    out = pathlib.Path(options.out)
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    nodes, tokens = pairs(options.nodes), read_tokens(options.tokens)
    with open(options.passes, encoding="ascii") as file:
        codes = [line.split(";", 1)[0] for line in file][1:]
    checks, health = Writer(out / "checks.jsonl"), Writer(out / "health.jsonl")
    watched = pairs(options.watch) if options.watch else nodes
    for node, url in watched:
        for path in ("/health/live", "/health/ready"):
            threading.Thread(target=watch, args=(node, url, path, stop, health), daemon=True).start()
    asking, begun, sent = [], time.time(), 0
    while not stop.is_set():
        node, url = nodes[sent % len(nodes)]
        device, token = tokens[(sent // len(nodes)) % len(tokens)]
        at = time.time()
        shown = time.strftime("%Y-%m-%dT%H:%M:%S", time.gmtime(at)) + f".{int(at % 1 * 1000):03}Z"
        row = {"id": str(uuid.uuid4()), "device": device, "scanned_at": shown}
        row["code"] = codes[sent % len(codes)]
        thread = threading.Thread(target=check, args=(node, url, token, row, checks), daemon=True)
        thread.start()
        asking.append(thread)
        sent += 1
        stop.wait(max(0.0, begun + sent / (options.rate * len(nodes)) - time.time()))
    for thread in asking:
        thread.join(PATIENCE_S + 1)


def rows(out, name):
    path = pathlib.Path(out) / name
    if not path.exists():
        return []
    return [json.loads(line) for line in path.read_text(encoding="utf-8").splitlines()]


def again(options):
    (_, url), tokens = pairs(options.nodes)[0], dict(read_tokens(options.tokens))
    writer = Writer(pathlib.Path(options.out) / "again.jsonl")
    for row in rows(options.out, "checks.jsonl"):
        if row["status"] != 200:
            known = {key: row[key] for key in ("id", "device", "scanned_at", "code")}
            check("again", url, tokens[row["device"]], known, writer)
    repeated = rows(options.out, "again.jsonl")
    answered = sum(row["status"] == 200 for row in repeated)
    print(f"without an answer at first: {len(repeated)}; asked once more, answered: {answered}")


def verify(options):
    out = pathlib.Path(options.out)
    kept = (out / "kept").read_text(encoding="ascii").split()
    told = [r for name in ("checks.jsonl", "again.jsonl") for r in rows(out, name)]
    admitted = {row["id"] for row in told if row["admitted"]}
    missing = sorted(admitted - set(kept))
    print(f"answered as admitted: {len(admitted)}; of these missing in the database: {len(missing)}")
    print(f"admitted in the database: {len(kept)}, of which nobody was told: {len(set(kept) - admitted)}")
    asked = json.loads((out / "asked.json").read_text(encoding="utf-8"))
    twice = sum(of["validations"] > 1 for of in asked["by_reference"].values())
    print(f"questions to Otipass: {asked['total']['validations']}; checks asked about more than once: {twice}")
    for lost in missing[:5]:
        print(f"  MISSING {lost}")
    raise SystemExit(1 if missing or len(kept) != len(set(kept)) else 0)


def table(head, lines):
    lines = [[str(cell) for cell in line] for line in [head, *lines]]
    widths = [max(len(line[at]) for line in lines) for at in range(len(head))]
    for at, line in enumerate(lines):
        print("  ".join(cell.ljust(width) for cell, width in zip(line, widths)).rstrip())
        if at == 0:
            print("  ".join("─" * width for width in widths))


def gap(answered, since, until):
    """The longest time without an answer of 200: how long, and when it ended."""
    moments = [since, *(m for m in sorted(answered) if since < m < until), until]
    return max((b - a, b) for a, b in zip(moments, moments[1:]))


def moments_of(out):
    lines = (pathlib.Path(out) / "marks").read_text(encoding="ascii").split("\n")
    return [(name, float(at)) for name, at in (line.split() for line in lines if line)]


def report(options):
    checks = rows(options.out, "checks.jsonl")
    end = max(row["sent"] + row["took"] for row in checks)
    by = (lambda r: r[options.by]) if options.by else (lambda r: r["node"])
    wanted = options.marks.split(",") if options.marks else []
    marks = [mark for mark in moments_of(options.out) if mark[0] in wanted] or [("start", 0.0)]
    for at, (name, since) in enumerate(marks):
        until = marks[at + 1][1] if at + 1 < len(marks) else end
        print(f"\nafter {name}:" if since else "\nall:")
        lines = []
        for node in sorted({by(row) for row in checks}):
            mine = [r for r in checks if by(r) == node and since <= r["sent"] < until]
            if not mine:
                continue
            good = [r["sent"] + r["took"] for r in checks if by(r) == node and r["status"] == 200]
            longest, ended = gap(good, since or mine[0]["sent"], until)
            took = sorted(r["took"] for r in mine)
            count = lambda test: sum(1 for r in mine if test(r))
            lines.append([
                node, len(mine),
                count(lambda r: r["status"] == 200),
                count(lambda r: r["status"] == 503),
                count(lambda r: r["status"] not in (200, 503, None)),
                count(lambda r: r["status"] is None),
                f"{longest:.2f} s" + (f", to +{ended - since:.2f}" if since else ""),
                f"{took[len(took) // 2] * 1000:.0f} ms", f"{took[int(len(took) * 0.99)] * 1000:.0f} ms",
                f"{took[-1]:.2f} s", count(lambda r: r["took"] > BUDGET_S),
            ])
        table(["at", "checks", "200", "503", "other", "none", "longest without 200", "median",
               "99 %", "slowest", f"over {BUDGET_S:g} s"], lines)
        if since:
            said(rows(options.out, "health.jsonl"), since, until)
    others = {}
    for row in checks:
        if row["status"] != 200:
            key = (row["status"], row["outcome"])
            others[key] = others.get(key, 0) + 1
    for (status, outcome), number in sorted(others.items(), key=str):
        print(f"  {number} × {status or 'no answer'} {outcome}")


def said(health, since, until):
    """What the health pages said, change by change; seconds after the mark."""
    for node, path in sorted({(row["node"], row["path"]) for row in health}):
        mine = [r for r in health if (r["node"], r["path"]) == (node, path)]
        mine = [r for r in mine if since - 0.5 <= r["at"] < until]
        told, last = [], None
        for row in mine:
            word = str(row["status"] or "none")
            if word != last:
                told.append(f"{word} from {row['at'] + row['took'] - since:+.1f}")
                last = word
        slowest = max((row["took"] for row in mine), default=0)
        print(f"  {node} {path}: {', '.join(told)} (slowest {slowest:.1f} s)")


def main():
    parser = argparse.ArgumentParser(description=__doc__)
    commands = parser.add_subparsers(required=True)
    for name, does, names in [
        ("cards", cards, ["passes", "count"]),
        ("run", run, ["nodes", "tokens", "passes", "rate", "out", "watch"]),
        ("again", again, ["nodes", "tokens", "out"]),
        ("verify", verify, ["out"]),
        ("report", report, ["out", "marks", "by"]),
    ]:
        command = commands.add_parser(name)
        command.set_defaults(does=does)
        for option in names:
            kind = {"count": int, "rate": float}.get(option, str)
            command.add_argument(f"--{option}", type=kind)
    options = parser.parse_args()
    options.does(options)


if __name__ == "__main__":
    main()
