"""GPU benchmarks: the workers' models at full size against plain diffusers and transformers."""
