"""Tiny random adapters for the tiny model, in the file formats of the real ones."""

from pathlib import Path
from typing import Any

_SEED = 1


def controlnet(model: Path, folder: Path) -> Path:
    """Write a ControlNet of the model's shape with weights that change the picture."""
    import torch  # noqa: PLC0415 - it takes seconds to import
    from diffusers import ControlNetModel, UNet2DConditionModel  # noqa: PLC0415 - the same

    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet")
        net: Any = ControlNetModel.from_unet(
            unet, conditioning_channels=3, conditioning_embedding_out_channels=(8, 16)
        )
        with torch.no_grad():
            for name, weight in net.named_parameters():
                if "controlnet" in name:
                    weight.normal_(std=0.5)
        net.save_pretrained(folder)
    return folder


def ip_adapter(model: Path, folder: Path) -> Path:
    """Write an IP-Adapter's weights, and its image encoder in the same folder."""
    import torch  # noqa: PLC0415 - it takes seconds to import
    from diffusers import UNet2DConditionModel  # noqa: PLC0415 - the same
    from safetensors.torch import save_file  # noqa: PLC0415 - the same

    with torch.random.fork_rng():
        torch.manual_seed(_SEED)
        image_encoder: Any = _image_encoder()
        unet = UNet2DConditionModel.from_pretrained(model, subfolder="unet")
        weights = _adapter_weights(unet, int(image_encoder.config.projection_dim))
    image_encoder.save_pretrained(folder / "image_encoder")
    file = folder / "adapter.safetensors"
    save_file(weights, file)
    return file


def lora(model: Path, file: Path) -> None:
    """Write a LoRA of the UNet's attention that changes the picture."""
    import torch  # noqa: PLC0415 - it takes seconds to import
    from diffusers import StableDiffusionXLPipeline, UNet2DConditionModel  # noqa: PLC0415 - the same
    from peft import LoraConfig  # noqa: PLC0415 - the same
    from peft.utils import get_peft_model_state_dict  # noqa: PLC0415 - the same

    with torch.random.fork_rng():
        torch.manual_seed(_SEED + len(file.stem))
        unet: Any = UNet2DConditionModel.from_pretrained(model, subfolder="unet")
        unet.add_adapter(LoraConfig(r=2, target_modules=["to_q", "to_v"]))
        with torch.no_grad():
            for name, weight in unet.named_parameters():
                if "lora_" in name:
                    weight.normal_(std=0.5)
    StableDiffusionXLPipeline.save_lora_weights(
        file.parent, get_peft_model_state_dict(unet), weight_name=file.name
    )


def _image_encoder() -> Any:  # noqa: ANN401 - transformers has no types
    from transformers import (  # noqa: PLC0415 - it takes seconds to import
        CLIPVisionConfig,
        CLIPVisionModelWithProjection,
    )

    config = CLIPVisionConfig(
        hidden_size=16, intermediate_size=32, num_hidden_layers=1, num_attention_heads=2,
        image_size=32, patch_size=16, projection_dim=16,
    )  # fmt: skip
    return CLIPVisionModelWithProjection(config)


def _adapter_weights(unet: Any, width: int) -> dict[str, Any]:  # noqa: ANN401 - the same
    """Return weights in the format of h94/IP-Adapter: cross-attention layers under odd numbers."""
    import torch  # noqa: PLC0415 - it takes seconds to import

    across, tokens = unet.config.cross_attention_dim, 4
    weights = {
        "image_proj.proj.weight": torch.randn(tokens * across, width),
        "image_proj.proj.bias": torch.randn(tokens * across),
        "image_proj.norm.weight": torch.ones(across),
        "image_proj.norm.bias": torch.zeros(across),
    }
    crossing = [name for name in unet.attn_processors if "attn2" in name]
    for place, name in enumerate(crossing):
        layer = unet.get_submodule(name.removesuffix(".processor"))
        for key in ("to_k_ip", "to_v_ip"):
            own = torch.randn(layer.inner_dim, across)
            weights[f"ip_adapter.{2 * place + 1}.{key}.weight"] = own
    return weights
