"""A scripted server of the OpenAI chat-completions protocol, for development and tests: no key, no network.

`python -m cli.stub_ai` serves it, `gangway dev --stub-ai` does so beside the rest. It answers at once and always
alike; the name of the model chooses what it does (`cli/stub_ai/models.py`).
"""
