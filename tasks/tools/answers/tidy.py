"""The noise that stands around an answer, taken away: dollar signs, bracket sizes, spacing, fonts, units, Unicode."""

import re
import unicodedata
from functools import lru_cache
from typing import NamedTuple

_GONE = re.compile(r"(?<!\\)\\(?:(?:left|right|[bB]igg?[lrm]?|displaystyle|textstyle|limits|q?quad)(?![A-Za-z])|[,;:! ]"
                   r"|[()\[\]])|(?<!\\)\$|~|​|⁡")
_WRAPPED = re.compile(r"\\(?:text|textbf|textit|textrm|mathrm|mathbf|mathit|mbox|operatorname|bold|boldsymbol|fbox"
                      r"|boxed)\s*\{([^{}]*)\}")
_FRACTIONS = re.compile(r"\\[dtc]frac(?![A-Za-z])")
_THOUSANDS = re.compile(r"(?<=\d)(?:\{,\}|\\[,!]|\\ | |,)+(?=\d{3}(?:\D|$))")
_GROUPED = re.compile(r"-?\s*\\?[$€£]?\s*\d{1,3}(?:(?:\{,\}|,\\!|\\,|,| | )\d{3})+(?:\.\d+)?(?![\d,])")
_SIGNS = {
    "−": "-", "–": "-", "—": "-", "×": "*", "·": "*", "⋅": "*", "÷": "/", "≤": "\\le ", "≥": "\\ge ",
    "≠": "\\ne ", "∞": "\\infty ",
    "π": "\\pi ", "∪": "\\cup ", "∩": "\\cap ", "∈": "\\in ", "±": "\\pm ", "θ": "\\theta ",
    "α": "\\alpha ", "β": "\\beta ",
    "°": "^\\circ ", "ℝ": "\\mathbb{R}", "∅": "\\emptyset ", "⌊": "\\lfloor ", "⌋": "\\rfloor ", "“": "", "”": "",
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
                   r"(?:[\s./*-]+[A-Za-z]{2,}){0,4})(?:\s*\^\s*\{?\d\}?)?\s*\.?$")
_SCALES = {
    "cm": "cm", "centimeter": "cm", "centimetre": "cm", "m": "m", "meter": "m", "metre": "m",
    "km": "km", "kilometer": "km",
    "kilometre": "km", "mm": "mm", "millimeter": "mm", "inch": "in", "inche": "in", "foot": "ft",
    "feet": "ft", "ft": "ft",
    "yard": "yd", "mile": "mi", "second": "s", "sec": "s", "minute": "min", "min": "min", "hour": "h",
    "hr": "h", "day": "d",
    "week": "wk", "month": "mo", "year": "yr", "g": "g", "gram": "g", "kg": "kg", "kilogram": "kg",
    "pound": "lb", "lb": "lb",
    "ounce": "oz", "liter": "l", "litre": "l", "ml": "ml", "milliliter": "ml", "gallon": "gal", "cent": "cent",
    "dollar": "dollar", "degree": "deg", "radian": "rad"}
_NOT_UNITS = frozenset(["pi", "mod", "or", "and", "sin", "cos", "tan", "ln", "log", "sqrt", "ab", "bc", "xy", "in",
                        "cup", "cap", "infty"])
_PLAIN = re.compile(r"(?:[-+\d\s.,/*^(){}]|\\(?:frac|sqrt|pi|cdot)\b)*")  # what a unit may stand behind


class Tidied(NamedTuple):
    """An answer without noise; `unit` is a known unit or "", `percent` whether a percent sign stood there."""

    text: str
    unit: str = ""
    percent: bool = False
    money: bool = False


@lru_cache(maxsize=8192)
def tidy(text: str) -> Tidied:
    """The text alone: what only concerns looks is gone, a unit behind it is read, its mathematics is left as it was."""
    if len(text) > 20_000:
        return Tidied(text)
    money = bool(re.search(r"\\\$|^\s*\$\s*-?[\d,.]+\s*$|[€£]", text))
    text = _VULGAR.sub(_spelled, text)
    text = _SUPERSCRIPT.sub(lambda found: "^{" + found[0].translate(_RAISED) + "}", text)
    text = _SIGN.sub(lambda found: _SIGNS[found[0]], unicodedata.normalize("NFC", text))
    if _GROUPED.match(text.strip().strip("$").strip()):
        text = _THOUSANDS.sub("", text)
    text = re.sub(r"(?<=\d)\{,\}(?=\d{3})|(?<=\d),\\!(?=\d{3})", "", text)
    text = re.sub(r"\\[$€£]|[€£]", "", text)
    text = _SYNONYM.sub(lambda found: _SYNONYMS[found[0]] + " ", _FRACTIONS.sub(r"\\frac", text))
    text, before = _GONE.sub(" ", text), ""
    while before != text:
        before, text = text, _WRAPPED.sub(lambda found: f" {found[1]} ", text)
    text = re.sub(r"(?<=\d)\s*\{\s*/?([a-z ]+)\}(?=\W|$)", r" \1", text)
    text = re.sub(r"(?<=\d)\s*\^?\s*\{?\s*(?:st|nd|rd|th)\s*\}?$", "", text.strip())  # 12th
    text = _PERIODIC.sub(_repeating, text)
    text = re.sub(r"^[\s*_`\"']+|[\s*_`\"';,]+$|(?<!\\ldots)[\s.]+$", "", text)
    text = re.sub(r"^([-+]?[\d.]+)[eE]([-+]?\d+)$", r"\1*10^{\2}", text)
    percent = bool(re.search(r"\\?%$|\bpercent$", text))
    text = re.sub(r"\s*(?:\\?%|\bpercent)$", "", text)
    return _without_unit(" ".join(text.split()), percent, money)


def _without_unit(text: str, percent: bool, money: bool) -> Tidied:
    bare = _DEGREES.sub("", text)
    if bare != text and "\\circ" not in bare:
        return Tidied(bare.strip(), "deg", percent, money)
    found = _UNIT.search(text)
    words = found[1].lower().split() if found else []
    if not found or words[0] in _NOT_UNITS or not _PLAIN.fullmatch(text[:found.start()]):
        return Tidied(text, "", percent, money)
    known = [_SCALES.get(word, _SCALES.get(word.rstrip("s"), "")) for word in words]
    power = re.search(r"\^\s*\{?(\d)", text[found.start():])
    squared = "2" if words[0].startswith("sq") else "3" if words[0].startswith("cu") else power[1] if power else ""
    unit = next((name for name in known if name), "")
    return Tidied(text[:found.start()].strip(), unit + squared * bool(unit), percent, money)


def _spelled(found: re.Match[str]) -> str:
    top, _, bottom = unicodedata.normalize("NFKD", found[0]).partition("⁄")
    return f" \\frac{{{top}}}{{{bottom}}} "


def _repeating(found: re.Match[str]) -> str:
    """0.1\\overline{6} as a fraction."""
    whole, fixed, period = found[1] or "0", found[2], found[3]
    top = int(whole + fixed + period) - int(whole + fixed)
    return f"\\frac{{{top}}}{{{int('9' * len(period) + '0' * len(fixed))}}}"
