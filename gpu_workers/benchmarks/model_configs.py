"""Configs of the published models, from their config.json files, and their parameter counts."""

from typing import Any

SDXL_UNET: dict[str, Any] = {
    "sample_size": 128,
    "block_out_channels": (320, 640, 1280),
    "down_block_types": ("DownBlock2D", "CrossAttnDownBlock2D", "CrossAttnDownBlock2D"),
    "up_block_types": ("CrossAttnUpBlock2D", "CrossAttnUpBlock2D", "UpBlock2D"),
    "layers_per_block": 2,
    "attention_head_dim": (5, 10, 20),
    "use_linear_projection": True,
    "addition_embed_type": "text_time",
    "addition_time_embed_dim": 256,
    "transformer_layers_per_block": (1, 2, 10),
    "projection_class_embeddings_input_dim": 2816,
    "cross_attention_dim": 2048,
}
SDXL_VAE: dict[str, Any] = {
    "block_out_channels": (128, 256, 512, 512),
    "layers_per_block": 2,
    "latent_channels": 4,
    "down_block_types": ("DownEncoderBlock2D",) * 4,
    "up_block_types": ("UpDecoderBlock2D",) * 4,
    "sample_size": 1024,
    "scaling_factor": 0.13025,
    "force_upcast": True,
}
CLIP_L: dict[str, Any] = {
    "hidden_size": 768,
    "intermediate_size": 3072,
    "projection_dim": 768,
    "num_attention_heads": 12,
    "num_hidden_layers": 12,
}
CLIP_BIGG: dict[str, Any] = {
    "hidden_size": 1280,
    "intermediate_size": 5120,
    "projection_dim": 1280,
    "num_attention_heads": 20,
    "num_hidden_layers": 32,
    "hidden_act": "gelu",
}
CLIP_MARKS: dict[str, Any] = {
    "vocab_size": 49408,
    "bos_token_id": 0,
    "eos_token_id": 1,
    "pad_token_id": 1,
}
"""The published vocabulary size; the special tokens are those of the tiny tokenizers, in use."""

_WAN: dict[str, Any] = {
    "patch_size": (1, 2, 2),
    "attention_head_dim": 128,
    "in_channels": 16,
    "out_channels": 16,
    "text_dim": 4096,
    "freq_dim": 256,
    "cross_attn_norm": True,
    "qk_norm": "rms_norm_across_heads",
    "rope_max_seq_len": 1024,
}
WAN: dict[str, dict[str, Any]] = {
    "1.3B": {**_WAN, "num_attention_heads": 12, "num_layers": 30, "ffn_dim": 8960},
    "14B": {**_WAN, "num_attention_heads": 40, "num_layers": 40, "ffn_dim": 13824},
}
WAN_VAE: dict[str, Any] = {}
"""diffusers' defaults are Wan 2.1's."""

WAN_TEXT: dict[str, Any] = {"d_model": 4096, "d_kv": 64, "d_ff": 256, "num_heads": 8}
"""As wide as Wan's UMT5, but shallow: a prompt is encoded once, and no benchmark times it."""

QWEN: dict[str, Any] = {
    "vocab_size": 152064,
    "hidden_size": 3584,
    "intermediate_size": 18944,
    "num_hidden_layers": 28,
    "num_attention_heads": 28,
    "num_key_value_heads": 4,
    "max_position_embeddings": 32768,
    "rms_norm_eps": 1e-6,
    "tie_word_embeddings": False,
}
"""Qwen2.5-7B-Instruct."""

PARAMETERS = {
    "SDXL UNet": 2_567_463_684,
    "SDXL VAE": 83_653_863,
    "Wan 1.3B": 1_418_996_800,
    "Wan 14B": 14_288_491_584,
    "Wan VAE": 126_892_531,
    "Qwen 7B": 7_615_616_512,
}
"""Parameter counts of the published weights."""
