"""One contender in a process of its own, driven by lines of JSON.

It writes a line once it is ready, then one for every line that it reads: the name of
a set of texts. Called by `speed.py`.
"""

import json
import os
import resource
import sys
import time
from pathlib import Path


def main(name: str, folder: str, model: str, texts: str, cpus: str) -> None:
    """Load a contender, then time it on sets of texts.

    name (str): Of the contender.
    folder (str): Of `prepare.py`.
    model (str): The released pipeline.
    texts (str): A JSON file, names of sets with their texts.
    cpus (str): Numbers of the processors to run on, with commas.
    """
    if hasattr(os, "sched_setaffinity"):
        os.sched_setaffinity(0, map(int, cpus.split(",")))
    # What libraries print must not come between the answers.
    answers = os.fdopen(os.dup(1), "w", buffering=1)
    os.dup2(2, 1)
    sets = json.loads(Path(texts).read_text(encoding="utf8"))
    from contenders import CONTENDERS

    begin = time.perf_counter()
    run = CONTENDERS[name].load(Path(folder), model)
    loaded = time.perf_counter()
    run(next(iter(sets.values()))[:1])
    first = time.perf_counter()
    import torch

    print(
        json.dumps(
            {
                "load_seconds": loaded - begin,
                "first_document_seconds": first - loaded,
                "threads": torch.get_num_threads(),
            }
        ),
        file=answers,
    )
    for line in sys.stdin:
        chosen = sets[line.strip()]
        begin = time.perf_counter()
        entities = run(chosen)
        seconds = time.perf_counter() - begin
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
        answer = {
            "seconds": seconds,
            "entities": entities,
            "peak_megabytes": peak >> 10,
        }
        print(json.dumps(answer), file=answers)


if __name__ == "__main__":
    main(*sys.argv[1:])
