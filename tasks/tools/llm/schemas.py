"""Answers that must be JSON of a certain shape: found in the text, mended where models often go wrong, checked."""

import json
import re
from functools import lru_cache
from typing import Any

FENCE = re.compile(r"```(?:json)?\s*\n(.*?)\n\s*```", re.DOTALL)
# LaTeX in JSON: a lone backslash is an error, or, worse, `\frac` is a form feed and "rac".
COMMANDS = ("begin|beta|binom|bar|big[lr]?|boxed|bmod|bf|bullet|bot|frac|forall|neq|nabla|notin|nmid|nleq|ngeq|right|"
            "rightarrow|rho|rangle|rceil|rfloor|root|times|theta|tan|tanh|tau|text|textbf|textit|tfrac|to|top|"
            "triangle|tilde|underline|underbrace|uparrow|upsilon")
LONE = re.compile(rf'\\(?:(\\)|(?=(?:{COMMANDS})(?![a-zA-Z]))|(?=[^"\\/bfnrtu])|(?=u(?![0-9a-fA-F]{{4}})))')
SHOWN = 3  # errors that a correction turn tells
CORRECTIONS = 2
CORRECT = ("Your last answer does not meet the required JSON schema:\n{errors}\n"
           "Answer again with the whole corrected JSON object, and with nothing else.")


def fitted(text: str, schema: str) -> tuple[dict[str, Any] | None, str]:
    """The object that the text holds and that meets the schema; else None and what is wrong, for the model to read."""
    found = _object(text)
    if found is None:
        return None, "- there is no whole JSON object in it"
    errors = [f"- {'/'.join(map(str, error.absolute_path)) or 'the object'}: {error.message[:200]}"
              for _, error in zip(range(SHOWN), _validator(schema).iter_errors(found), strict=False)]
    return (None, "\n".join(errors)) if errors else (found, "")


def _object(text: str) -> dict[str, Any] | None:
    for part in (text, *FENCE.findall(text), text[text.find("{"):]):
        for reading in (mended(part), part):
            try:
                value, _ = json.JSONDecoder(strict=False).raw_decode(reading.strip())
            except (ValueError, RecursionError):
                continue
            if isinstance(value, dict):
                return value
    return None


def mended(text: str) -> str:
    r"""With the backslashes doubled that LaTeX needs and JSON takes for something else.

    >>> print(mended(r'{"a": "\frac{1}{2} \\times \( \n"}'))
    {"a": "\\frac{1}{2} \\times \\( \n"}
    """
    return LONE.sub(lambda lone: "\\\\", text)


@lru_cache(256)
def _validator(schema: str) -> Any:
    from jsonschema import Draft202012Validator  # late: it takes a tenth of a second

    return Draft202012Validator(json.loads(schema))
