"""The augmentations. This registry is the complete list; those that change one image alone are layers as well."""

from modelc.compiler.library.base.registry import Registry
from modelc.compiler.library.contracts.augmentation import Augmentation
from modelc.compiler.library.layers import LAYERS

AUGMENTATIONS: Registry[Augmentation] = Registry(
    Augmentation,
    {
        "cutmix": "augmentations.mixtures:CutMix",
        "mask_tokens": "augmentations.masked_tokens:MaskTokens",
        "mixup": "augmentations.mixtures:MixUp",
        **{
            name: LAYERS.entries[name]
            for name in (
                "random_brightness",
                "random_contrast",
                "random_erasing",
                "random_flip",
                "random_grayscale",
                "random_hue",
                "random_invert",
                "random_rotation",
                "random_saturation",
                "random_sharpness",
                "random_shear",
                "random_translation",
                "random_zoom",
            )
        },
    },
)
