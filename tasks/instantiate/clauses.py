"""What a variant may say: final questions that we understand, and the clauses that fit each of them.

A final question is understood when it is one of a few plain forms about one person, or about a group called "they"
("How many pens does Ana have left?"). Only then is it known what one more event does to the answer. All else is left
alone.
"""

import re
from dataclasses import dataclass

from tasks.instantiate import pools

HOLE = re.compile(r"\{[^{}]*\}")
WHO = r"(?P<who>\{p\d+\}|[A-Z][a-zà-öø-ÿ]+|he|she)"
THING = r"(?P<thing>(?:[a-z]+ ){0,2}(?:[a-z]+|\{o\d+:many\}))"
TOTAL = r"in total|altogether|in all"
QUESTIONS = {
    "has": rf"How many {THING}(?: in total| total)? does {WHO} (?:now )?have(?: (?P<tail>left|now|{TOTAL}))?\?",
    "have": rf"How many {THING}(?: in total| total)? do (?P<who>they) (?:now )?have(?: (?P<tail>left|now|{TOTAL}))?\?",
    "purse": rf"How much money does {WHO} (?:now )?have(?: (?P<tail>left|now|left over|{TOTAL}))?\?",
    "spent": rf"How much (?:money )?did {WHO} (?:spend|pay) (?P<tail>{TOTAL})\?",
    "earned": rf"How much (?:money )?did {WHO} earn(?: (?P<tail>{TOTAL}))?\?",
    "did": rf"How many {THING} did {WHO[:-1]}|they) (?P<verb>[a-z]+) (?P<tail>{TOTAL})\?",
}
FORMS = {kind: re.compile(pattern) for kind, pattern in QUESTIONS.items()}
# A wider form, for clauses that change nothing whatever is asked.
ABOUT = re.compile(rf"How (?:many|much)\b[^?]*\b(?:does|did|will) {WHO}(?!\w)[^?]*\?")

# Plans, rates and conditions: one event more would not simply add to the answer, or not once.
UNSAFE = re.compile(
    r"\b(?:if|will|would|plans?|planned|wants?|wanted|needs?|needed|every|per|daily|weekly|monthly|tomorrow|goal|average|"
    r"each (?:day|week|month|year|hour|time)|an? (?:day|week|month|year|hour)|percent|shared?|originally|at first|"
    r"initially|to begin with)\b|%", re.IGNORECASE)
NOT_DOLLARS = re.compile(r"[€£¥₹]|\b(?:cents?|pence|euros?|pounds?|pesos?|rupees?|yen)\b", re.IGNORECASE)

PAST = re.compile(
    r"\b(?:had|bought|gave|ate|sold|got|took|made|was|were|found|lost|went|came|spent|paid|won|saw|kept|put|brought|"
    r"(?!need|seed|feed|speed|hundred|indeed|shed|sled|weed|bleed|naked|sacred|colored|baked|fried)[a-z]{2,}ed)\b")
PRESENT = re.compile(
    r"\b(?:has|have|buys|gives|eats|sells|gets|takes|makes|is|are|finds|loses|goes|comes|spends|pays|wins|sees|keeps|"
    r"puts|brings|receives|picks|uses|starts|decides|collects|owns|earns)\b")

VERBS = {"sell": "sold", "eat": "ate", "pick": "picked", "collect": "collected", "buy": "bought", "bake": "baked",
         "make": "made", "read": "read", "find": "found", "plant": "planted", "catch": "caught", "draw": "drew",
         "paint": "painted", "fold": "folded", "pack": "packed", "receive": "received", "use": "used"}

# Things beyond the pools that change hands easily.
OWNED = frozenset((
    "toys", "candies", "candy", "cards", "blocks", "socks", "pictures", "photos", "sweets", "bananas", "eggs", "gifts",
    "presents", "letters", "envelopes", "batteries", "towels", "blankets", "napkins", "seashells", "acorns", "nuts",
    "dinosaurs", "figurines", "crystals", "gems", "keychains", "beads", "jewels", "trains", "paintings", "plants",
    "dice"))
GIVEN = frozenset((
    "fruit", "berry", "vegetable", "baked", "cake", "candy", "snack", "toy", "small_toy", "stationery", "print",
    "flower", "pet", "fish", "farm_animal", "poultry", "shirt", "jewel", "craft", "ball", "game", "school_thing",
    "balloon", "dishes", "cup"))
LIKED = frozenset(("fruit", "berry", "baked", "cake", "candy", "snack", "toy", "small_toy", "flower", "pet", "ball",
                   "game", "fish", "jewel"))
NOT_A_THING = re.compile(r"\b(?:more|fewer|less|other|another|extra|additional|different|kinds?|types?|total|whole|"
                         r"unsold|remaining|new|old|sets?|packs?|dozens?)\b")


def owned(thing: str) -> bool:
    """Whether a person can be given one more of them: a known object, or a hole that holds one."""
    last = thing.rpartition(" ")[2]
    if NOT_A_THING.search(thing):
        return False
    return last.startswith("{o") or last in OWNED or (last in pools.classes() and pools.classes()[last][0] in GIVEN)


def liked(thing: str) -> bool:
    """Whether people say that they like such things."""
    return thing in pools.classes() and pools.classes()[thing][0] in LIKED


@dataclass(frozen=True, slots=True)
class Event:
    """A clause that changes the answer: past and present text, +1 or -1, and the least and most of its number.

    In the texts W is the person (O as an object), K the number (N in words), T the things, V the past of the
    question's verb. `unless` are words of the story beside which it would sound wrong or matter twice.
    """

    past: str
    present: str
    sign: int
    low: int
    high: int
    unless: str


NO_SHOP = r"\$|dollar|photo|picture|letter|gift"
NO_DRINK = r"drink|soda|juice|coffee|tea\b|water|lemonade|milk|beer|wine"
EVENTS: dict[str, tuple[tuple[Event, ...], tuple[Event, ...]]] = {  # two lists: a second clause comes from the second
    "has": (
        (Event("Then W was given K more T by a friend.", "Then W is given K more T by a friend.", 1, 2, 12, "friend"),
         Event("Then W bought K more T.", "Then W buys K more T.", 1, 2, 12, NO_SHOP)),
        (Event("After that, W gave K T to a neighbor.", "After that, W gives K T to a neighbor.", -1, 2, 9, "neighbor"),
         )),
    "have": (
        (Event("Then they were given K more T.", "Then they are given K more T.", 1, 2, 12, r"\bgave|given"),
         Event("Then they bought K more T.", "Then they buy K more T.", 1, 2, 12, NO_SHOP)),
        (Event("After that, they gave K T to a neighbor.", "After that, they give K T to a neighbor.", -1, 2, 9,
               r"neighbor"),)),
    "purse": (
        (Event("Then W was given $K by an uncle.", "Then W is given $K by an uncle.", 1, 5, 30, r"uncle|parent|fami"),
         Event("Then W found another $K in an old coat.", "Then W finds another $K in an old coat.", 1, 2, 20, "coat")),
        (Event("After that, W spent $K on a book.", "After that, W spends $K on a book.", -1, 4, 20, r"book|read"),
         Event("After that, W spent $K on a puzzle.", "After that, W spends $K on a puzzle.", -1, 4, 20, "puzz|toy"))),
    "spent": (
        (Event("W also spent $K on a drink.", "", 1, 2, 6, NO_DRINK),
         Event("W also spent $K on a postcard.", "", 1, 2, 5, r"card")),
        (Event("Later, W spent another $K on a magazine.", "", 1, 3, 9, r"magazine|book|read|comic"),
         Event("Later, W spent another $K on a sandwich.", "", 1, 3, 9, r"sandwich|food|lunch|meal|burger|dinner"))),
    "earned": (
        (Event("W also earned $K by helping a neighbor.", "", 1, 5, 40, r"neighbor"),),
        (Event("On top of that, W earned $K by walking a dog.", "", 1, 5, 30, r"\bdogs?\b"),)),
    "did": ((Event("After that, W V K more T.", "", 1, 2, 20, r"\brest\b|all of"),),
            (Event("Finally, W V another K T.", "", 1, 2, 20, r"\brest\b|all of"),)),
}


@dataclass(frozen=True, slots=True)
class Remark:
    """A clause that changes nothing; `unless` are words whose presence would let it matter or contradict."""

    kinds: tuple[str, ...]
    past: str
    present: str
    low: int
    high: int
    unless: str
    limited: bool = False  # its number counts some of the things asked for, so it must stay below the answer


ANY = ("about",)
REMARKS = (
    Remark(("has",), "K of the T were a bit smaller than the rest.", "K of the T are a bit smaller than the rest.", 2,
           9, r"small|big|larg|siz|tiny|huge|rest\b|photo|picture", limited=True),
    Remark(("has",), "It took O K minutes to count the T.", "It takes O K minutes to count the T.", 2, 15,
           r"minute|hour|second|time|count"),
    Remark(("has", "did"), "W had N cousins who also liked T.", "W has N cousins who also like T.", 2, 9,
           r"cousin|famil|relativ|friend"),
    Remark(("spent",), "The receipt was K centimeters long.", "", 8, 30, r"receipt|length|long|centimeter|inch|cm\b"),
    Remark(("purse", "earned"), "W's wallet was N years old.", "W's wallet is N years old.", 2, 9,
           r"wallet|purse|\bold|\bage|year"),
    Remark(ANY, "The nearest bus stop was N blocks from W's home.", "The nearest bus stop is N blocks from W's home.",
           2, 9, r"bus|block|home|house|mile|meter|feet|distance|drive|drove|walk|travel|trip|ride|rode|run|ran\b"),
    Remark(ANY, "W had lived in the same town for N years.", "W has lived in the same town for N years.", 2, 9,
           r"year|live|town|city|village|\bold|\bage|born|move|month|farm|baby|country"),
    Remark(ANY, "It had rained on N days that month.", "It has rained on N days this month.", 3, 9,
           r"rain|day|week|month|year|weather|snow|storm|night|season|summer|winter|spring|autumn|january|february|"
           r"march|april|june|july|august|september|october|november|december"),
)
