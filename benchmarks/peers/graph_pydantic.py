"""Times pydantic-graph on graphs of no-op steps, in memory: a chain and a map."""

import asyncio
import json
import sys
import time
from importlib.metadata import version

from pydantic_graph import GraphBuilder, StepContext, reduce_list_append


async def more(context: StepContext[None, None, int]) -> int:
    return context.inputs + 1


async def items(context: StepContext[None, None, int]) -> list[int]:
    return list(range(context.inputs))


def chain(nodes):
    builder = GraphBuilder(input_type=int, output_type=int)
    before = builder.start_node
    for at in range(nodes):
        step = builder.step(more, node_id=f"n{at}")
        builder.add(builder.edge_from(before).to(step))
        before = step
    builder.add(builder.edge_from(before).to(builder.end_node))
    return builder.build(), 0


def fanout(nodes):
    builder = GraphBuilder(input_type=int, output_type=list[int])
    listed, step = builder.step(items, node_id="items"), builder.step(more, node_id="step")
    joined = builder.join(reduce_list_append, initial_factory=list[int])
    builder.add(
        builder.edge_from(builder.start_node).to(listed),
        builder.edge_from(listed).map().to(step),
        builder.edge_from(step).to(joined),
        builder.edge_from(joined).to(builder.end_node),
    )
    return builder.build(), nodes


SHAPES = {"chain": chain, "fanout": fanout}


def answer(question):
    graph, given = SHAPES[question["shape"]](question["nodes"])
    started = time.perf_counter()
    asyncio.run(graph.run(inputs=given))
    return {"seconds": time.perf_counter() - started, "version": f"pydantic-graph {version('pydantic-graph')}"}


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=out, flush=True)
