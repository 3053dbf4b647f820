"""The door to models: any endpoint that speaks the OpenAI protocol.

    answers = engine(teacher("http://localhost:8000/v1", "my-model")).ask_all(asks)

`ask` says what goes in and what comes out, `endpoint` where, `engine` asks.
"""

from tasks.tools.llm.ask import Ask, Failure, Reply, Turn
from tasks.tools.llm.endpoint import Teacher, teacher

__all__ = ["Ask", "Failure", "Reply", "Teacher", "Turn", "teacher"]
