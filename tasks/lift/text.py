"""Turn question and solution into markup: every number that may change becomes a hole that gives the seed's own text back.

The question's numbers are slots. A number in the solution is an operand or a result of a step, or it stands loose in
the prose ("the 3 boxes together"); a loose one is given to the symbol on the same line, or to the only symbol of its value, or to the one whose
nouns it shares. One that nothing explains turns the problem down: left as it is, it would contradict the next draw.
"""

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from fractions import Fraction

from tasks.instantiate.markup import NUMBERS
from tasks.lift import facts, nouns, sources
from tasks.lift.bind import evaluate, still
from tasks.lift.bound import Bound, Unlifted
from tasks.lift.evidence import Evidence
from tasks.lift.steps import Step
from tasks.lift.trees import Site, leaves
from tasks.lift.words import line_of, near, stems
from tasks.tools.numbers import Mention, read_numbers

Edit = tuple[int, int, str]
A_FEW = 4
NEARLY = 0.4  # candidates whose words fit nearly as well as the best one's
FEW = 10  # a loose number up to this may count what is named rather than repeat a quantity

_DIGITS = ("", ",", "money", "money,", "bare", ".2", ".2,", ".1", ".3", "bare.2", "bare.1", "bare.3", "frac")
_MONEY = ("money", "money,", ".2", ".2,", "bare.2", "", ",", "bare", ".1")
_STYLES: dict[str, tuple[str, ...]] = {
    "word": ("word", "Word"), "fold": ("fold", "Fold", "double", "Double"), "fraction": ("frac", "mixed"), "mixed": ("mixed", "frac"),
    "part": ("part", "Part", "apart", "Apart", "part-", "Part-", "fourth", "Fourth", "afourth", "Afourth", "fourth-"), "dozen": (),
}


@dataclass(slots=True)
class Texts:
    """What the writer makes: both texts as edits, names for symbols, and helper assignments that the texts need."""

    names: dict[str, str] = field(default_factory=dict)  # q3 -> n2, r0 -> r1
    helpers: dict[str, str] = field(default_factory=dict)  # code -> x1
    literal: set[str] = field(default_factory=set)  # slots whose text cannot follow: they keep the seed's value
    question: list[Edit] = field(default_factory=list)
    solution: list[Edit] = field(default_factory=list)


class Writer:
    """Writes the markup of one problem. Raises `Unlifted` (rule `loose`)."""

    def __init__(self, question: str, mentions: Sequence[Mention], solution: str, steps: Sequence[Step], bound: Bound) -> None:
        self.q, self.s, self.mentions, self.steps, self.bound = question, solution, mentions, steps, bound
        self.out = Texts()
        self.evidence = Evidence(question, mentions, solution, steps)
        self.values = {f"q{i}": m.value for i, m in enumerate(mentions)} | {f"r{k}": s.right.value for k, s in enumerate(steps)}
        used = {s.uses for s in bound.by_place.values() if s.uses} | {b for _, b in bound.ties}
        self.slots = [f"q{i}" for i, m in enumerate(mentions) if f"q{i}" in used and not still(m)]
        self.out.names = {q: f"n{n}" for n, q in enumerate(self.slots, 1)} | {f"r{k}": f"r{k + 1}" for k in range(len(steps))}
        self.codes: dict[int, str] = {}  # place in the solution -> code

    def write(self) -> Texts:
        self._ordinals()
        self._facts()
        for symbol in self.slots:
            self._slot(symbol)
        for k, step in enumerate(self.steps):
            self._step(k, step)
        covered = [(s.start, s.end) for s in self.steps if s.annotated]
        marked = {start for start in self.codes}
        for mention in read_numbers(self.s):
            inside = any(a <= mention.start < b for a, b in covered)
            if not inside and mention.start not in marked and not self._answer_line(mention):
                self._loose(mention)
        return self.out

    def _ordinals(self) -> None:
        """"Five scrolls … the fifth scroll": a number that an ordinal repeats is not drawn."""
        said = {n for word in re.findall(r"\b(?:\d+(?:st|nd|rd|th)|[a-z]+(?:rd|th))\b", (self.q + " " + self.s).lower())
                for n in (read_ordinal(word), read_ordinal(word) - 1) if n > 2}  # "3 days … on the fourth day"
        self.out.literal |= {s for s in self.slots if self.values[s] in said and self.mentions[int(s[1:])].role == "plain"}

    def _facts(self) -> None:
        """What is so in the world, or counts what the text names, keeps its value: see `facts`."""
        self.out.literal |= {s for s in self.slots if facts.is_fact(self.q, self.s, self.mentions[int(s[1:])])}

    def _answer_line(self, mention: Mention) -> bool:
        return mention.start >= self.s.rfind("####") >= 0

    def _slot(self, symbol: str) -> None:
        mention = self.mentions[int(symbol[1:])]
        hole = self._hole(symbol, mention.text, _STYLES.get(mention.style, _MONEY if mention.role == "money" else _DIGITS))
        if symbol in self.out.literal:
            return
        if hole is None:
            self.out.literal.add(symbol)
            return
        self.out.question.append((mention.start, mention.end, hole))
        self._agree(self.q, self.out.question, mention.start, mention.end, symbol)

    def _step(self, k: int, step: Step) -> None:
        own = list(leaves(step.left))
        for site in own:
            self._put(site, self.bound.by_place[site.start].code)
        echo = list(own)
        for site in step.echo:
            twin = next((o for o in echo if o.value == site.value), None)
            if twin is not None:
                echo.remove(twin)
                self._put(site, self.bound.by_place[twin.start].code)
        result = f"r{k}"
        if isinstance(step.left, Site):
            result = self.bound.by_place[step.left.start].code
        for site in (step.right, *step.shown):
            self._put(site, result)

    def _put(self, site: Site, code: str) -> None:
        self._replace(site.start, site.end, site.text, code, _MONEY if self.s[site.start - 1:site.start] == "$" else _DIGITS)

    def _replace(self, start: int, end: int, text: str, code: str, styles: Sequence[str]) -> None:
        if start in self.codes:
            return
        self.codes[start] = code
        if self._constant(code):
            return
        if re.match(r"(?:st|nd|rd|th)\b", self.s[end:end + 3]):
            end, text, styles = end + 2, self.s[start:end + 2], ("ordn",)  # "the 6th floor"
        hole = self._hole(code, text, styles)
        if hole is None:
            self._hold(code)
            return
        self.out.solution.append((start, end, hole))
        if code in self.out.names:
            self._agree(self.s, self.out.solution, start, end, code)

    def _constant(self, code: str) -> bool:
        symbols = re.findall(r"[qr]\d+", code)
        return all(s[0] == "q" and s not in self.slots for s in symbols)

    def _hold(self, code: str) -> None:
        """Text that cannot follow a value keeps that value: its slots are not drawn."""
        symbols = re.findall(r"[qr]\d+", code)
        if any(s[0] == "r" for s in symbols):
            raise Unlifted("style", f"the solution writes {code} in a way that cannot be written for other values")
        self.out.literal.update(s for s in symbols if s in self.slots)

    def _hole(self, code: str, text: str, styles: Sequence[str]) -> str | None:
        number = evaluate(code, dict(self.values))
        number_or_int = number.numerator if number.denominator == 1 else number
        for style in styles:
            if NUMBERS[style](number_or_int) == text:
                return f"{{{self._name(code)}{':' if style else ''}{style}}}"
        return None

    def _name(self, code: str) -> str:
        if code in self.out.names:
            return self.out.names[code]
        return self.out.helpers.setdefault(code, f"x{len(self.out.helpers) + 1}")

    def _article(self, text: str, edits: list[Edit], start: int, symbol: str) -> None:
        """"a 12-inch", "an 8-inch"."""
        before = re.search(r"\b([Aa]n?) \$?$", text[:start])
        if before is None:
            return
        written = before.group(1)
        value = self.values[symbol]
        style = "A" if written[0] == "A" else "a"
        if NUMBERS[style](value.numerator if value.denominator == 1 else value) == written:
            edits.append((before.start(1), before.end(1), f"{{{self.out.names[symbol]}:{style}}}"))

    def _agree(self, text: str, edits: list[Edit], start: int, end: int, symbol: str) -> None:
        """Number and noun, number and verb: "1 apple", "2 apples"; "There is 1", "There are 2"; "a 9-inch", "an 8-inch"."""
        value, name = self.values[symbol], self.out.names[symbol]
        self._article(text, edits, start, symbol)
        if value != 1:
            noun = nouns.counted(text, end)
            if noun is not None and not any(a <= noun[0] < b for a, b, _ in edits):
                edits.append((noun[0], noun[1], _choice(name, nouns.singular(noun[2].lower()), noun[2])))
            before = re.search(r"\b([Tt]here )(are|were)( \$?)$", text[:start])
            if before and before.end() == start:
                edits.append((before.start(2), before.end(2), f"{{{name}?{'is' if before.group(2) == 'are' else 'was'}|{before.group(2)}}}"))
            return
        match = re.match(r" ([a-z]+)\b", text[end:end + 24])
        known = {w.lower() for w in re.findall(r"[A-Za-z]+", self.q + " " + self.s)}
        if match and nouns.plural(match.group(1)) in known | {m + "s" for m in nouns.MEASURES}:
            word = match.group(1)
            edits.append((end + 1, end + 1 + len(word), f"{{{name}?{word}|{nouns.plural(word)}}}"))

    def _loose(self, mention: Mention) -> None:
        if mention.style == "clock" and not any(m.style == "clock" for m in self.mentions):
            raise Unlifted("style", f"{mention.text} in the solution's words may be a label and a number")  # "Day 1:50"
        if mention.role == "label" or (mention.value == 1 and mention.style == "word"):
            return
        styles = _STYLES.get(mention.style, _MONEY if mention.role == "money" else _DIGITS)
        code = self._meaning(mention)
        if code:
            self._replace(mention.start, mention.end, mention.text, code, styles)

    def _meaning(self, mention: Mention) -> str:
        """The code that a loose number stands for, "" for a number that never changes."""
        line = self._line_codes(mention)
        alike = self._alike(mention, line)
        self._pin_folds(mention)
        fixed = self._never_changes(mention)
        if len(alike) == 1 and not fixed:
            sure = (line and not self._counts_named(mention)) or mention.value > FEW or self._named(mention, alike[0])
            return alike[0] if sure else self._keep(alike[0], mention)
        if alike:
            return self._by_nouns(mention, alike, fixed and mention.value <= FEW)
        if fixed or (mention.value <= A_FEW and mention.style in ("word", "digits") and mention.role == "plain"):
            return ""  # "the two of them": nothing that is drawn has this value
        derived = self._derived(mention)
        if len(derived) == 1:
            return derived[0]
        raise Unlifted("loose", f"{mention.text} in the solution's words is no number of the question, result or known constant")

    def _alike(self, mention: Mention, line: list[str]) -> list[str]:
        """Everything that has the number's value: codes of its line, slots and results; money among money, percents among percents."""
        results = [f"r{k}" for k, step in enumerate(self.steps) if not isinstance(step.left, Site)]
        alike = list(dict.fromkeys([*line, *(s for s in (*self.slots, *results) if self.values[s] == mention.value)]))
        alike = self._spoken_alike(mention, alike)
        if mention.role in ("money", "percent"):
            alike = [s for s in alike if s not in self.slots or self.mentions[int(s[1:])].role == mention.role] or alike
        if mention.role == "percent":
            alike = [s for s in alike if s in self.slots] or alike
        return alike

    def _pin_folds(self, mention: Mention) -> None:
        """"Multiplying by 2" for a "twice" on the same line: prose that says the number keeps the fold as it is."""
        if mention.style in ("word", "digits") and mention.value <= FEW and self.s[mention.end:mention.end + 6] != " times":
            left, right = self.s.rfind("\n", 0, mention.start) + 1, self.s.find("\n", mention.start)
            here = {c for place, c in self.codes.items() if left <= place < (right if right >= 0 else len(self.s))}
            self.out.literal |= {s for s in self.slots if s in here and self.mentions[int(s[1:])].style == "fold" and self.values[s] == mention.value}

    def _named(self, mention: Mention, code: str) -> bool:
        return bool(stems(near(self.s, mention.start, mention.end)) & self._near(code)) or mention.style in ("fold", "part", "fraction")

    def _keep(self, code: str, mention: Mention) -> str:
        """A small number whose noun is not the slot's ("the three students" where three is a price): neither may change."""
        if code not in self.slots:
            raise Unlifted("loose", f"{mention.text} in the solution's words has the value of {code} but not its noun")
        self.out.literal.add(code)
        return ""

    def _line_codes(self, mention: Mention) -> list[str]:
        left = self.s.rfind("\n", 0, mention.start) + 1
        right = self.s.find("\n", mention.start)
        right = right if right >= 0 else len(self.s)
        here = [code for place, code in self.codes.items() if left <= place < right and not self._constant(code)]
        whole = {code for code in here if evaluate(code, dict(self.values)) == mention.value}
        inside = {s for code in here for s in re.findall(r"q\d+", code) if s in self.slots and self.values[s] == mention.value}
        return sorted(self._spoken_alike(mention, whole or inside))

    def _spoken_alike(self, mention: Mention, codes: Iterable[str]) -> list[str]:
        """Without "twice" for a "two" that counts: "the two of them" is not twice anything."""
        times = mention.style in ("fold", "part", "fraction") or self.s[mention.end:mention.end + 6] == " times"
        return [c for c in codes if times or not (c in self.slots and self.mentions[int(c[1:])].style in ("fold", "part"))]

    def _never_changes(self, mention: Mention) -> bool:
        """A number that the template keeps: one that stands aside in the question, a constant of the steps, 0 and 1, a year, a coin."""
        v = mention.value
        if v in (0, 1) or (mention.style == "digits" and 1900 <= v <= 2100 and len(mention.text) == 4 and mention.role == "plain"):
            return True
        if mention.style == "part" and re.search(r"\b(?:nickel|dime|penn|coin|quarters|cents)", self.q + self.s):
            return True
        kept = {m.value for i, m in enumerate(self.mentions) if m.role != "label" and f"q{i}" not in self.slots}
        kept |= {Fraction(s.code.strip("()")) for s in self.bound.by_place.values() if s.kind == "constant"}
        return v in kept or (v not in self.values.values() and bool(sources.constants(v, near(self.s, mention.start, mention.end))))

    def _counts_named(self, mention: Mention) -> bool:
        return facts.names_them(self.s[max(0, mention.start - 20):mention.start], mention)

    def _in_expression(self, mention: Mention) -> bool:
        """Whether an operator follows within the phrase: then the number repeats an operand of its line."""
        return re.match(r"[^.,;\n<]{0,25}?\s?[-+*/×÷=]|[^.,;\n<]{0,25}?\sx\s", self.s[mention.end:mention.end + 30]) is not None

    def _by_nouns(self, mention: Mention, alike: Sequence[str], fixed: bool) -> str:
        beside, line = stems(near(self.s, mention.start, mention.end)), stems(line_of(self.s, mention.start))
        here = set(self._line_codes(mention))
        weight = 10 if self._in_expression(mention) else 2
        scored = sorted(((3 * len(beside & self._near(code)) + weight * (code in here) + 0.1 * len(line & self._clause(code)), code)
                         for code in alike), reverse=True)
        if fixed and not beside & self._near(scored[0][1]):
            return ""
        best = [code for score, code in scored if score > scored[0][0] - NEARLY]
        if len(best) > 1 and not self._held(alike):
            if all(code in self.slots for code in best):
                self.bound.ties += [(best[-1], code) for code in best[:-1]]
                return best[-1]
            raise Unlifted("loose", f"{mention.text} in the solution's words could be any of {', '.join(alike)}")
        return next((code for code in best if code in self.slots), best[0])

    def _held(self, codes: Sequence[str]) -> bool:
        """Whether the candidates always have one value: all tied or frozen."""
        tied = {b for pair in self.bound.ties for b in pair}
        equal = {frozenset(relation.split(" == ")) for relation in self.bound.sums}
        return (all(c in self.bound.frozen for c in codes) or all(c in tied for c in codes)
                or (len(codes) == 2 and frozenset(codes) in equal))

    def _near(self, code: str) -> set[str]:
        symbol = re.search(r"[qr]\d+", code)
        return self.evidence.near[symbol.group()] if symbol else set()

    def _clause(self, code: str) -> set[str]:
        symbol = re.search(r"[qr]\d+", code)
        return self.evidence.clause[symbol.group()] if symbol else set()

    def _derived(self, mention: Mention) -> list[str]:
        found = {source.code for s in self.slots for value, source in sources.plain(self.mentions[int(s[1:])], int(s[1:]))
                 if value == mention.value and source.code != s}
        if mention.role == "percent":
            found |= {f"(r{k}*100)" for k, step in enumerate(self.steps) if step.right.value * 100 == mention.value}
        return sorted(found)


_ORDINALS = {word: n for n, word in enumerate(
    "third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth fourteenth fifteenth sixteenth seventeenth eighteenth "
    "nineteenth twentieth".split(), 3)}


def read_ordinal(word: str) -> int:
    """The number of "fifth" or "18th", 0 for a word that is none."""
    return int(word[:-2]) if word[0].isdigit() else _ORDINALS.get(word, 0)


def _choice(name: str, one: str, many: str) -> str:
    return f"{{{name}?{one.capitalize() if many[0].isupper() else one}|{many}}}"


def apply(text: str, edits: Sequence[Edit]) -> str:
    """The markup: edits in place, braces of the rest doubled."""
    out, at = [], 0
    for start, end, hole in sorted(edits):
        if start < at:
            continue
        out += [_escape(text[at:start]), hole]
        at = end
    return "".join([*out, _escape(text[at:])])


def _escape(text: str) -> str:
    return text.replace("{", "{{").replace("}", "}}")


def exact(number: Fraction) -> str:
    """The text of an exact number in a record: "3", "1/2"."""
    return str(number)
