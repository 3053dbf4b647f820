"""Whether two shapes mean the same answer. Kinds that differ do not match by accident; see `shapes` for the kinds."""

import re
from collections.abc import Callable, Sequence
from fractions import Fraction
from itertools import product

from tasks.tools.answers.budget import TooLarge, Undecided
from tasks.tools.answers.latex import Node, Unreadable, number, parse
from tasks.tools.answers.ranges import Shape, same_union
from tasks.tools.answers.shapes import FLIPPED, interval_of, shape, split, words
from tasks.tools.answers.symbolic import WORKER
from tasks.tools.answers.values import POINTS, exact, letter_at, near, same, samples, symbols

MAX_SIGNS = 4  # of ± in one bracket: 16 brackets
COUNTERS = frozenset("klmn")  # letters that count periods, x = 2 pi k



def compare(a: Shape, b: Shape) -> bool:
    """Whether two shapes mean the same answer. Raises `Undecided`."""
    a, b = _leveled(a, b)
    b = _with_same_counter(a, b)
    if "list" in {a.kind, b.kind} and (found := _named(a, b)) is not None:
        return found
    if a.kind != b.kind:
        return _across(a, b)
    return _JUDGES.get(a.kind, _same_text)(a, b)


def _leveled(a: Shape, b: Shape) -> tuple[Shape, Shape]:
    """An assignment beside a bare value is its value; a list that ± stands for is that list."""
    a, b = (_spread(item) for item in (a, b))
    if a.kind == "assignment" and b.kind != "assignment" and b.kind != "relation":
        a = a.parts[0]
    if b.kind == "assignment" and a.kind != "assignment" and a.kind != "relation":
        b = b.parts[0]
    return _spread(a), _spread(b)


def _spread(item: Shape) -> Shape:
    if item.kind == "value" and item.tree and _has_pm(item.tree):
        both = tuple(Shape("value", "", _chosen(item.tree, sign)) for sign in ("add", "sub"))
        return Shape("list", item.text, parts=both)
    if item.kind == "bracket" and (signs := sum(_has_pm(part.tree) for part in item.parts if part.tree)):
        if signs > MAX_SIGNS:
            raise Undecided("too many ±")
        return item._replace(kind="list", parts=tuple(item._replace(parts=parts) for parts in product(
            *(_spread(part).parts if part.tree and _has_pm(part.tree) else (part,) for part in item.parts))))
    if item.kind in {"list", "set"}:
        spread = [(part, _spread(part)) for part in item.parts if part.kind in {"value", "bracket"}]
        if any(after is not part for part, after in spread) and len(spread) == len(item.parts):
            flat = [one for part, after in spread for one in (after.parts if after is not part else (part,))]
            return item._replace(parts=tuple(flat))
    return item


def _has_pm(tree: Node) -> bool:
    return tree.op == "pm" or any(map(_has_pm, tree.args))


def _chosen(tree: Node, sign: str) -> Node:
    args = tuple(_chosen(arg, sign) for arg in tree.args)
    if tree.op == "pm":
        return Node("add", (args[0], args[1] if sign == "add" else Node("neg", (args[1],))))
    return tree._replace(args=args)


def _across(a: Shape, b: Shape) -> bool:
    kinds = {a.kind, b.kind}
    if kinds == {"assignment", "relation"}:
        return _same_relation(_as_relation(a), _as_relation(b))
    if kinds == {"list", "set"}:
        return _same_members(a, b)
    if kinds == {"list", "value"} and (found := _comma(a, b)) is not None:
        return found
    if kinds == {"relation", "value"}:
        return _solved(*((a, b) if a.kind == "relation" else (b, a)))
    if kinds == {"relation", "intervals"}:
        return _half_line(*((a, b) if a.kind == "relation" else (b, a)))
    if kinds == {"ratio", "value"}:
        return _quotient(*((a, b) if a.kind == "ratio" else (b, a)))
    if kinds == {"matrix", "bracket"}:
        matrix, other = (a, b) if a.kind == "matrix" else (b, a)
        nested = any(part.kind == "bracket" for part in other.parts)
        rows = [row.parts[0] if len(row.parts) == 1 and not nested else row for row in matrix.parts]
        return len(rows) == len(other.parts) and all(map(compare, rows, other.parts))
    if kinds == {"intervals", "bracket"}:
        bracket, other = (a, b) if a.kind == "bracket" else (b, a)
        return len(bracket.parts) == 2 and len(other.parts) == 1 and _same_interval(
            interval_of(bracket), other.parts[0])
    if "choice" in kinds and kinds <= {"choice", "value", "text"}:
        choice, other = (a, b) if a.kind == "choice" else (b, a)
        told = re.sub(r"^\(?[A-J]\)?[.:]?\s*", "", choice.text)  # (B) 12 says 12, too
        return other.text.strip() == f"({choice.name.lower()})" or (told != "" and compare(shape(told), other))
    if "text" in kinds:
        raise Undecided("words beside mathematics")
    return False


def _as_relation(item: Shape) -> Shape:
    if item.kind == "relation":
        return item
    right = item.parts[0]
    if right.tree is None:
        raise Undecided("an equation that is not read")
    return Shape("relation", item.text, Node("add", (parse(item.name), Node("neg", (right.tree,)))), name="=")


def _with_same_counter(a: Shape, b: Shape) -> Shape:
    """`b` with its counting letter named as in `a`: pi/6 + pi k and pi/6 + n pi are one family of solutions."""
    mine, theirs = _letters(a), _letters(b)
    old, new = theirs - mine, mine - theirs
    if len(old) != 1 or len(new) != 1 or not (old | new <= COUNTERS or old | new == {"c", "C"}):
        return b
    periodic = old | new == {"c", "C"} or (_mentions_pi(a) and _mentions_pi(b))
    return _relettered(b, *old, *new) if periodic else b


def _letters(item: Shape) -> frozenset[str]:
    own = symbols(item.tree) if item.tree else frozenset[str]()
    return own.union(*map(_letters, item.parts))


def _mentions_pi(item: Shape) -> bool:
    return (item.tree is not None and _has_pi(item.tree)) or any(map(_mentions_pi, item.parts))


def _has_pi(tree: Node) -> bool:
    return (tree.op == "const" and tree.name == "pi") or any(map(_has_pi, tree.args))


def _relettered(item: Shape, old: str, new: str) -> Shape:
    return item._replace(tree=item.tree and _with_letter(item.tree, old, new),
                         parts=tuple(_relettered(part, old, new) for part in item.parts))


def _named(a: Shape, b: Shape) -> bool | None:
    """x = 5, y = 2 beside (5, 2) or 5, 2; x = 5, y = 2, x = 7, y = 2 beside (5, 2), (7, 2). None: nothing is named."""
    named, other = (a, b) if _all_named(a) else (b, a)
    if not _all_named(named) or _all_named(other):
        return None
    names = [part.name for part in named.parts]
    width = len(set(names))
    if width < 2 or names != names[:width] * (len(names) // width):
        return None
    values = [part.parts[0] for part in named.parts]
    rows = [tuple(values[i:i + width]) for i in range(0, len(values), width)]
    if other.kind == "bracket":
        return len(rows) == 1 and _all_same(rows[0], other.parts)
    brackets = tuple(Shape("bracket", "", parts=row, name="()") for row in rows)
    if len(rows) == 1 and other.kind == "list" and other.parts[0].kind != "bracket":
        return _all_same(rows[0], other.parts)  # x = 5, y = 2 beside 5, 2
    return other.kind in {"list", "set"} and _same_members(Shape("list", "", parts=brackets), other)


def _all_named(item: Shape) -> bool:
    return item.kind == "list" and all(part.kind == "assignment" for part in item.parts)


def _all_same(a: Sequence[Shape], b: Sequence[Shape]) -> bool:
    return len(a) == len(b) and all(map(compare, a, b))


def _comma(a: Shape, b: Shape) -> bool | None:
    """1,22 is 1.22 where commas divide decimals. None: it is no such number."""
    several, one = (a, b) if a.kind == "list" else (b, a)
    found = re.fullmatch(r"(-?\d+),(\d+)", several.text)
    if not found or one.tree is None or "." not in one.text:
        return None
    return same(number(Fraction(f"{found[1]}.{found[2]}")), one.tree)


def _solved(relation: Shape, value: Shape) -> bool:
    """y + 1 = -(2x - 1)^2 beside what it makes y, where the problem asks for a function; x + y = 3 is never 3."""
    tree = _tree(value)
    asked = symbols(_tree(relation)) - symbols(tree)
    if relation.name != "=" or len(asked) != 1 or not symbols(tree):
        return False
    told = Node("add", (Node("symbol", name=min(asked)), Node("neg", (tree,))))
    return _same_relation(relation, Shape("relation", "", told, name="="))


def _half_line(relation: Shape, intervals: Shape) -> bool:
    """-x > -1 beside x < 1: an inequality of one letter to the first power is a half-line."""
    tree = _tree(relation)
    if len(letters := symbols(tree)) != 1 or relation.name not in FLIPPED:
        raise Undecided("an inequality that is not solved")
    places, values = [letter_at(min(letters), i) for i in range(POINTS)], samples(tree)
    steps = [place - places[0] for place in places[1:]]
    slopes = [(value - values[0]) / step.numerator * step.denominator
              for value, step in zip(values[1:], steps, strict=True)]
    if not slopes[0] or not near(*slopes):
        raise Undecided("an inequality that is not solved")
    sense = relation.name if slopes[0].real > 0 else FLIPPED[relation.name]
    end, far = (1, 0) if sense.startswith("<") else (0, 1)
    if len(intervals.parts) != 1 or intervals.parts[0].kind != "interval":
        return False
    ends, shut = intervals.parts[0].parts, intervals.parts[0].name[end] in "[]"
    if ends[far].kind != "infinity" or ends[end].kind == "infinity" or shut != ("=" in sense):
        return False
    end_value, first = samples(_tree(ends[end]))[0], slopes[0] * places[0].numerator / places[0].denominator
    return near(slopes[0] * end_value + values[0], first)


def _quotient(ratio: Shape, value: Shape) -> bool:
    if len(ratio.parts) != 2:
        return False
    return _same_value(Shape("value", "", Node("div", (_tree(ratio.parts[0]), _tree(ratio.parts[1])))), value)


def _same_ratio(a: Shape, b: Shape) -> bool:
    """Term by term in proportion."""
    return len(a.parts) == len(b.parts) and all(
        same(Node("mul", (_tree(x), _tree(b.parts[0]))), Node("mul", (_tree(y), _tree(a.parts[0]))))
        for x, y in zip(a.parts, b.parts, strict=True))


def _same_value(a: Shape, b: Shape) -> bool:
    if a.tree is None or b.tree is None:
        raise Undecided("nothing to compute")
    try:
        return same(a.tree, b.tree) or _rounded(a, b) or _rounded(b, a)
    except TooLarge:
        raise
    except Undecided:
        return WORKER.same(a.tree, b.tree)


def _rounded(short: Shape, full: Shape) -> bool:
    """Whether a decimal of four digits and more is what an exact value comes to when written with as many places."""
    found = re.fullmatch(r"-?\d*\.(\d+)", short.text.replace(" ", ""))
    if not found or full.tree is None or re.fullmatch(r"-?[\d.]+", full.text) or symbols(full.tree):
        return False
    value = exact(_tree(short))
    if abs(value) * 10 ** len(found[1]) < 1000:
        return False
    half, true = Fraction(1, 2 * 10 ** len(found[1])), samples(full.tree)[0]
    if abs(true.imag) > 0:
        return False
    return bool(abs(true.real - float(value)) <= float(half) * (1 + 1e-9))


def _tree(item: Shape) -> Node:
    if item.tree is None:
        raise Undecided("nothing to compute")
    return item.tree


def _same_relation(a: Shape, b: Shape) -> bool:
    """Equations are equal up to a constant factor, inequalities up to a positive one."""
    x, y = samples(_tree(a)), samples(_tree(b))
    if symbols(_tree(a)) != symbols(_tree(b)) or not all(map(bool, (*x, *y))):
        return _tree(a) == _tree(b) and a.name == b.name
    ratios = [one / other for one, other in zip(x, y, strict=True)]
    if not all(near(ratios[0], ratio) for ratio in ratios[1:]):
        return False
    if a.name in {"=", "!="} or b.name in {"=", "!="}:
        return a.name == b.name
    return b.name == (a.name if ratios[0].real > 0 else FLIPPED[a.name])


def _same_assignment(a: Shape, b: Shape) -> bool:
    if a.name == b.name or a.name.partition("(")[0] == b.name.partition("(")[0]:
        return compare(a.parts[0], _renamed(b.parts[0], _bound(b.name), _bound(a.name)))
    try:
        return _same_relation(_as_relation(a), _as_relation(b))
    except Unreadable as error:
        raise Undecided(str(error)) from error


def _bound(name: str) -> str:
    return name.partition("(")[2].rstrip(")")


def _renamed(item: Shape, old: str, new: str) -> Shape:
    """f(z) = z is f(x) = x: the letter in the bracket is bound."""
    if item.tree is None or not old or not new or old == new or new in symbols(item.tree):
        return item
    return item._replace(tree=_with_letter(item.tree, old, new))


def _with_letter(tree: Node, old: str, new: str) -> Node:
    args = tuple(_with_letter(arg, old, new) for arg in tree.args)
    return tree._replace(args=args, name=new if tree.op == "symbol" and tree.name == old else tree.name)


def _same_members(a: Shape, b: Shape) -> bool:
    """As multisets, since a list of solutions has no order."""
    left = list(b.parts)
    if len(a.parts) != len(left):
        return False
    for member in a.parts:
        match = next((i for i, other in enumerate(left) if _holds(member, other)), None)
        if match is None:
            return False
        left.pop(match)
    return True


def _holds(a: Shape, b: Shape) -> bool:
    return a == b or compare(a, b)


def _same_bracket(a: Shape, b: Shape) -> bool:
    return a.name == b.name and len(a.parts) == len(b.parts) and all(map(compare, a.parts, b.parts))


def _same_interval(a: Shape, b: Shape) -> bool:
    if a.kind != "interval" or b.kind != "interval":
        return a.kind == b.kind and compare(a, b)
    return a.name == b.name and all(
        x.kind == y.kind and (x.kind == "infinity" or compare(x, y)) for x, y in zip(a.parts, b.parts, strict=True))


def _same_union(a: Shape, b: Shape) -> bool:
    if len(a.parts) == len(b.parts) and all(map(_same_interval, a.parts, b.parts)):
        return True
    if _letters(a) or _letters(b):
        return len(a.parts) == len(b.parts) and all(any(_same_interval(x, y) for y in b.parts) for x in a.parts)
    return same_union(a.parts, b.parts)


def _same_matrix(a: Shape, b: Shape) -> bool:
    return len(a.parts) == len(b.parts) and all(
        len(x.parts) == len(y.parts) and all(map(compare, x.parts, y.parts))
        for x, y in zip(a.parts, b.parts, strict=True))


def _same_text(a: Shape, b: Shape) -> bool:
    one, other = words(a.text), words(b.text)
    if one == other or _told_parts(one) == _told_parts(other):
        return True
    if re.search(r"[\d\\=^]", one + other):
        raise Undecided("words and mathematics that are not read")
    return False


def _told_parts(text: str) -> list[str]:
    """The parts of a text between commas; in any order where each tells of mathematics (max at 3, min at 5)."""
    inner = re.fullmatch(r"\\\{(.*)\\\}", text)
    parts = split(inner[1] if inner else text, re.compile(","))
    return sorted(parts) if all(re.search(r"[\d\\^]", part) for part in parts) else parts


_JUDGES: dict[str, Callable[[Shape, Shape], bool]] = {
    "value": _same_value, "list": _same_members, "set": _same_members, "bracket": _same_bracket, "matrix": _same_matrix,
    "intervals": _same_union, "relation": _same_relation, "assignment": _same_assignment,
    "ratio": _same_ratio, "choice": lambda a, b: a.name == b.name, "infinity": lambda a, b: True, "text": _same_text}
