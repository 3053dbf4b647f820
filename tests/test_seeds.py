"""The seeds that ship: each one's arithmetic, where its numbers come from, its form, and that it is nobody else's."""

import json
import re
from collections import Counter
from collections.abc import Iterator
from fractions import Fraction
from pathlib import Path

import pytest

from tasks.tools.files import data_path, read_rows
from tasks.tools.numbers import read_numbers

GSM8K = Path(__file__).parents[2] / "shared/data/gsm8k"
SEEDS = [row for _, row in read_rows(data_path("seeds", "grade_school.jsonl"))]
CONSTANTS = {2, 7, 12, 24, 60, 100, 1000}  # there and back, days, a dozen, hours, minutes, percent or cm, grams
ANNOTATION = re.compile(r"<<([^<>=]+)=([^<>=]+)>>")
PLAIN = re.compile(r"((?:\$?[\d.]+(?:/\d+)?)(?: [-+*/x÷] \$?[\d.]+(?:/\d+)?)+) = \$?(\d+(?:\.\d+)?)")
OPERAND = re.compile(r"\d+\.\d+|\d+")
SHARE = re.compile(r"(?<![\d.])\d+/\d+(?![\d.])")
WORD = re.compile(r"[a-z0-9']+")

every_seed = pytest.mark.parametrize("seed", SEEDS, ids=lambda seed: str(seed["id"]))
Seed = dict[str, str]


def steps(seed: Seed) -> list[tuple[str, Fraction]]:
    """The left side and the result of every equation in the solution."""
    found = ANNOTATION.findall(seed["solution"]) or PLAIN.findall(seed["solution"])
    return [(left.replace("$", "").replace(" x ", "*").replace("÷", "/"), Fraction(right)) for left, right in found]


def value(expression: str) -> Fraction:
    assert re.fullmatch(r"[\d.+*/() -]+", expression)
    return Fraction(eval(re.sub(r"\d+(\.\d+)?", r"Fraction('\g<0>')", expression), {"Fraction": Fraction}))


def test_there_are_150_with_their_own_ids_and_words() -> None:
    assert [seed["id"] for seed in SEEDS] == [f"grade-{number:03d}" for number in range(1, 151)]
    assert len({seed["question"] for seed in SEEDS}) == 150
    plain = [seed for seed in SEEDS if "<<" not in str(seed["solution"])]
    assert len(plain) == 25


def test_topics_are_mixed() -> None:
    topics = Counter(str(seed["topic"]) for seed in SEEDS)
    assert len(topics) >= 12
    assert min(topics.values()) >= 5
    assert max(topics.values()) <= 20


@every_seed
def test_form(seed: Seed) -> None:
    assert list(seed) == ["id", "question", "solution", "topic", "licence"]
    assert seed["licence"] == "MIT"
    for text in (seed["question"], seed["solution"]):
        assert text == text.strip()
        assert "  " not in text
        assert not re.search(r"\s[.,?]|[“”’–]", text)
    assert seed["question"].endswith("?")
    body, _, answer = seed["solution"].rpartition("\n#### ")
    assert re.fullmatch(r"\d+(\.\d+)?", answer)
    assert 2 <= len(body.splitlines()) <= 7
    assert all(line.endswith(".") and line[0].isupper() for line in body.splitlines())


@every_seed
def test_every_step_is_right_and_the_last_is_the_answer(seed: Seed) -> None:
    found = steps(seed)
    assert len(found) == len(seed["solution"].splitlines()) - 1, "one equation a line"
    for left, result in found:
        assert value(left) == result, left
    assert found[-1][1] == Fraction(seed["solution"].rpartition("#### ")[2])


@every_seed
def test_annotations_repeat_what_the_text_says(seed: Seed) -> None:
    for line in seed["solution"].splitlines():
        for match in ANNOTATION.finditer(line):
            before, after = line[:match.start()].rstrip("$"), line[match.end():]
            assert before.replace("$", "").endswith(f"{match[1]} = ")
            assert re.match(rf"{re.escape(match[2])}(?![\d]|\.\d)", after)


@every_seed
def test_every_number_has_one_source(seed: Seed) -> None:
    """A number of a step is of the question, or an earlier result, or a known constant; never two of them at once."""
    asked = [mention.value for mention in read_numbers(seed["question"])]
    told = {*asked, *(one / 100 for one in asked), *(1 / one for one in asked if one)}
    results: list[Fraction] = []
    for left, result in steps(seed):
        shares = {Fraction(share) for share in SHARE.findall(left)}
        for number in map(Fraction, OPERAND.findall(left)):
            of_share = any(number in (share.numerator, share.denominator) for share in shares & set(asked))
            sources = (asked.count(number) or (number in told) or of_share) + results.count(number)
            assert sources or number in CONSTANTS, f"{number} in {left} comes from nowhere"
            assert sources <= 1, f"{number} in {left} may be any of {sources}"
        results.append(result)


@every_seed
def test_every_number_of_the_question_is_used(seed: Seed) -> None:
    """So that no slot is idle; "one" and "an hour" are words more than numbers."""
    used = {Fraction(number) for left, _ in steps(seed) for number in OPERAND.findall(left)}
    used |= {1 / number for number in used if number} | {number * 100 for number in used}
    used |= {Fraction(share) for left, _ in steps(seed) for share in SHARE.findall(left)}
    idle = [mention.text for mention in read_numbers(seed["question"]) if mention.value not in used]
    assert [text for text in idle if text.lower() != "one"] == []


def grams(text: str, size: int) -> Iterator[tuple[str, ...]]:
    words = WORD.findall(text.lower())
    return zip(*(words[start:] for start in range(size)), strict=False)


@pytest.mark.skipif(not GSM8K.is_dir(), reason="../shared/data/gsm8k is not here")
def test_no_seed_is_taken_from_gsm8k() -> None:
    """Ten words in a row are in common with none of its 8,792 questions, nor with its solutions."""
    theirs = set()
    for split in ("train", "test"):
        with open(GSM8K / f"{split}.jsonl", encoding="utf-8") as file:
            rows = map(json.loads, file)
            theirs |= {gram for row in rows for key in ("question", "problem", "answer", "solution")
                       for gram in grams(str(row.get(key, "")), 10)}
    assert len(theirs) > 100_000
    shared = [(seed["id"], gram) for seed in SEEDS for gram in grams(str(seed["question"]), 10) if gram in theirs]
    assert shared == []


def test_no_two_seeds_tell_the_same_story() -> None:
    """Eight words in a row are in common between no two of them."""
    counts = Counter(gram for seed in SEEDS for gram in set(grams(str(seed["question"]), 8)))
    assert [" ".join(gram) for gram, count in counts.items() if count > 1] == []
