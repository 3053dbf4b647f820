"""Which words of a problem belong to a place or a culture, each replaced by a slot."""

from tasks.prompts import Prompt
from tasks.prompts.shapes import TEXT, closed, many, one_of, texts

KINDS = ("person_female", "person_male", "person", "place", "food", "clothing", "currency", "festival", "sport")

PROMPT = Prompt(
    name="mark_entities",
    system="""\
You prepare exercises for readers elsewhere in the world. Find in the given problem the words that tie it to a
culture: first names of people, names of places, food, clothes, money, festivals, sports. Give the problem again
with each of them replaced by a slot in braces, such as {person_1}, {food_1}, {place_1}; the same thing has the
same slot throughout, and different things have different slots. All else stays letter for letter, numbers above
all. Then list every slot with its kind and the words that it replaced. Kinds: person_female, person_male, person,
place, food, clothing, currency, festival, sport.""",
    sections=("Problem",),
    schema=texts("slotted", slots=many(closed({"slot": TEXT, "kind": one_of(*KINDS), "words": TEXT}))),
    temperature=0.0,
)
