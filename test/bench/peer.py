"""What the Python contenders share: the job, the adapter's file, and the line protocol of contender.ts.

The first line out says that everything is loaded. Each line in asks for one optimiser step, and is answered by one line
of JSON. Whatever libraries print goes to standard error.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path

import torch


def read_job():
    return json.loads(Path(sys.argv[1]).read_text())


def status(field):
    """A size out of Linux's account of this process, in bytes; None elsewhere."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith(field + ":"):
                return int(line.split()[1]) * 1024
    except OSError:
        pass
    return None


def memory():
    peak = status("VmHWM")
    if peak is None:
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * (1 if sys.platform == "darwin" else 1024)
    return {"rss": status("VmRSS") or peak, "peakRss": peak}


def serve(job, prepare):
    """Runs steps on request. `prepare` gives the function that trains on a list of examples and returns their loss."""
    out = os.fdopen(os.dup(1), "w")
    os.dup2(2, 1)
    torch.set_num_threads(job["threads"])
    torch.manual_seed(0)

    def say(value):
        out.write(json.dumps(value) + "\n")
        out.flush()

    step = prepare(job)
    say({"ready": f"torch {torch.__version__}, {torch.get_num_threads()} threads", **memory()})
    done = 0
    for _ in sys.stdin:
        examples = [job["examples"][index] for index in job["steps"][done]]
        done += 1
        started = time.perf_counter()
        loss = step(examples)
        seconds = time.perf_counter() - started
        tokens = sum(len(e["prompt"]) + len(e["completion"]) - 1 for e in examples)
        say({"seconds": seconds, "loss": loss, "items": len(examples), "tokens": tokens, **memory()})
