"""What a rewriting must leave alone, checked by program: the numbers of a problem, and its words."""

import re
from collections import Counter

from tasks.asking import Unfit
from tasks.tools.numbers import read_numbers

WORD = re.compile(r"[^\W_]+(?:[.,]\d+)*")
DIGITS = re.compile(r"\d+(?:[.,]\d+)*")


def numbers(text: str) -> Counter[str]:
    """The numbers that a text tells, in digits or words, by value; not "one", which is mostly a pronoun."""
    return Counter(str(mention.value) for mention in read_numbers(text) if mention.text.lower() != "one")


def keep_numbers(old: str, new: str) -> None:
    """Raises `Unfit` where one text has a number that the other has not. How often it is said does not matter."""
    before, after = numbers(old), numbers(new)
    lost, came = sorted(set(before) - set(after)), sorted(set(after) - set(before))
    if lost or came:
        raise Unfit("other_numbers", f"lost {', '.join(lost) or 'none'}; came {', '.join(came) or 'none'}")


def keep_digits(old: str, new: str) -> None:
    """The same for another language, where only digits can be compared. Raises `Unfit`."""
    before, after = (Counter(re.sub(r"[.,]", "", found) for found in DIGITS.findall(text)) for text in (old, new))
    if set(before) != set(after):
        raise Unfit("other_numbers", f"digits {sorted(before)} became {sorted(after)}")


def keep_words(old: str, new: str) -> None:
    """Raises `Unfit` where not all words of the old text stand in the new one, in their order."""
    words = iter(WORD.findall(new.lower()))
    for word in WORD.findall(old.lower()):
        if word not in words:  # goes on from where the last was found
            raise Unfit("lost_words", f"the new text does not keep {word!r} in its place")
