"""A process that has imported the large packages and forks for each command: importing takes seconds.

It reads a command a line, as JSON: arguments, working folder, changes of the environment, and the files for
its output; and answers with the exit code. What belongs to localtopics is imported by each command anew.
"""

import gc
import json
import os
import runpy
import sys
from io import FileIO, TextIOWrapper
from pathlib import Path


def become(command: dict[str, object]) -> None:
    """Be ``python -m localtopics ARGUMENTS`` from here on."""
    os.chdir(str(command["cwd"]))
    os.environ.update(dict(command["environment"]))  # type: ignore[call-overload]
    for number, name in ((0, os.devnull), (1, command["stdout"]), (2, command["stderr"])):
        opened = os.open(str(name), os.O_RDONLY if number == 0 else os.O_WRONLY)
        os.dup2(opened, number)
    sys.stdin = TextIOWrapper(FileIO(0, "r", closefd=False), encoding="utf-8")
    sys.stdout = TextIOWrapper(FileIO(1, "w", closefd=False), encoding="utf-8", write_through=True)
    sys.stderr = TextIOWrapper(
        FileIO(2, "w", closefd=False), encoding="utf-8", errors="backslashreplace", write_through=True
    )
    sys.argv = ["localtopics", *command["arguments"]]  # type: ignore[misc]
    sys.path[0] = str(Path.cwd())
    runpy.run_module("localtopics", run_name="__main__", alter_sys=True)


def main() -> None:
    import bertopic
    import hdbscan
    import llama_cpp
    import matplotlib.figure
    import sentence_transformers
    import umap

    assert all((bertopic, hdbscan, llama_cpp, matplotlib, sentence_transformers, umap))
    assert not any(name.partition(".")[0] == "localtopics" for name in sys.modules)
    gc.freeze()  # so that a fork does not copy what is never changed
    for line in sys.stdin:
        child = os.fork()
        if not child:
            become(json.loads(line))
            return
        sys.stdout.write(f"{os.waitstatus_to_exitcode(os.waitpid(child, 0)[1])}\n")
        sys.stdout.flush()


if __name__ == "__main__":
    main()
