"""The layers, one class in one file; activations in one. These tables are the list: what is not here does not exist."""

from typing import Annotated

from modelc.compiler.activation import Activation
from modelc.compiler.layer import Layer
from modelc.compiler.named import Chosen, Table

ACTIVATIONS: Table[Activation] = Table(
    "activation",
    {
        "elu": "layers.activations:Elu",
        "exponential": "layers.activations:Exponential",
        "gelu": "layers.activations:Gelu",
        "hard_sigmoid": "layers.activations:HardSigmoid",
        "leaky_relu": "layers.activations:LeakyRelu",
        "linear": "layers.activations:Linear",
        "log_softmax": "layers.activations:LogSoftmax",
        "relu": "layers.activations:Relu",
        "relu6": "layers.activations:Relu6",
        "selu": "layers.activations:Selu",
        "sigmoid": "layers.activations:Sigmoid",
        "silu": "layers.activations:Silu",
        "softmax": "layers.activations:Softmax",
        "softplus": "layers.activations:Softplus",
        "softsign": "layers.activations:Softsign",
        "tanh": "layers.activations:Tanh",
    },
)

LAYERS: Table[Layer] = Table(
    "layer",
    {
        "activation": "layers.activation:ActivationLayer",
        "add": "layers.add:Add",
        "additive_attention": "layers.additive_attention:AdditiveAttention",
        "attention": "layers.attention:Attention",
        "average": "layers.average:Average",
        "avg_pool2d": "layers.avg_pool2d:AvgPool2D",
        "batch_norm": "layers.batch_norm:BatchNorm",
        "bidirectional": "layers.bidirectional:Bidirectional",
        "class_token": "layers.class_token:ClassToken",
        "concatenate": "layers.concatenate:Concatenate",
        "conv2d": "layers.conv2d:Conv2D",
        "dense": "layers.dense:Dense",
        "dot": "layers.dot:Dot",
        "dropout": "layers.dropout:Dropout",
        "einsum_dense": "layers.einsum_dense:EinsumDense",
        "embedding": "layers.embedding:Embedding",
        "flatten": "layers.flatten:Flatten",
        "global_avg_pool2d": "layers.global_avg_pool2d:GlobalAvgPool2D",
        "group_norm": "layers.group_norm:GroupNorm",
        "gru": "layers.gru:GRU",
        "layer_norm": "layers.layer_norm:LayerNorm",
        "layer_scale": "layers.layer_scale:LayerScale",
        "lstm": "layers.lstm:LSTM",
        "max_pool2d": "layers.max_pool2d:MaxPool2D",
        "maximum": "layers.maximum:Maximum",
        "minimum": "layers.minimum:Minimum",
        "multi_head_attention": "layers.multi_head_attention:MultiHeadAttention",
        "multiply": "layers.multiply:Multiply",
        "position_embedding": "layers.position_embedding:PositionEmbedding",
        "prelu": "layers.prelu:PRelu",
        "rescaling": "layers.rescaling:Rescaling",
        "reshape": "layers.reshape:Reshape",
        "rms_norm": "layers.rms_norm:RMSNorm",
        "self_attention": "layers.self_attention:SelfAttention",
        "simple_rnn": "layers.simple_rnn:SimpleRNN",
        "subtract": "layers.subtract:Subtract",
        "time_distributed": "layers.time_distributed:TimeDistributed",
        "unit_norm": "layers.unit_norm:UnitNorm",
        **ACTIVATIONS.entries,
    },
)

ActivationField = Annotated[Activation, Chosen(ACTIVATIONS)]
