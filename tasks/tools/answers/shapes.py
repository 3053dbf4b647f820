"""What kind of answer a text is, and its parts: number or expression, list, bracket, set, interval, relation, matrix, …

`shape` reads; `compare` judges two shapes, `ranges` computes with intervals.
"""

import re
from collections.abc import Sequence
from functools import lru_cache

from tasks.tools.answers.budget import Undecided
from tasks.tools.answers.latex import Node, Unreadable, number, parse
from tasks.tools.answers.ranges import Shape, cut, overlap
from tasks.tools.answers.tidy import tidy
from tasks.tools.answers.values import same, symbols

MAX_MEMBERS = 200
MAX_ORDER = 5  # of a determinant that is written out
_OPENS, _SHUTS = "([{", ")]}"
_RELATION = re.compile(r"\\(?:le|ge|ne|approx|simeq|sim)(?![A-Za-z])|<=|>=|<|>|!=|≈|=")
_SENSE = {"\\le": "<=", "\\ge": ">=", "\\ne": "!=", "\\approx": "≈", "\\simeq": "≈", "\\sim": "≈"}
FLIPPED = {"<": ">", ">": "<", "<=": ">=", ">=": "<="}
_LEFT = re.compile(r"[A-Za-z](?:_\{?\s*\\?\w+\s*\}?)?(?:\([A-Za-z](?:,\s*[A-Za-z])*\))?|\\[a-z]+|[A-Za-z]+\([a-z]\)")
_NAMES = re.compile(rf"\(\s*(?:{_LEFT.pattern})\s*(?:,\s*(?:{_LEFT.pattern})\s*)+\)")
_RATIO_NAME = re.compile(r"[A-Za-z]+(?:_\{?\w+\}?)?(?:\s*:\s*[A-Za-z]+(?:_\{?\w+\}?)?)+")
_MINUS = re.compile(r"\\setminus(?![A-Za-z])|\\backslash(?![A-Za-z])|(?<=\\\})\s*-\s*(?=\\\{)")
_MATRIX = re.compile(r"[\[(|]?\s*\\begin\{([bpvB]?(?:matrix|array))\}(?:\{[lcr| ]+\})?(.*?)"
                     r"\\end\{\1\}\s*[\])|]?", re.DOTALL)
_CHOICE = re.compile(r"\(?\s*([A-J])\s*\)(?:.*)|([A-J])(?:[.:](?:\s.*)?)?", re.DOTALL)
_SEPARATOR = re.compile(r"\s*(?:,|;|\band\b|\bor\b)\s*(?:\band\b|\bor\b)?\s*")
_COUNTED = {word: value for value, word in enumerate(
    ["zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve"])}
_SAME_WORDS = {
    "infinite": "\\infty", "infinity": "\\infty", "infinitely many": "\\infty",
    "infinitely many solutions": "\\infty",
    "dne": "does not exist", "doesn't exist": "does not exist", "true": "yes", "false": "no", "yes": "yes", "no": "no",
    "no solution": "\\emptyset", "no solutions": "\\emptyset",
    "empty set": "\\emptyset", "no real solutions": "\\emptyset"}


@lru_cache(maxsize=8192)
def shape(text: str) -> Shape:
    """The shape that an answer has; a text that is no mathematics is of kind "text"."""
    read = tidy(text)
    try:
        return _shape(read.text, 0)._replace(read=read)
    except (ValueError, ArithmeticError, RecursionError):  # Unreadable, Undecided, or a text that Python itself refuses
        return Shape("text", words(read.text), read=read)


def words(text: str) -> str:
    """A text for comparison by letters; what says the same in other words is one word."""
    text = re.sub(r"^(?:an?|the)\s+", "", text.strip(), flags=re.IGNORECASE)
    text = re.sub(r",?\s+\b(?:and|&)\b", ",", text.casefold())
    text = " ".join(re.sub(r"[^\w\s/+*^=<>()\[\]{},.\\'-]", " ", text).split()).rstrip(".")
    text = re.sub(r"\s*([,()\[\]{}=+*/^<>-])\s*", r"\1", text)
    return _SAME_WORDS.get(text, text)


def _shape(text: str, depth: int) -> Shape:
    text = text.strip()
    if depth > 8:
        raise Unreadable("nested too deeply")
    if not text:
        raise Unreadable("nothing is written")
    if text.casefold() in _COUNTED:
        return Shape("value", text, number(_COUNTED[text.casefold()]))
    if (same_word := _SAME_WORDS.get(text.casefold(), text if text == "\\infty" else "")):
        return Shape("set" if same_word == "\\emptyset" else "text", same_word)
    if (choice := _CHOICE.fullmatch(text)) and not re.fullmatch(r"\(?[A-J]\)?\s*[-+*/^].*", text):
        return Shape("choice", text, name=choice[1] or choice[2])
    if "\\begin" in text:
        return _matrix(text, depth)
    if text.startswith("Matrix") and (rows := re.fullmatch(r"Matrix\s*\((.*)\)", text, re.DOTALL)):
        return _shape(rows[1], depth + 1)
    if re.search(r"\\ldots|\.\.\.|\\forall|\\exists", text):
        raise Unreadable("dots or quantifiers")
    parts = split(text, _SEPARATOR)
    if len(parts) > 1:
        return _list(text, parts, depth)
    if (relation := _relation(text, depth)) is not None:
        return relation
    return _bracketed(text, depth) or _ratio(text) or Shape("value", text, parse(text))


def _ratio(text: str) -> Shape | None:
    """2:3 and its like; with letters it would be a label ("x: 5") or a table."""
    parts = split(text, re.compile(":")) if ":" in text else []
    if len(parts) < 2:
        return None
    trees = [parse(part) for part in parts]
    if any(map(symbols, trees)):
        raise Unreadable("a label before a value")
    return Shape("ratio", text, parts=tuple(
        Shape("value", part, tree) for part, tree in zip(parts, trees, strict=True)))


def split(text: str, separator: re.Pattern[str]) -> list[str]:
    """The parts between separators that stand in no bracket."""
    parts, depth, start, place = [], 0, 0, 0
    while place < len(text):
        char = text[place]
        depth += (char in _OPENS) - (char in _SHUTS)
        found = separator.match(text, place) if depth == 0 else None
        if found and found.end() > place and found[0].strip():
            parts.append(text[start:place])
            start = place = found.end()
        else:
            place += 1
    parts = [part.strip() for part in [*parts, text[start:]]]
    if len(parts) > MAX_MEMBERS:
        raise Undecided(f"more than {MAX_MEMBERS} members")
    return parts


def _list(text: str, parts: Sequence[str], depth: int) -> Shape:
    if not all(parts):
        raise Unreadable("an empty member")
    members = [_shape(part, depth + 1) for part in parts]
    name = members[0].name if members[0].kind == "assignment" else ""
    if name and all(member.kind == "value" or member.name == name for member in members[1:]):
        members = [member.parts[0] if member.kind == "assignment" else member for member in members]  # x = 1, 2
    kinds = {member.kind for member in members}
    if "intervals" in kinds and kinds <= {"intervals", "assignment"}:
        united = [member.parts if member.kind == "intervals" else (Shape("set", member.text, parts=member.parts),)
                  for member in members]
        # x > 1, x < 3 is both at once; x < 1, x > 3 can only mean one or the other, whatever word stands between
        both = () if re.search(r"\bor\b", text) else overlap(united)
        return Shape("intervals", text, parts=both or tuple(part for parts in united for part in parts))
    return Shape("list", text, parts=tuple(members), name=name)


def _relation(text: str, depth: int) -> Shape | None:
    held = re.fullmatch(r"[A-Za-z]\s*\\in\s*(?![A-Za-z])(.*)", text)
    if held:
        return _shape(held[1], depth + 1)
    sides, senses = split(text, _RELATION), _RELATION.findall(_outside(text))
    if len(sides) < 2 or len(sides) != len(senses) + 1 or not all(sides):
        return None
    sides, senses = _without_rounding(sides, [_SENSE.get(sense, sense) for sense in senses])
    if not senses:
        return _shape(sides[0], depth + 1)
    if len(senses) > 1 and set(senses) == {"="} and _LEFT.fullmatch(sides[0]):
        sides, senses = [sides[0], sides[-1]], ["="]  # x = 5 + 6 = 11
    if senses == ["="]:
        return _equation(text, sides, depth)
    trees = [None if re.fullmatch(r"[-+]?\s*\\infty", side) else parse(side) for side in sides]
    if (found := _as_interval(text, trees, senses)) is not None:
        return found
    if len(sides) == 2 and trees[0] and trees[1]:
        return Shape("relation", text, Node("add", (trees[0], Node("neg", (trees[1],)))), name=senses[0])
    raise Unreadable("a chain of relations")


def _without_rounding(sides: list[str], senses: list[str]) -> tuple[list[str], list[str]]:
    """1/3 ≈ 0.33 says 1/3, while x ≈ 0.33 says x = 0.33."""
    if "≈" not in senses:
        return sides, senses
    first = senses.index("≈")
    if first == 0 and _LEFT.fullmatch(sides[0]):
        return sides[:2], ["="]
    return sides[:first + 1], senses[:first]


def _outside(text: str) -> str:
    """The text with what stands in brackets blanked."""
    depth, out = 0, []
    for char in text:
        depth -= char in _SHUTS
        out.append(char if depth == 0 else " ")
        depth += char in _OPENS
    return "".join(out)


def _equation(text: str, sides: Sequence[str], depth: int) -> Shape:
    if _LEFT.fullmatch(sides[0]):
        return Shape("assignment", text, parts=(_shape(sides[1], depth + 1),), name=sides[0].replace(" ", ""))
    if _NAMES.fullmatch(sides[0]):
        return _shape(sides[1], depth + 1)  # (x, y) = (2, 3)
    if _RATIO_NAME.fullmatch(sides[0]):  # V_1:V_2 = 7:32
        return Shape("assignment", text, parts=(_shape(sides[1], depth + 1),), name=sides[0].replace(" ", ""))
    left, right = parse(sides[0]), parse(sides[1])
    if not symbols(left) and not symbols(right) and same(left, right):
        return Shape("value", sides[0], left)  # 12 = 3 * 4
    return Shape("relation", text, Node("add", (left, Node("neg", (right,)))), name="=")


def _all_but(text: str, hole: Shape) -> Shape:
    """All real numbers but one."""
    return Shape("intervals", text, parts=(Shape("interval", "", parts=(Shape("infinity", ""), hole), name="()"),
                                           Shape("interval", "", parts=(hole, Shape("infinity", "")), name="()")))


def _as_interval(text: str, trees: Sequence[Node | None], senses: Sequence[str]) -> Shape | None:
    """x < 2 and 1 <= x < 3 are intervals of the one letter that they tell of."""
    lone = [i for i, tree in enumerate(trees) if tree and tree.op == "symbol"]
    if len(lone) != 1 or any(tree and symbols(tree) for i, tree in enumerate(trees) if i != lone[0]):
        return None
    if list(senses) == ["!="]:
        return _all_but(text, Shape("value", "", trees[1 - lone[0]]))
    low: tuple[Node | None, bool] = (None, True)
    high: tuple[Node | None, bool] = (None, True)
    for i, sense in enumerate(senses):
        if abs(i - lone[0]) > 1 or ("=" in sense and len(sense) == 1) or sense == "!=":
            return None
        mine, other = (sense, trees[i + 1]) if i == lone[0] else (FLIPPED[sense], trees[i])
        if mine.startswith("<"):
            high = (other, mine == "<")
        else:
            low = (other, mine == ">")
    return Shape("intervals", text, parts=(_interval(low, high),))


def _interval(low: tuple[Node | None, bool], high: tuple[Node | None, bool]) -> Shape:
    ends = tuple(Shape("value", "", tree) if tree else Shape("infinity", "") for tree in (low[0], high[0]))
    return Shape("interval", "", parts=ends, name=("(" if low[1] else "[") + (")" if high[1] else "]"))


def _bracketed(text: str, depth: int) -> Shape | None:
    if len(halves := split(text, _MINUS)) == 2:
        whole, holes = (_shape(half, depth + 1) for half in halves)
        if whole.kind == "intervals" and holes.kind == "set":
            return Shape("intervals", text, parts=cut(whole.parts, holes.parts))
        raise Unreadable("a difference of sets")
    united = split(text, re.compile(r"\\cup(?![A-Za-z])|\bU\b(?=\s*[(\[])"))
    if len(united) > 1:
        return Shape("intervals", text, parts=tuple(_as_part(part, depth) for part in united))
    if text in {"\\mathbb{R}", "R"} and text != "R":
        return Shape("intervals", text, parts=(_interval((None, True), (None, True)),))
    if text in {"\\emptyset", "\\{\\}", "{}"}:
        return Shape("set", text)
    told = re.fullmatch(r"\\\{\s*([A-Za-z])\s*(?:\\mid|\||:)\s*(.*)\\\}", text)
    if told:  # {x | 1 < x < 2}
        return _shape(told[2], depth + 1)
    inner = re.fullmatch(r"\\\{(.*)\\\}", text, re.DOTALL) or re.fullmatch(r"\{(.*,.*)\}", text, re.DOTALL)
    if inner and not re.search(r"\\mid|\|", inner[1]):
        return Shape("set", text, parts=tuple(_shape(part, depth + 1) for part in split(inner[1], re.compile(","))))
    if text and text[0] in "([" and text[-1] in ")]" and _outside(text).count(text[0]) == 1:
        parts = split(text[1:-1], re.compile("[,;]"))
        if len(parts) > 1:
            return _tuple(text, parts, depth)
    return None


def _as_part(text: str, depth: int) -> Shape:
    found = _bracketed(text, depth)
    if found is None or found.kind not in {"bracket", "intervals", "set"}:
        raise Unreadable("no interval")
    if found.kind == "bracket":
        return interval_of(found)
    return found.parts[0] if found.kind == "intervals" and len(found.parts) == 1 else found


def interval_of(bracket: Shape) -> Shape:
    if len(bracket.parts) != 2:
        raise Unreadable("no interval")
    return Shape("interval", bracket.text, parts=bracket.parts, name=bracket.name)


def _tuple(text: str, parts: Sequence[str], depth: int) -> Shape:
    ends = [part.replace(" ", "").lstrip("+") for part in parts]
    members = tuple(Shape("infinity", end) if end in {"\\infty", "-\\infty", "inf", "-inf", "oo", "-oo"}
                    else _shape(part, depth + 1) for part, end in zip(parts, ends, strict=True))
    found = Shape("bracket", text, parts=members, name=text[0] + text[-1])
    mixed = len(members) == 2 and (found.name in {"(]", "[)"} or any(member.kind == "infinity" for member in members))
    return Shape("intervals", text, parts=(interval_of(found),)) if mixed else found


def _matrix(text: str, depth: int) -> Shape:
    found = _MATRIX.fullmatch(text)
    if not found:
        raise Unreadable("a matrix inside something")
    rows = [row.split("&") for row in re.split(r"\\\\", found[2]) if row.strip()]
    if found[1] == "vmatrix":
        return Shape("value", text, determinant([[parse(cell) for cell in row] for row in rows]))
    parts = tuple(Shape("bracket", "", parts=tuple(_shape(cell, depth + 1) for cell in row), name="[]") for row in rows)
    return Shape("matrix", text, parts=parts)


def determinant(rows: Sequence[Sequence[Node]]) -> Node:
    """The determinant of a square matrix of at most `MAX_ORDER` rows, by its first row. Raises `Unreadable`."""
    if len(rows) > MAX_ORDER or any(len(row) != len(rows) for row in rows):
        raise Unreadable("no small square matrix")
    if len(rows) == 1:
        return rows[0][0]
    total = number(0)
    for i, cell in enumerate(rows[0]):
        term = Node("mul", (cell, determinant([[*row[:i], *row[i + 1:]] for row in rows[1:]])))
        total = Node("add", (total, Node("neg", (term,)) if i % 2 else term))
    return total
