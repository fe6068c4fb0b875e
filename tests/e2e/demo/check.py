#!/usr/bin/env python3
"""Reads what `sereno replay FILE --headless --json` printed, lists every change of an alert, and fails unless the demo
tells its story: what must be raised is raised, what was mended is cleared.

    check.py LINES [RECORDING]     RECORDING: times are counted from its beginning, else from the first change
"""
import datetime
import json
import subprocess
import sys

WANTED = [
    ("relay", "finality-stall", ["raised", "cleared"]),
    ("relay", "para-stall", ["raised", "cleared"]),
    ("relay-2024", "runtime-upgraded", ["raised"]),
]


def moment(text):
    return datetime.datetime.fromisoformat(text.replace("Z", "+00:00"))


def header(recording):
    """The first line of a recording."""
    plain = subprocess.run(["zstd", "-dcq", recording], check=True, capture_output=True).stdout
    return json.loads(plain.split(b"\n", 1)[0])


def main():
    with open(sys.argv[1]) as lines:
        changes = [json.loads(line) for line in lines][:-1]
    started = moment(header(sys.argv[2])["started"] if len(sys.argv) > 2 else changes[0]["at"])
    told = {}
    for line in changes:
        alert, change = line["data"]["alert"], line["data"]["change"]
        told.setdefault((line["chain"], alert["detector"]), []).append(change)
        seconds = (moment(line["at"]) - started).total_seconds()
        print(f"{seconds:6.1f} s  {line['chain']:10} {alert['detector']:17} {change:8} {alert['severity']:8} {alert['summary']}")
    for chain, detector, wanted in WANTED:
        found = [c for c in told.get((chain, detector), []) if c != "changed"]
        if found[: len(wanted)] != wanted:
            sys.exit(f"check: {detector} on {chain}: {found or 'never'}, expected {' and '.join(wanted)}")


main()
