"""What each prompt is answered, by kind of prompt. `tasks/scripted/replies.py` puts them together by name.

    solving   worked solutions, programs, turns with tools
    writing   problems, new and rewritten
    judging   marks, flags, verdicts on problems
    abstract  templates of problems, and their programs mended
    shaped    whatever meets a JSON schema: for prompts that none of these knows
"""
