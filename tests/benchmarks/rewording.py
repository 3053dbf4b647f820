r"""Competition problems said again by rule, for `tests.benchmarks.decontaminate`: what a careless copyist would change.

    light     LaTeX spelt otherwise, other verbs ("Find" -> "Determine"), a lead-in, a closing request
    framed    light in other frames, written after the rules were done: what they know of `light`'s frames helps nothing
    heavy     light, and synonyms, variables renamed, the question first
    numbers   light, and the numbers changed: a template twin

Deterministic: the same text and place give the same rewording.
"""

import random
import re

LATEX = ((r"\\d?frac(?=\{)", r"\\tfrac"), (r"\\left\b|\\right\b", ""), (r"\\le\b", r"\\leq"), (r"\\ge\b", r"\\geq"),
         (r"\\cdot\b", r"\\times"), (r"\\ldots\b", r"\\dots"), (r"\s*([=+<>])\s*", r" \1 "), (r"\\,|\\;|\\!", ""),
         (r"\^\\circ\b", r"^{\\circ}"), (r"\\text\{([^{}]*)\}", r"\\mathrm{\1}"))
VERBS = (("Find", ("Determine", "Work out")), ("find", ("determine", "work out")),
         ("Compute", ("Calculate", "Evaluate")), ("compute", ("calculate",)), ("Evaluate", ("Compute",)),
         ("Determine", ("Find",)), ("What is", ("Determine", "Find")), ("what is", ("determine",)),
         ("Simplify", ("Reduce to simplest form",)), ("Express", ("Write",)), ("Let", ("Suppose that",)),
         ("Suppose", ("Assume",)), ("Given that", ("It is known that",)), ("How many", ("What is the number of",)),
         ("Solve for", ("Find all values of",)), ("Solve", ("Find the solutions of",)), ("Convert", ("Change",)))
SYNONYMS = (("such that", "so that"), ("equal to", "the same as"), ("integers", "whole numbers"),
            ("integer", "whole number"), ("smallest", "least"), ("largest", "greatest"), ("distinct", "different"),
            ("sum", "total"), ("probability", "chance"), ("possible", "feasible"), ("value", "numerical value"),
            ("length", "measure"), ("each", "every one"), ("exactly", "precisely"), ("contains", "holds"),
            ("chosen", "picked"), ("selected", "picked"), ("satisfies", "fulfils"), ("satisfy", "fulfil"),
            ("is divided by", "gets divided by"), ("below", "here"), ("together", "jointly"), ("remaining", "other"))
LEADS = ("Consider the following problem. ", "Solve this exercise carefully. ", "Here is a question for you. ", "", "")
CLOSINGS = (" Give the answer in simplest form.", " Explain how you got it.", "", "")
OTHER_LEADS = ("My teacher set us the task below for homework. ", "Kindly work through what comes next. ",
               "A puzzle from yesterday's club meeting: ")
OTHER_CLOSINGS = (" Justify all claims along the way.", " Thanks for helping me!", "")
_MATH = re.compile(r"\$\$?[^$]*\$\$?")
_VARIABLE = re.compile(r"(?<![\\A-Za-z])([a-z])(?![A-Za-z])")
_NUMBER = re.compile(r"(?<![\d^_.{])\d{1,4}(?![\d.]\d)")
_SENTENCE = re.compile(r"(?<=[.?])\s+(?=[A-Z])")


def light(text: str, place: int) -> str:
    """Other spelling, other verbs, and words around it."""
    rng = random.Random(f"light {place}")
    return _framed(_verbs(_spelt(text, rng), rng), rng)


def framed(text: str, place: int) -> str:
    """`light` with other words around it."""
    rng = random.Random(f"framed {place}")
    return rng.choice(OTHER_LEADS) + _verbs(_spelt(text, rng), rng) + rng.choice(OTHER_CLOSINGS)


def heavy(text: str, place: int) -> str:
    """`light`, and synonyms, renamed variables, and the question put first."""
    rng = random.Random(f"heavy {place}")
    told = _verbs(_renamed(_spelt(_turned(text), rng), rng), rng)
    for word, other in SYNONYMS:
        told = _outside(told, rf"\b{word}\b", other)
    return _framed(told, rng)


def numbers(text: str, place: int) -> str:
    """`light` with every number that is no exponent or index another; "" where there is none to change."""
    rng = random.Random(f"numbers {place}")
    changed = _NUMBER.sub(lambda match: str(int(match.group()) + rng.choice((1, 2, 3))), text)
    return "" if changed == text else light(changed, place)


def _spelt(text: str, rng: random.Random) -> str:
    for pattern, other in LATEX:
        if rng.random() < 0.7:
            text = _MATH.sub(lambda match, p=pattern, o=other: re.sub(p, o, match.group()), text)  # type: ignore[misc]
    style = rng.randrange(3)
    if style == 0:  # dollars gone where the formula is short
        return re.sub(r"(?<!\$)\$([^$\\]{1,12})\$(?!\$)", r"\1", text)
    return re.sub(r"(?<!\$)\$([^$]+)\$(?!\$)", r"\\(\1\\)", text) if style == 1 else text


def _verbs(text: str, rng: random.Random) -> str:
    for verb, others in VERBS:
        if re.search(rf"\b{verb}\b", text):
            text = re.sub(rf"\b{verb}\b", rng.choice(others), text, count=1)
            break
    return text


def _framed(text: str, rng: random.Random) -> str:
    return rng.choice(LEADS) + text + rng.choice(CLOSINGS)


def _renamed(text: str, rng: random.Random) -> str:
    used = {name for part in _MATH.findall(text) for name in _VARIABLE.findall(part)}
    free = [name for name in "tuvwpqrmn" if name not in used]
    swap = {name: free.pop(rng.randrange(len(free))) for name in sorted(used & set("xyzabc")) if free}
    return _MATH.sub(lambda part: _VARIABLE.sub(lambda name: swap.get(name[1], name[1]), part.group()), text)


def _turned(text: str) -> str:
    sentences = _SENTENCE.split(text.strip())
    return " ".join((sentences[-1], *sentences[:-1])) if len(sentences) > 1 else text


def _outside(text: str, pattern: str, other: str) -> str:
    """A substitution that leaves formulas alone."""
    pieces, end = [], 0
    for part in _MATH.finditer(text):
        pieces += [re.sub(pattern, other, text[end:part.start()]), part.group()]
        end = part.end()
    return "".join((*pieces, re.sub(pattern, other, text[end:])))
