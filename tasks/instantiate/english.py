"""Numbers as English words: ten, third, 3rd, twice, triple, half, three quarters; and whether "a" or "an" goes before.

Number words stop at one hundred: people write larger numbers in digits.
"""

from fractions import Fraction

from tasks.tools.arithmetic import Number, plain

ONES = ("zero", "one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten", "eleven", "twelve",
        "thirteen", "fourteen", "fifteen", "sixteen", "seventeen", "eighteen", "nineteen")
TENS = ("zero", "ten", "twenty", "thirty", "forty", "fifty", "sixty", "seventy", "eighty", "ninety")
ORDINAL_ENDS = {"one": "first", "two": "second", "three": "third", "five": "fifth", "eight": "eighth", "nine": "ninth",
                "twelve": "twelfth"}


def _spell(number: int) -> str:
    if number < 20:
        return ONES[number]
    if number == 100:
        return "one hundred"
    return TENS[number // 10] + (f"-{ONES[number % 10]}" if number % 10 else "")


WORDS = tuple(_spell(number) for number in range(101))


def word(value: Number) -> str:
    """ "ten"; numbers that are broken, negative or above one hundred stay as they are."""
    return WORDS[int(value)] if value.denominator == 1 and 0 <= value <= 100 else plain(value)


def ordinal(value: Number) -> str:
    """ "third"; above one hundred "101st"."""
    if value.denominator != 1 or not 0 <= value <= 100:
        return ordinal_digits(value)
    head, _, last = WORDS[int(value)].replace(" ", "-").rpartition("-")
    end = ORDINAL_ENDS.get(last) or (f"{last[:-1]}ieth" if last.endswith("y") else f"{last}th")
    return f"{head} {end}" if last == "hundred" else f"{head}-{end}" if head else end


def ordinal_digits(value: Number) -> str:
    """ "3rd"."""
    size = abs(int(value))
    end = "th" if size % 100 in (11, 12, 13) else {1: "st", 2: "nd", 3: "rd"}.get(size % 10, "th")
    return f"{plain(value)}{end}"


def fold(value: Number) -> str:
    """ "twice", "three times"."""
    return "twice" if value == 2 else "once" if value == 1 else f"{word(value)} times"


def double(value: Number) -> str:
    """ "double", "triple", "quadruple"; otherwise "five times"."""
    return {2: "double", 3: "triple", 4: "quadruple"}.get(int(value) if value.denominator == 1 else 0) or fold(value)


def part(value: Number, *, article: bool = False, fourth: bool = False) -> str:
    """ "half", "one third" ("a third" with `article`), "three quarters" ("three fourths"); else as `plain` has it."""
    if not 0 < value < 1 or value.denominator > 100:
        return plain(value)
    top, under = value.numerator, value.denominator
    if under == 2:
        return "half"
    name = "fourth" if fourth else "quarter"
    if under != 4:
        name = ordinal(under)
    if top == 1:
        return f"{'an' if article and an(name) else 'a' if article else 'one'} {name}"
    return f"{word(top)} {name}s"


def an(text: str) -> bool:
    """Whether "an" goes before a word or a number in digits, as it is spoken: an 8, an 11, an 80, an apple, a unit."""
    first = text.lstrip("$(\"'").split(" ")[0].split("-")[0]
    if first[:1].isdigit():
        return _an_number(first)
    lower = first.lower()
    if lower.startswith(("hour", "honest", "honor", "honour", "heir")):
        return True
    if lower.startswith(("uni", "use", "usu", "eu", "one", "once", "ukulele", "ufo", "uten")):
        return lower.startswith(("unin", "unim", "unid"))
    return lower[:1] in "aeiou" and lower != ""


def _an_number(digits: str) -> bool:
    """8, 80 to 89, 800 and so on start with a vowel; so do 11 and 18 where they are the first group read (11,000)."""
    lead = digits.replace(",", "").split(".")[0].split("/")[0].rstrip("%")
    group = lead[:(len(lead) - 1) % 3 + 1]
    return lead.startswith("8") or group in ("11", "18")


def possessive(name: str) -> str:
    """ "Anna's", "James'"."""
    return f"{name}'" if name.endswith("s") else f"{name}'s"


def mixed(value: Number) -> str:
    """ "1 1/2"."""
    size = Fraction(value if value >= 0 else -value)
    units, rest = size // 1, size % 1
    sign = "-" if value < 0 else ""
    if not rest or not units:
        return f"{sign}{size}"
    return f"{sign}{units} {rest}"


def comma(value: Number) -> str:
    """ "1,200", "1,200.5"."""
    if value.__class__ is int:
        return f"{value:,}"
    text = plain(value)
    if "/" in text:
        return text
    units, _, rest = text.partition(".")
    return f"{int(units):,}.{rest}" if units != "-0" else text


def fixed(value: Number, places: int, *, commas: bool = False) -> str:
    """`places` decimal places, halves away from zero."""
    top, under = abs(value.numerator), value.denominator
    size = (2 * top * 10**places + under) // (2 * under)
    units, rest = divmod(size, 10**places)
    sign = "-" if value.numerator < 0 and size else ""
    return sign + (f"{units:,}" if commas else str(units)) + f".{rest:0{places}d}"


def money(value: Number, *, commas: bool = False) -> str:
    """Digits when whole, otherwise two places: "3", "3.50"."""
    if value.denominator == 1:
        return f"{int(value):,}" if commas else str(int(value))
    return fixed(value, 2, commas=commas)


def bare(value: Number, places: int = 0) -> str:
    """ ".5": no zero before the point; with `places`, ".50"."""
    text = fixed(value, places) if places else plain(value)
    return text[1:] if text.startswith("0.") else text


def upper_first(text: str) -> str:
    return text[:1].upper() + text[1:]
