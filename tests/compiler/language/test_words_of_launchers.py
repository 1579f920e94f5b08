"""Words of torchrun, Lightning, Accelerate and their like, for where and how a model is trained: the command line says it here."""

import pytest

from modelc.compiler.api import check

SPEC = """\
modelc: 1
model: {{inputs: {{x: {{shape: [4]}}}}, layers: [{{dense: 1, name: y}}]}}
data: {{source: {{npz: a.npz}}, targets: {{y: {{array: y}}}}}}
train: {{loss: mean_squared_error, optimizer: adam, epochs: 1{}}}
{}
"""
OPTIONS = {
    "`modelc train SPEC --devices 4`": "accelerator devices gpus num_gpus gpus_per_node nGPU strategy ddp tpu_cores world_size device_ids",
    "`modelc train SPEC --coordinator HOST:PORT --processes N": (
        "nnodes num_nodes nproc_per_node nprocs numNodes node_rank local_rank machine_rank num_machines num_processes "
        "master_addr master_port rdzv_endpoint coordinator_address"
    ),
    "`modelc train SPEC --mesh": "mesh device_mesh tensor_parallel tensor_parallel_size model_parallel",
    "--shard params`": "fsdp fsdp_config deepspeed zero_stage sharding",
    "write `axes: {": "logical_axis_rules layout_map sharding_rules",
}


@pytest.mark.parametrize(
    ("option", "word"), [(option, word) for option, words in OPTIONS.items() for word in words.split()]
)
def test_words_of_launchers_are_answered_with_what_says_it_here(option: str, word: str) -> None:
    for text in (SPEC.format(f", {word}: 4", ""), SPEC.format("", f"{word}: 4")):
        (problem,) = check(text, "spec.yaml").problems
        assert (problem.code, problem.path[-1]) == ("E102", word)
        given = " ".join((*problem.helps, problem.suggestion.help if problem.suggestion else ""))
        assert option in given
        # No word of the spec itself is put in its place.
        assert problem.fix is None
