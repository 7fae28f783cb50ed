"""What a scan of onionscout found, held against a list of what it may find.

    findings.py REPORT EXPECTED

EXPECTED has a line for each finding that is known and meant: its name, a tab, and why. Prints what the scanner looked at,
and ends with 1 where it warns of anything else, or where it did not look at enough to mean anything.
"""

import json
import sys

# So many of its checks must have had an answer.
LEAST = 40


def main():
    report = json.load(open(sys.argv[1], encoding="utf-8"))
    lines = [line.rstrip("\n") for line in open(sys.argv[2], encoding="utf-8")]
    expected = dict(line.split("\t", 1) for line in lines if line and not line.startswith("#"))
    findings = report["results"]
    bad = 0
    seen = set()
    for found in findings:
        name, status = found["name"], found["status"]
        known = status in ("ok", "info") or name in expected
        seen.add(name if status not in ("ok", "info") else None)
        bad += not known
        print(f"{'  ' if known else '! '}{status:5} {name}: {json.dumps(found.get('evidence'), ensure_ascii=False)[:160]}")
    for name in sorted(expected.keys() - seen):
        print(f"! {name} is expected and was not found: take it from the list")
        bad += 1
    print(f"{len(findings)} checks, {bad} findings that are not meant")
    if len(findings) < LEAST:
        print("it looked at too little to mean anything")
        return 1
    return 1 if bad else 0


sys.exit(main())
