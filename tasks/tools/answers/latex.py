"""A small parser of answers as people and models write them in LaTeX, Unicode or plain text: text into a tree.

Nothing is evaluated here, and nothing is ever evaluated as code: `values` computes what a tree means. The parser knows
expressions alone; equations, sets and lists are split by `shapes`, which calls it for their parts.
"""

import re
from fractions import Fraction
from typing import NamedTuple

MAX_LENGTH = 2_000  # characters: longer ones are essays
MAX_DEPTH = 40  # of brackets: deeper ones are attacks, and recursion has an end


class Unreadable(ValueError):
    """The text is no expression that this parser knows."""


class Node(NamedTuple):
    """`op`: number, symbol, const, add, mul, div, pow, neg, call, pm (a ± b); `name` and `number` where it says.

    Also sum, prod, int (body, low, high) and lim (body, point), whose `name` is the bound letter: for `symbolic` alone.
    """

    op: str
    args: "tuple[Node, ...]" = ()
    name: str = ""
    number: Fraction = Fraction(0)


_TOKEN = re.compile(r"\s*(?:(?P<number>[0-9]+\.[0-9]+|\.[0-9]+|[0-9]+)|(?P<command>\\[A-Za-z]+)"
                    r"|(?P<word>[A-Za-z]+)|(?P<sign>.))", re.DOTALL)
_CALLS = frozenset(("sin", "cos", "tan", "cot", "sec", "csc", "arcsin", "arccos", "arctan", "sinh", "cosh", "tanh",
                    "log", "ln", "exp", "lg", "sqrt"))
_GREEK = frozenset((
    "alpha", "beta", "gamma", "delta", "epsilon", "varepsilon", "theta", "lambda", "mu", "nu", "rho", "sigma", "tau",
    "phi", "varphi", "omega", "Gamma", "Delta", "Theta", "Lambda", "Sigma", "Phi", "Omega", "ell", "xi", "eta",
    "zeta", "psi", "chi", "kappa"))
_BINDERS = {"sum": "sum", "prod": "prod", "int": "int", "lim": "lim"}
_STARTS = _CALLS | _GREEK | _BINDERS.keys() | {"frac", "binom", "pi", "sqrt", "lfloor", "lceil"}
_TIMES = frozenset({"*", "\\cdot", "\\times", "\\ast", "·", "×"})
_OVER = frozenset({"/", "\\div", "÷"})
_CLOSES = {"(": ")", "[": "]", "{": "}"}


def parse(text: str) -> Node:
    """The tree of one expression that `shapes.tidy` has cleaned. Raises `Unreadable`."""
    if len(text) > MAX_LENGTH:
        raise Unreadable(f"longer than {MAX_LENGTH} characters")
    if not text.strip():
        raise Unreadable("nothing is written")
    reader = _Reader(_tokens(text))
    tree = reader.sum()
    if reader.here():
        raise Unreadable(f"unexpected {reader.here()!r}")
    return tree


def number(value: Fraction | int) -> Node:
    return Node("number", number=Fraction(value))


def _tokens(text: str) -> list[str]:
    found: list[str] = []
    for match in _TOKEN.finditer(text.strip()):
        word = match["word"]
        if word and word not in _CALLS and word != "pi":
            if len(word) > 3:
                raise Unreadable(f"the word {word!r}")
            found += word  # in mathematics letters side by side are a product
        else:
            found.append(("\\" + word) if word else match[0].strip())
    return [token for token in found if token]


class _Reader:
    """Recursive descent over tokens; every method reads one rule of the grammar and returns its tree."""

    def __init__(self, tokens: list[str]) -> None:
        self.tokens, self.place, self.depth = tokens, 0, 0
        self._inside_bars = False  # in |x|, a bar closes
        self._integrals = 0  # whose "dx" is still to come

    def here(self) -> str:
        return self.tokens[self.place] if self.place < len(self.tokens) else ""

    def _after(self, ahead: int) -> str:
        return self.tokens[self.place + ahead] if self.place + ahead < len(self.tokens) else ""

    def take(self) -> str:
        token = self.here()
        if not token:
            raise Unreadable("it ends too early")
        self.place += 1
        return token

    def expect(self, token: str) -> None:
        if self.take() != token:
            raise Unreadable(f"{token!r} is missing")

    def sum(self) -> Node:
        self.depth += 1
        if self.depth > MAX_DEPTH:
            raise Unreadable("too many nested brackets")
        tree = self._signed()
        while self.here() in {"+", "-", "\\pm", "\\mp"}:
            sign, part = self.take(), self.product()
            if sign in {"\\pm", "\\mp"}:
                tree = Node("pm", (tree, part))
            else:
                tree = Node("add", (tree, part if sign == "+" else Node("neg", (part,))))
        self.depth -= 1
        return tree

    def _signed(self) -> Node:
        if self.here() == "\\pm":
            self.take()
            return Node("pm", (number(0), self.product()))
        return self.product()

    def product(self) -> Node:
        if self.here() in {"+", "-"}:
            negative, tree = self.take() == "-", self.product_of_unsigned()
            return Node("neg", (tree,)) if negative else tree
        return self.product_of_unsigned()

    def product_of_unsigned(self) -> Node:
        tree = self.power()
        while True:
            token = self.here()
            if token in _TIMES:
                self.take()
                tree = Node("mul", (tree, self._factor()))
            elif token in _OVER:
                self.take()
                tree = Node("div", (tree, self._factor()))
            elif self._starts():
                tree = self._side_by_side(tree)
            else:
                return tree

    def _factor(self) -> Node:
        if self.here() in {"-", "+"}:
            negative, tree = self.take() == "-", self.power()
            return Node("neg", (tree,)) if negative else tree
        return self.power()

    def _starts(self) -> bool:
        """Whether another factor follows without a sign."""
        token = self.here()
        if token == "|":
            return not self._inside_bars
        if self._integrals and token == "d" and self._after(1).isalpha():
            return False
        return token[:1].isalnum() or token in {"(", "[", "{", "√"} or token[1:] in _STARTS or (
            token[:1] == "." and len(token) > 1)

    def _side_by_side(self, tree: Node) -> Node:
        """A product without sign, or a mixed number: 7 1/2, 7\\frac{1}{2}."""
        whole = tree.op == "number" and tree.number.denominator == 1
        before, token = self.place, self.here()
        if token[:1].isdigit() or token[:1] == ".":
            top = self.take()
            if whole and self.here() == "/" and top.isdigit():
                self.take()
                bottom = self.take()
                if bottom.isdigit() and int(bottom):
                    return number(tree.number + Fraction(int(top), int(bottom)))
            if tree.op == "number":
                raise Unreadable("two numbers side by side")
            self.place -= 1
            return Node("mul", (tree, self.power()))
        part = self.power()
        if whole and token == "\\frac" and part.op == "div" and all(arg.op == "number" for arg in part.args) \
                and self.place > before and part.args[1].number:
            return number(tree.number + part.args[0].number / part.args[1].number)
        return Node("mul", (tree, part))

    def power(self) -> Node:
        base = self.postfix()
        if self.here() == "^" or (self.here() == "*" and self.tokens[self.place + 1:self.place + 2] == ["*"]):
            if self.take() == "*":
                self.take()
            return self._raised(base)
        return base

    def _raised(self, base: Node) -> Node:
        if self.here() == "-":
            self.take()
            return Node("pow", (base, Node("neg", (self.power(),))))
        if self.here() == "{":
            exponent = self.group()
            return Node("pow", (base, exponent))
        # x^2y in LaTeX is x^2·y and 2^10 typed plainly is 1024: the token is the whole exponent.
        return Node("pow", (base, self.power()))

    def postfix(self) -> Node:
        tree = self.atom()
        while self.here() == "!":
            self.take()
            tree = Node("call", (tree,), "factorial")
        return tree

    def group(self) -> Node:
        """A bracketed expression, or the one token that LaTeX takes for an argument."""
        opening = self.here()
        if opening not in _CLOSES:
            token = self.take()
            if token.isdigit() and len(token) > 1:  # \frac12
                self.place -= 1
                self.tokens[self.place:self.place + 1] = list(token)
                token = self.take()
            self.place -= 1
            return self.atom()
        self.take()
        bars, self._inside_bars = self._inside_bars, False
        tree = self.sum()
        self._inside_bars = bars
        self.expect(_CLOSES[opening])
        return tree

    def atom(self) -> Node:
        token = self.here()
        if token in _CLOSES:
            return self.group()
        self.take()
        if token[0] in "0123456789" or (token[0] == "." and len(token) > 1):
            return self._number(token)
        if token == "|":
            return self._bars()
        if token == "√":
            return Node("call", (self.power(),), "sqrt")
        if token.isalpha() and token.isascii():
            return self._letter(token)
        if token in {"π", "\\pi"}:
            return Node("const", name="pi")
        if token[0] == "\\":
            return self._command(token[1:])
        raise Unreadable(f"unexpected {token!r}")

    def _number(self, token: str) -> Node:
        if self.here() != "_":
            return number(Fraction(token))
        self.take()
        base = self.group()
        if base.op != "number" or not 2 <= base.number <= 16:
            raise Unreadable("a base that is no small number")
        try:
            return number(int(token, int(base.number)))
        except ValueError as error:
            raise Unreadable(f"{token} has digits that its base does not") from error

    def _bars(self) -> Node:
        before, self._inside_bars = self._inside_bars, True
        tree = self.sum()
        self.expect("|")
        self._inside_bars = before
        return Node("call", (tree,), "abs")

    def _letter(self, token: str) -> Node:
        if token in {"e", "i"} and self.here() != "_":
            return Node("const", name=token)
        return Node("symbol", name=token + self._index())

    def _index(self) -> str:
        if self.here() != "_":
            return ""
        self.take()
        if self.here() != "{":
            return "_" + self.take()
        start = self.place
        self.group()
        return "_" + "".join(self.tokens[start + 1:self.place - 1])

    def _command(self, name: str) -> Node:
        if name == "frac":
            return Node("div", (self.group(), self.group()))
        if name == "binom":
            return Node("call", (self.group(), self.group()), "binomial")
        if name == "sqrt":
            return self._root()
        if name in {"lfloor", "lceil"}:
            tree = self.sum()
            self.expect("\\r" + name[1:])
            return Node("call", (tree,), name[1:])
        if name in _CALLS:
            return self._call(name)
        if name in _GREEK:
            return Node("symbol", name=name + self._index())
        if name == "infty":
            return Node("const", name="infinity")
        if name == "int":
            return self._integral()
        if name == "lim":
            return self._limit()
        if name in _BINDERS:
            return self._series(name)
        raise Unreadable(f"\\{name} is not known")

    def _root(self) -> Node:
        if self.here() != "[":
            return Node("call", (self.group(),), "sqrt")
        degree = self.group()
        return Node("call", (self.group(), degree), "root")

    def _call(self, name: str) -> Node:
        base: tuple[Node, ...] = ()
        exponent: Node | None = None
        while self.here() in {"_", "^"}:
            if self.take() == "_":
                base = (self.group(),)
            else:
                exponent = self.group()
        if exponent == Node("neg", (number(1),)) and name in {"sin", "cos", "tan"}:
            name, exponent = "arc" + name, None
        if exponent is not None and exponent.op == "neg":
            raise Unreadable("an inverse function")
        argument = self.group() if self.here() in _CLOSES else self._argument()
        tree = Node("call", (argument, *base), name)
        return Node("pow", (tree, exponent)) if exponent is not None else tree

    def _series(self, op: str) -> Node:
        """\\sum_{k=1}^{n} body, whose body ends at the next plus or minus."""
        self.expect("_")
        self.expect("{")
        letter = self._bound_letter()
        self.expect("=")
        low = self.sum()
        self.expect("}")
        self.expect("^")
        high = self.group()
        return Node(op, (self.product(), low, high), letter)

    def _integral(self) -> Node:
        self.expect("_")
        low = self.group()
        self.expect("^")
        high = self.group()
        self._integrals += 1
        body = self.sum() if self.here() != "d" else number(1)
        self._integrals -= 1
        self.expect("d")
        return Node("int", (body, low, high), self._bound_letter())

    def _limit(self) -> Node:
        self.expect("_")
        self.expect("{")
        letter = self._bound_letter()
        if self.take() not in {"\\to", "\\rightarrow"}:
            raise Unreadable("a limit without an arrow")
        point = self.sum()
        self.expect("}")
        return Node("lim", (self.product(), point), letter)

    def _bound_letter(self) -> str:
        tree = self.atom()
        if tree.op != "symbol" and tree != Node("const", name="i"):
            raise Unreadable("no letter that could be bound")
        return tree.name

    def _argument(self) -> Node:
        """What `sin 2x` takes: the factors side by side, up to the next sign."""
        tree = self._factor()
        while self._starts() and self.here()[1:] not in _CALLS:
            tree = self._side_by_side(tree)
        return tree
