"""Answers with what LangChain's trim_messages keeps. Timed: `trim_messages`; making the messages is not timed.

trim_messages knows no priorities but keeps the last messages, so it gets the chunks in order of priority.
"""

import json
import sys
import time
from importlib.metadata import version

import tiktoken
from langchain_core.messages import HumanMessage, SystemMessage, trim_messages
from langchain_core.messages.utils import count_tokens_approximately


def answer(question):
    encode = tiktoken.get_encoding(question["table"]).encode_ordinary
    ranked = sorted(question["chunks"], key=lambda chunk: chunk[1])
    messages = [SystemMessage(question["instruction"]), *(HumanMessage(text + "\n\n") for text, _ in ranked)]
    messages.append(HumanMessage(question["task"]))

    def exact(counted):
        return sum(len(encode(message.content)) for message in counted)

    started = time.perf_counter()
    kept = trim_messages(
        messages,
        max_tokens=question["room"],
        token_counter=count_tokens_approximately if question.get("approximate") else exact,
        include_system=True,
    )
    took_ms = (time.perf_counter() - started) * 1e3
    contents = [message.content for message in kept]
    return {"ms": took_ms, "contents": contents, "version": f"langchain-core {version('langchain-core')}"}


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=out, flush=True)
