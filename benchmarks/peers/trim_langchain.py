"""Answers with the numbers of the messages that LangChain's trim_messages keeps of a conversation, prompt by prompt."""

import json
import sys
from functools import cache
from importlib.metadata import version

import tiktoken
from langchain_core.messages import AIMessage, HumanMessage, SystemMessage, trim_messages

SAYS = {"user": HumanMessage, "assistant": AIMessage}


def answer(question):
    encode = tiktoken.get_encoding(question["table"]).encode_ordinary
    count_text = cache(lambda text: len(encode(text)))

    def exact(counted):
        inside = sum(count_text(message.content) + question["per_message"] for message in counted)
        return inside + question["per_request"]

    system = SystemMessage(question["system"], id="system")
    said = [SAYS[role](text, id=str(number)) for number, (role, text) in enumerate(question["said"])]
    kept = []
    for number in question["prompts"]:
        trimmed = trim_messages(
            [system, *said[:number]],
            strategy="last",
            include_system=True,
            start_on="human",
            max_tokens=question["room"],
            token_counter=exact,
        )
        kept.append([int(message.id) for message in trimmed if message.id != "system"])
    return {"kept": kept, "version": f"langchain-core {version('langchain-core')}"}


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=out, flush=True)
