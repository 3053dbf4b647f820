"""The door to models: any endpoint that speaks the OpenAI protocol."""

from tasks.tools.llm.ask import Ask, Failure, Reply, Turn

__all__ = ["Ask", "Failure", "Reply", "Turn"]
