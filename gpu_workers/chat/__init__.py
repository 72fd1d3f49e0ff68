"""Chat worker: language models behind the OpenAI chat-completions protocol."""
