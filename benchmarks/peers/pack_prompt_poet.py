"""Answers with what prompt-poet keeps. Timed: rendering the template, tokenising and truncating.

It truncates what has the highest number first, so a chunk's number is 1,001 less its priority.
"""

import json
import logging
import sys
import time
from importlib.metadata import version

import tiktoken
from prompt_poet import Prompt

logging.disable(logging.WARNING)

TEMPLATE = """
- name: instruction
  role: system
  content: '{{ escape_special_characters(instruction) }}'
{% for text, rank in chunks %}
- name: chunk
  role: user
  content: '{{ escape_special_characters(text) }}'
  truncation_priority: {{ rank }}
{% endfor %}
- name: task
  role: user
  content: '{{ escape_special_characters(task) }}'
"""


def answer(question):
    encode = tiktoken.get_encoding(question["table"]).encode_ordinary
    ranked = [(text, 1001 - priority) for text, priority in question["chunks"]]
    data = {"instruction": question["instruction"], "task": question["task"], "chunks": ranked}
    started = time.perf_counter()
    prompt = Prompt(
        raw_template=TEMPLATE,
        template_data=data,
        encode_func=encode,
        token_limit=question["room"],
        escaped_single_quote="''",
    )
    prompt.tokenize()
    prompt.truncate(truncation_step=1)
    contents = [message["content"] for message in prompt.messages]
    took_ms = (time.perf_counter() - started) * 1e3
    used = f"prompt-poet {version('prompt_poet')} (with tiktoken {version('tiktoken')})"
    return {"ms": took_ms, "contents": contents, "version": used}


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=out, flush=True)
