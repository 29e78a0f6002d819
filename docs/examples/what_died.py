#!/usr/bin/env python3
"""What died with a node: reads what a receiver of Remora's events has, one JSON object a line, and says for each ledger
(a boot of a node on a RAM root) and source which numbers are missing. Three kinds of lines, mixed as they come:

  journalctl -D /var/log/journal/remote -o json --all      (systemd-journal-remote)
  logcli query '{job="remora",host="n7"}' -o jsonl --limit=0 --since=2h      (Loki)
  zstd -dcq *-n7-*.ndjson.zst*; cat heartbeat-n7-*.json     (files)

`--json` prints an array. docs/after-a-crash.md says what each figure means."""
import bisect, json, sys


class Numbers:
    """Whole numbers as ranges, sorted; most come in order."""

    def __init__(self):
        self.ranges = []

    def add(self, number):
        ranges = self.ranges
        if ranges and ranges[-1][0] <= number:
            last = ranges[-1]
            if number == last[1] + 1:
                last[1] = number
            elif number > last[1]:
                ranges.append([number, number])
            return
        at = bisect.bisect_right(ranges, [number, float("inf")])
        before = ranges[at - 1] if at > 0 else None
        after = ranges[at] if at < len(ranges) else None
        if before and number <= before[1]:
            return
        joins_before = before is not None and before[1] + 1 == number
        joins_after = after is not None and number + 1 == after[0]
        if joins_before and joins_after:
            before[1] = after[1]
            del ranges[at]
        elif joins_before:
            before[1] = number
        elif joins_after:
            after[0] = number
        else:
            ranges.insert(at, [number, number])

    def missing(self, last):
        gaps, expected = [], 1
        for begin, end in self.ranges:
            if begin > expected:
                gaps.append([expected, min(begin - 1, last)])
            expected = end + 1
        if expected <= last:
            gaps.append([expected, last])
        return [gap for gap in gaps if gap[0] <= gap[1]]


def facts(line):
    """Yields ('record', ledger, source, number) or ('heartbeat', object)."""
    entry = json.loads(line)
    if entry.get("heartbeat") == 1:
        yield "heartbeat", entry
        return
    labels = entry.get("labels")
    if "REMORA_HEARTBEAT" in entry:
        yield "heartbeat", json.loads(entry["REMORA_HEARTBEAT"])
    elif isinstance(labels, dict) and labels.get("source") == "heartbeat":
        yield "heartbeat", json.loads(entry["line"])
    elif "REMORA_RECORD" in entry:
        ledger, source, number = entry["REMORA_RECORD"].rsplit(":", 2)
        yield "record", ledger, source, int(number)
    elif isinstance(labels, dict) and "remora_number" in labels:
        yield "record", labels["remora_ledger"], labels["remora_source"], int(labels["remora_number"])
    elif "ledger" in entry and "number" in entry:
        yield "record", entry["ledger"], entry["source"], int(entry["number"])


def read(lines):
    records, beats = {}, {}
    for line in lines:
        if not line.strip():
            continue
        for kind, *what in facts(line):
            if kind == "record":
                ledger, source, number = what
                records.setdefault((ledger, source), Numbers()).add(number)
                continue
            beat = what[0]
            known = beats.get(beat["ledger"])
            if known is None or known["time"] <= beat["time"]:
                beats[beat["ledger"]] = beat
    return records, beats


def report(records, beats):
    keys = set(records) | {(beat["ledger"], source) for beat in beats.values() for source in beat["sources"]}
    for ledger, source in sorted(keys):
        beat = beats.get(ledger)
        told = (beat or {"sources": {}})["sources"].get(source)
        numbers = records.get((ledger, source), Numbers())
        highest = numbers.ranges[-1][1] if numbers.ranges else 0
        last = max(highest, told["last_number"] if told else 0)
        missing = numbers.missing(last)
        yield {
            "node": beat and beat["node"],
            "boot_id": beat and beat["boot_id"],
            "ledger": ledger,
            "source": source,
            "received": sum(end - begin + 1 for begin, end in numbers.ranges),
            "highest_received": highest,
            "last_heartbeat": beat and beat["time"],
            "stopped": bool(beat) and beat["next_seconds"] == 0,
            "last_number": told and told["last_number"],
            "missing": sum(end - begin + 1 for begin, end in missing),
            "missing_ranges": missing,
            "unacknowledged": told and told["held"] + told["quarantined"] + told["lost"],
        }


def main():
    found = list(report(*read(sys.stdin)))
    if "--json" in sys.argv[1:]:
        print(json.dumps(found))
        return
    for one in found:
        where = f"{one['node'] or '?'} {one['boot_id'] or '?'} ledger {one['ledger']}, {one['source']}"
        ranges = ", ".join(f"{a}-{b}" if b > a else str(a) for a, b in one["missing_ranges"][:20])
        print(f"{where}: {one['received']} received, {one['missing']} missing{': ' + ranges if ranges else ''}")
        if one["last_heartbeat"] is None:
            print("  no heartbeat: how much was behind the highest number is not known")
        elif one["last_number"] is None:
            print(f"  the last heartbeat, {one['last_heartbeat']}, knows nothing of this source yet")
        else:
            ends = "it was stopped: nothing was read after it" if one["stopped"] else "what was read after it may be gone as well"
            print(f"  last heartbeat {one['last_heartbeat']}: up to {one['last_number']}, {one['unacknowledged']} of them not acknowledged then; {ends}")


main()
