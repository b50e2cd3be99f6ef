"""Answers with a workflow of wfcommons, made after real traces: for each task the places of those that it waits for."""

import json
import random
import sys
from importlib.metadata import version

import networkx
import numpy
import wfcommons.wfchef.recipes as recipes
from wfcommons import WorkflowGenerator


def answer(question):
    random.seed(question["seed"])
    numpy.random.seed(question["seed"])
    recipe = getattr(recipes, question["recipe"]).from_num_tasks(num_tasks=question["tasks"])
    try:
        workflow = WorkflowGenerator(recipe).build_workflow()
    except ValueError:  # fewer tasks than the trace that it is made after
        return {"before": [], "version": f"wfcommons {version('wfcommons')}"}
    order = list(networkx.lexicographical_topological_sort(workflow))
    place = {task: index for index, task in enumerate(order)}
    before = [sorted(place[parent] for parent in workflow.predecessors(task)) for task in order]
    return {"before": before, "version": f"wfcommons {version('wfcommons')}"}


out, sys.stdout = sys.stdout, sys.stderr
for line in sys.stdin:
    print(json.dumps(answer(json.loads(line))), file=out, flush=True)
