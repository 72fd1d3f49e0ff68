"""What the workers run, timed at the models' true size beside plain diffusers and transformers."""
