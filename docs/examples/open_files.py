#!/usr/bin/env python3
"""JSON, kept running: open files of the whole node, a frame every ten seconds."""
import json, time

while True:
    used, _, most = map(int, open("/proc/sys/fs/file-nr").read().split())
    values = {"site_files_open": used, "site_files_most": min(most, 2**53)}
    print(json.dumps([{"name": n, "value": v, "type": "gauge"} for n, v in values.items()]))
    print("# EOF", flush=True)
    time.sleep(10)
