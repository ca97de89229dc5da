"""Stands in for `shopwire edge host`: remembers on disk what it sold, answers late, and can be killed in between."""

import json
import sys
from pathlib import Path

memory, edges = Path(sys.argv[1]), sys.argv[2].split(",")
sold = set(memory.read_text().split()) if memory.exists() else set()


def say(answer: object) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


say({"ready": edges})
for line in sys.stdin:
    command = json.loads(line)
    if "status" in command:
        say({"status": {edge: {"top": len(sold), "acked": len(sold)} for edge in edges}})
        continue
    if "stop" in command:
        break
    ref = command["basket"]["source_ref"]
    if ref not in sold:
        with memory.open("a") as file:
            file.write(f"{ref}\n")
        sold.add(ref)
    if ref == "broken":
        sys.exit(3)
    say({"edge": command["edge"], "source_ref": ref, "sale_id": f"sale-{ref}"})
