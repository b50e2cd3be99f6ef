"""Answers with what priomptipy renders. Timed: `render` of a tree of elements; building the tree is not timed."""

import asyncio
import json
import sys
import time
from importlib.metadata import version

from priomptipy import Scope, SystemMessage, UserMessage, render


def answer(question):
    chunks = [Scope([text + "\n\n"], absolute_priority=priority) for text, priority in question["chunks"]]
    tree = [SystemMessage(question["instruction"]), UserMessage([*chunks, question["task"]])]
    started = time.perf_counter()
    rendered = asyncio.run(render(tree, {"token_limit": question["room"], "tokenizer": question["table"]}))
    took_ms = (time.perf_counter() - started) * 1e3
    contents = ["".join(message["content"]) for message in rendered["prompt"]["messages"]]
    return {"ms": took_ms, "contents": contents, "version": f"priomptipy {version('priomptipy')}"}


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=out, flush=True)
