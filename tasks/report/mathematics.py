r"""Mathematics in running text as MathML, which browsers draw themselves: no script, no font, no network.

The one door of latex2mathml. It does not escape what stands in `\text{…}`, lets `\href` through, and texts are not
ours: what it gives is read again, and only elements and attributes named here stay. What cannot be set stays as it is.

>>> print(typeset("It costs $5 and $6."))
It costs $5 and $6.
>>> print(typeset(r"<b> \(x^2\)")[:37])
&lt;b&gt; <math xmlns="http://www.w3.
"""

import re
from collections import Counter
from functools import lru_cache
from xml.etree import ElementTree

from markupsafe import Markup, escape

LONGEST = 600  # characters of one formula, here and in `FORMULA`; longer ones are no formula, or made to be slow
FORMULA = re.compile(
    r"\$\$(.{1,600}?)\$\$|\\\[(.{1,600}?)\\\]|\\\((.{1,600}?)\\\)"
    r"|(?<![\\$\w])\$(?=\S)([^$\n]{1,600}?)(?<=[^\s\\])\$(?!\d)", re.DOTALL)
DIGIT = re.compile(r"\d")
WORD = re.compile(r"[A-Za-z]{2}")  # two letters without a sign of LaTeX: money on both sides of some prose
MATHML = "{http://www.w3.org/1998/Math/MathML}"
_ELEMENTS = ("math mrow mi mn mo ms mtext mspace mfrac msqrt mroot msub msup msubsup munder mover munderover mtable "
             "mtr mtd mstyle mpadded mphantom menclose")
_ATTRIBUTES = ("display displaystyle scriptlevel mathvariant fence stretchy form separator accent accentunder "
               "linethickness width height depth lspace rspace minsize maxsize movablelimits columnalign rowspacing "
               "columnspacing notation")
ELEMENTS, ATTRIBUTES = frozenset(_ELEMENTS.split(" ")), frozenset(_ATTRIBUTES.split(" "))


def typeset(text: str) -> Markup:
    """`text`, escaped, with its formulas (`$…$`, `$$…$$`, `\\(…\\)`, `\\[…\\]`) as MathML."""
    pieces, at = [], 0
    for found in FORMULA.finditer(text):
        set_piece = _formula(found)
        pieces += [escape(text[at:found.start()]), set_piece or escape(found.group())]
        at = found.end()
    return Markup("").join([*pieces, escape(text[at:])])


def typeset_answer(text: str) -> Markup:
    """A final answer, which may be LaTeX without dollars around it."""
    if "\\" in text and "$" not in text and (done := mathml(text.strip())):
        return done
    return typeset(text)


def _formula(found: re.Match[str]) -> Markup | None:
    block, single = found[1] or found[2], found[4]
    if single and not re.search(r"[\\^_=]", single) and WORD.search(single):
        return None
    return mathml((block or found[3] or single).strip(), "block" if block else "inline")


@lru_cache(4096)
def mathml(formula: str, display: str = "inline") -> Markup | None:
    """A formula as safe MathML; None where it cannot be set."""
    from latex2mathml.converter import convert

    if len(formula) > LONGEST:
        return None
    try:
        tree = ElementTree.fromstring(convert(formula, display=display))
    except Exception:  # the library raises dozens of kinds, IndexError among them
        return None
    ElementTree.register_namespace("", MATHML[1:-1])
    return Markup(ElementTree.tostring(tree, encoding="unicode")) if _whole(tree, formula) and _clean(tree) else None


def _whole(tree: ElementTree.Element, formula: str) -> bool:
    """Whether no digit got lost, and something is left: of a table that is not closed the library keeps nothing."""
    text = "".join(tree.itertext())
    return bool(text.strip()) and not Counter(DIGIT.findall(formula)) - Counter(DIGIT.findall(text))


def _clean(tree: ElementTree.Element) -> bool:
    """Whether all elements are mathematics; attributes that are not known are taken out."""
    for node in tree.iter():
        if node.tag.removeprefix(MATHML) not in ELEMENTS:
            return False
        for name in [name for name in node.attrib if name not in ATTRIBUTES]:
            del node.attrib[name]
    return True
