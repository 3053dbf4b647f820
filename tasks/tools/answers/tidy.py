"""The noise that stands around an answer, taken away: dollar signs, bracket sizes, spacing, fonts, units, Unicode."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_GONE = re.compile(r"(?<!\\)\\(?:(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|q?quad)(?![A-Za-z])|[,;:! ]"
                   r"|[()\[\]])|(?<!\\)\$|~|​|⁡")
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname|bold|boldsymbol|fbox"
                      r"|boxed)\s*\{([^{}]*)\}")
_FRACTIONS = re.compile(r"\\[dtc](frac|binom)(?![A-Za-z])")
# what a string literal made of a command whose backslash nobody doubled, and the backslashes that were doubled twice
_EATEN = {"\f": "\\f", "\t": "\\t", "\b": "\\b", "\r": "\\r", "\v": "\\v"}
_EATEN_AT = re.compile("\f(?=rac)|\t(?=extcirc|imes|heta|an\\b|o\\b)"
                       "|\b(?=oxed|inom|egin|eta|ar)|\r(?=ight|ho)|\v(?=ec|ert)")
_DOUBLED = re.compile(r"\\\\(?=[A-Za-z]{2,}|[{}%$,;!])")
_RAISED_HTML = re.compile(r"<(sup|sub)>([^<>]*)</\1>")
_CIRCLED = re.compile("[①-⑳]+")
_WIDE = re.compile("[！-～]")  # full-width forms of ASCII
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|\\[,!]|\\ | |,)+(?=\d{3}(?:\D|$))")
_GROUPED = re.compile(r"-?\s*\\?[$€£]?\s*(?!0)\d{1,3}(?:(?:\{,\}|,\\!|\\,|,| | )\d{3})+(?:\.\d+)?(?![\d,])")
_MARKED = re.compile(r"(?<=\d)\s*(?:\{\s*,\s*\}|,\s*\\!)\s*(?=\d{3})")  # commas that LaTeX was told are no separators
_SIGNS = {
    "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "≤": "\\le ", "≥": "\\ge ",
    "≠": "\\ne ", "∞": "\\infty ",
    "π": "\\pi ", "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in ", "±": "\\pm ", "θ": "\\theta ",
    "α": "\\alpha ", "β": "\\beta ",
    "°": "^\\circ ", "∀": "\\forall ", "∃": "\\exists ", "′": "'", "″": "''", 
    "ℝ": "\\mathbb{R}", "∅": "\\emptyset ", "⌊": "\\lfloor ", "⌋": "\\rfloor ", "“": "", "”": "",
    "∛": "\\sqrt[3]", "λ": "\\lambda "}
_SIGN = re.compile("|".join(map(re.escape, _SIGNS)))
_RAISED = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")
_VULGAR = re.compile("[¼-¾⅐-⅞]")
_SYNONYMS = {"\\leqslant": "\\le", "\\leq": "\\le", "\\geqslant": "\\ge", "\\geq": "\\ge", "\\lt": "<", "\\gt": ">",
             "\\neq": "\\ne", "\\lbrace": "\\{", "\\rbrace": "\\}", "\\varnothing": "\\emptyset", "\\lvert": "|",
             "\\rvert": "|", "\\vert": "|", "\\tfrac": "\\frac", "\\colon": ":", "\\land": ",", "\\dots": "\\ldots",
             "\\cdots": "\\ldots", "\\infin": "\\infty", "\\degree": "^\\circ", "\\tg": "\\tan", "\\ctg": "\\cot"}
_SYNONYM = re.compile("|".join(f"{re.escape(key)}(?![A-Za-z])" for key in _SYNONYMS))
_DEGREES = re.compile(r"\s*\^\s*\{?\s*\\circ\s*\}?")
_PERIODIC = re.compile(r"(\d*)\.(\d*)\\(?:overline|bar|dot)\s*\{?(\d+)\}?")
_UNIT = re.compile(r"(?<=[\d})!])\s*(?:\\text\s*)?((?:(?:square|cubic|sq\.?|cu\.?)\s+)?[A-Za-z%]{2,}"
                   r"(?:[\s./*-]+[A-Za-z]{2,}|\s*/\s*[A-Za-z]){0,4})(?:\s*\^\s*\{?\d\}?)?\s*\.?$")
_SCALES = {
    "cm": "cm", "centimeter": "cm", "centimetre": "cm", "m": "m", "meter": "m", "metre": "m",
    "km": "km", "kilometer": "km",
    "kilometre": "km", "mm": "mm", "millimeter": "mm", "inch": "in", "inche": "in", "foot": "ft",
    "feet": "ft", "ft": "ft",
    "yard": "yd", "mile": "mi", "second": "s", "sec": "s", "minute": "min", "min": "min", "hour": "h",
    "hr": "h", "h": "h", "s": "s", "day": "d",
    "week": "wk", "month": "mo", "year": "yr", "g": "g", "gram": "g", "kg": "kg", "kilogram": "kg",
    "pound": "lb", "lb": "lb",
    "ounce": "oz", "liter": "l", "litre": "l", "ml": "ml", "milliliter": "ml", "gallon": "gal", "cent": "cent",
    "dollar": "dollar", "unit": "?", "degree": "deg", "radian": "rad"}
_PER = re.compile(r"\s*/\s*|\s+per\s+")
_NOT_UNITS = frozenset(["pi", "mod", "or", "and", "sin", "cos", "tan", "ln", "log", "sqrt", "ab", "bc", "xy", "in",
                        "cup", "cap", "infty"])
_PLAIN = re.compile(r"(?:[-+\d\s.,/*^(){}]|\\(?:frac|sqrt|pi|cdot)\b)*")  # what a unit may stand behind


_QUALIFIER = re.compile(
    r"[\s,;]*\(?\s*(?:\bfor\s+(?:all|any|every|each)\s[^;=]*"
    r"|(?:\bwhere\s+)?[A-Za-z]\s*\\in\s*\\mathbb\s*\{?[ZN]\}?(?:_0|\^[+*])?"
    r"|\b(?:where|with)\s+[A-Za-z]\s+is\s+an?\s+(?:(?:arbitrary|real|positive|non-?zero|fixed)\s+)*"
    r"(?:integer|constant|(?:real )?number))\s*\)?$")


class Tidied(NamedTuple):
    """An answer without noise; `unit` is a known unit or "", `percent` whether a percent sign stood there."""

    text: str
    unit: str = ""
    percent: bool = False
    money: bool = False
    qualifier: str = ""  # "for all x", "k \\in \\mathbb{Z}": taken off the text


@lru_cache(maxsize=8192)
def tidy(text: str) -> Tidied:
    """The text alone: what only concerns looks is gone, a unit behind it is read, its mathematics is left as it was."""
    if len(text) > 20_000:
        return Tidied(text)
    money = bool(re.search(r"\\\$|^\s*\$\s*-?[\d,.]+\s*$|[€£]", text))
    text = _restored(text)
    if not text.isascii():
        text = _ascii(text)
    if _GROUPED.match(text.strip().strip("$").strip()):
        text = _THOUSANDS.sub("", text)
    if "," in text:
        text = _MARKED.sub("", text)
    text = re.sub(r"\\[$€£]|[€£]", "", text)
    text = _SYNONYM.sub(lambda found: _SYNONYMS[found[0]] + " ", _FRACTIONS.sub(r"\\\1", text))
    text, before = _GONE.sub(" ", text), ""
    while before != text:
        before, text = text, _WRAPPED.sub(lambda found: f" {found[1]} ", text)
    text = re.sub(r"(?<=\d)\s*\{\s*/\s*[a-z ]+\}$", "", text)  # 48{/h}
    text = re.sub(r"(?<=\d)\s*\{\s*([a-z ]+)\}(?=\W|$)", r" \1", text)
    text = re.sub(r"(?<=\d)\s*\(\s*not\b[^()]*\)$", "", text.strip())  # 7 (not 8)
    text = re.sub(r"(?<=\d)\s*\^?\s*\{?\s*(?:st|nd|rd|th)\s*\}?$", "", text.strip())  # 12th
    text = _PERIODIC.sub(_repeating, text)
    text = re.sub(r"^[\s*_`\"']+|[\s*_`\"';,]+$|(?<!\\ldots)[\s.]+$", "", text)
    text = re.sub(r"(?<=[\w}])\.(?=\s*[\])])", "", text)  # (1, 2.]
    text = text[1:-1] if re.fullmatch(r"\{[^{},;:]*\}", text) else text
    text, qualifier = _unqualified(text)
    text = re.sub(r"^([-+]?[\d.]+)[eE]([-+]?\d+)$", r"\1*10^{\2}", text)
    percent = bool(re.search(r"\\?%$|\bpercent$", text))
    text = re.sub(r"\s*(?:\\?%|\bpercent)$", "", text)
    return _without_unit(" ".join(text.split()), percent, money)._replace(qualifier=qualifier)


def _unqualified(text: str) -> tuple[str, str]:
    """An answer without its "for all x", "where k is an integer", "k \\in \\mathbb{Z}"; and those words."""
    found = _QUALIFIER.search(text) if " " in text or "\\in" in text else None
    return (text[:found.start()], " ".join(found[0].strip(" ,;()").split())) if found and found.start() else (text, "")


def _without_unit(text: str, percent: bool, money: bool) -> Tidied:
    bare = _DEGREES.sub("", text)
    if bare != text and "\\circ" not in bare:
        return Tidied(bare.strip(), "deg", percent, money)
    found = _UNIT.search(text)
    named = _PER.split(found[1].lower()) if found else []
    if not found or named[0].split()[0] in _NOT_UNITS or not _PLAIN.fullmatch(text[:found.start()]):
        return Tidied(text, "", percent, money)
    power = re.search(r"\^\s*\{?(\d)", text[found.start():])
    squared = "2" if named[0].startswith("sq") else "3" if named[0].startswith("cu") else power[1] if power else ""
    unit, *below = map(_known, named)
    return Tidied(text[:found.start()].strip(), "/".join([unit + squared, *filter(None, below)]) if unit else "",
                  percent, money)


def _known(words: str) -> str:
    """The known unit among some words, "" where there is none."""
    return next((name for word in words.split() if (name := _SCALES.get(word) or _SCALES.get(word.rstrip("s")))), "")


def _restored(text: str) -> str:
    """LaTeX that went through a string literal once too often or once too seldom, and HTML's raised digits."""
    if not text.isprintable():
        text = _EATEN_AT.sub(lambda found: _EATEN[found[0]], text)
    if "\\\\" in text and "\\begin" not in text:
        text = _DOUBLED.sub(r"\\", text)
    if "</su" in text:
        text = _RAISED_HTML.sub(lambda found: f"{'^' if found[1] == 'sup' else '_'}{{{found[2]}}}", text)
    return text.replace("\\textcirc", "\\circ")


def _ascii(text: str) -> str:
    """Unicode's mathematics in LaTeX's words."""
    text = _CIRCLED.sub(lambda found: ", ".join(str(ord(char) - 0x245F) for char in found[0]), text)
    text = _WIDE.sub(lambda found: chr(ord(found[0]) - 0xFEE0), _VULGAR.sub(_spelled, text))
    text = _SUPERSCRIPT.sub(lambda found: "^{" + found[0].translate(_RAISED) + "}", text)
    return _SIGN.sub(lambda found: _SIGNS[found[0]], unicodedata.normalize("NFC", text))


def _spelled(found: re.Match[str]) -> str:
    top, _, bottom = unicodedata.normalize("NFKD", found[0]).partition("⁄")
    return f" \\frac{{{top}}}{{{bottom}}} "


def _repeating(found: re.Match[str]) -> str:
    """0.1\\overline{6} as a fraction."""
    whole, fixed, period = found[1] or "0", found[2], found[3]
    top = int(whole + fixed + period) - int(whole + fixed)
    return f"\\frac{{{top}}}{{{int('9' * len(period) + '0' * len(fixed))}}}"
