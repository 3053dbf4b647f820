"""Templates written by hand for tests and the benchmark, in the style of grade-school problems."""

from schemas.records import Slot, Template, stable_id
from tasks.instantiate.markup import render
from tasks.tools.expressions import compile_program


def slot(name: str, kind: str, value: str, domain: str = "", unit: str = "") -> Slot:
    """`domain` is "low..high", "low..high/step", "a, b, c", or a pool's name."""
    if kind in ("name", "object", "place"):
        return Slot(name, kind, unit, 0, 0, value, pool=domain)
    if "," in domain:
        return Slot(name, kind, unit, 0, 0, value, choices=domain.split(", "))
    ends, _, step = domain.partition("/")
    low, _, high = ends.partition("..")
    return Slot(name, kind, unit, 0, 0, value, low, high, step or ("1" if domain else ""))


def template(name: str, question: str, solution: str, slots: list[Slot], program: str, conditions: list[str],
             kind: str = "integer", unit: str = "", origin: str = "family") -> Template:
    made = stable_id("template", name, question)
    return Template(made, [], made, "", origin, name, "arithmetic", 1, question, solution, slots, conditions, program,
                    "", "{answer}", kind, unit, "handmade", "MIT")


def clips(origin: str = "family") -> Template:
    return template(
        "clips", "{p1} strung {n1} beads on Monday, and half as many on Tuesday. How many beads did {p1} string "
        "altogether on Monday and Tuesday?",
        "On Tuesday {p1} strung {n1}/2 = <<{n1}/2={r1}>>{r1} beads.\n"
        "Altogether {p1} strung {n1}+{r1} = <<{n1}+{r1}={r2}>>{r2} beads.\n#### {r2}",
        [slot("p1", "name", "Nadia", "female"), slot("n1", "count", "48", "2..200", "beads")],
        "r1 = n1/2\nr2 = n1 + r1\nanswer = r2", ["is_int(r1)"], origin=origin)


def handmade() -> list[Template]:
    return [
        clips(),
        template(
            "wage", "{p1} earns ${n1} an hour for mending bicycles. Yesterday {p1} mended for {n2} minutes. How "
            "much did "
            "{p1} earn?",
            "{p1} earns {n1}/60 = $<<{n1}/60={r1}>>{r1} a minute.\n"
            "In {n2} minutes that is {r1} x {n2} = $<<{r1}*{n2}={r2}>>{r2}.\n#### {r2}",
            [slot("p1", "name", "Omar", "male"), slot("n1", "money", "12", "6..60"),
             slot("n2", "count", "50", "5..180/5", "minutes")],
            "r1 = n1/60\nr2 = r1*n2\nanswer = r2", ["divides(1, r1*100)", "is_int(r2)"]),
        template(
            "orchard", "{p1} picks {n1} {n1#o1} and {p2} picks {n2} {n2#o1}. They share all of them equally among {n3} "
            "baskets. How many {o1:many} go into each basket?",
            "Together they pick {n1}+{n2} = <<{n1}+{n2}={r1}>>{r1} {o1:many}.\n"
            "Each basket gets {r1}/{n3} = <<{r1}/{n3}={r2}>>{r2} {r2#o1}.\n#### {r2}",
            [slot("p1", "name", "Lea", "any"), slot("p2", "name", "Tariq", "any"), slot("o1", "object", "pear|pears",
             "fruit"), slot("n1", "count", "34", "5..90"), slot("n2", "count", "26", "5..90"),
             slot("n3", "count", "6", "2..12")],
            "r1 = n1 + n2\nr2 = r1/n3\nanswer = r2", ["is_int(r2)", "r2 > 1"]),
        template(
            "sale", "A coat costs ${n1:money,}. In the sale it is {n2}% cheaper, and {p1} also has a voucher of "
            "${n3:money}. How much does {p1} pay for the coat?",
            "The discount is {n1} x {n2}/100 = $<<{n1}*{n2}/100={r1:money}>>{r1:money}.\n"
            "The sale price is {n1} - {r1:money} = $<<{n1}-{r1:money}={r2:money}>>{r2:money}.\n"
            "{p1} pays {r2:money} - {n3:money} = $<<{r2:money}-{n3:money}={r3:money}>>{r3:money}.\n#### {r3:money}",
            [slot("p1", "name", "Ines", "any"), slot("n1", "money", "80", "20..1500/5"),
             slot("n2", "percent", "25", "5..60/5"), slot("n3", "money", "7.50", "0.5..20/0.5")],
            "r1 = n1*n2/100\nr2 = n1 - r1\nr3 = r2 - n3\nanswer = r3", ["is_int(r1*100)", "r3 > 0"], "decimal", "$"),
        template(
            "buses", "A school takes {n1:,} children to a farm. Each bus holds {n2} children. How many buses are "
            "needed?",
            "{n1} children fill {n1}/{n2} buses.\nSo {r1} {r1?bus is|buses are} needed.\n#### {r1}",
            [slot("n1", "count", "250", "40..1400"), slot("n2", "count", "45", "20..60")],
            "r1 = ceil(n1/n2)\nanswer = r1", ["not divides(n2, n1)", "r1 > 1"]),
        template(
            "ages", "{p1} is {n1} years old. {p2} is {n2:fold} as old as {p1}, and {p3} is {n3} years younger than "
            "{p2}. "
            "What is the sum of their ages?",
            "{p2} is {n1}*{n2} = <<{n1}*{n2}={r1}>>{r1} years old.\n"
            "{p3} is {r1}-{n3} = <<{r1}-{n3}={r2}>>{r2} {r2?year|years} old.\n"
            "Together they are {n1}+{r1}+{r2} = <<{n1}+{r1}+{r2}={r3}>>{r3} years old.\n#### {r3}",
            [slot("p1", "name", "Emil", "male"), slot("p2", "name", "Rania", "female"),
             slot("p3", "name", "Ravi", "any"),
             slot("n1", "count", "9", "3..30"), slot("n2", "multiple", "3", "2..4"), slot("n3", "count", "4", "1..15")],
            "r1 = n1*n2\nr2 = r1 - n3\nr3 = n1 + r1 + r2\nanswer = r3", ["r2 > 0", "r1 < 100"]),
        template(
            "pool", "A tank holds {n1:,} liters. A pump fills {n2} liters a minute while {n3} liters a minute leak "
            "out. How "
            "many minutes does it take to fill the empty tank?",
            "Each minute {n2}-{n3} = <<{n2}-{n3}={r1}>>{r1} {r1?liter stays|liters stay}.\n"
            "It takes {n1}/{r1} = <<{n1}/{r1}={r2}>>{r2} {r2?minute|minutes}.\n#### {r2}",
            [slot("n1", "measure", "1200", "100..6000/50"), slot("n2", "measure", "40", "10..120"),
             slot("n3", "measure", "10", "1..60")],
            "r1 = n2 - n3\nr2 = n1/r1\nanswer = r2", ["r1 > 0", "is_int(r2)"]),
        template(
            "farm", "A farmer has {n1} {n1#o1}. He sells {n2:part} of them and then buys {n3} more. How many "
            "{o1:many} does "
            "he have now?",
            "He sells {n1} x {n2:frac} = <<{n1}*{n2:frac}={r1}>>{r1} {r1#o1}.\n"
            "That leaves {n1}-{r1} = <<{n1}-{r1}={r2}>>{r2}.\n"
            "Now he has {r2}+{n3} = <<{r2}+{n3}={r3}>>{r3} {r3#o1}.\n#### {r3}",
            [slot("o1", "object", "goat|goats", "farm_animal"), slot("n1", "count", "36", "6..240"),
             slot("n2", "fraction", "1/3", "1/2, 1/3, 1/4, 2/3, 3/4, 1/5"), slot("n3", "count", "10", "2..80")],
            "r1 = n1*n2\nr2 = n1 - r1\nr3 = r2 + n3\nanswer = r3", ["is_int(r1)"]),
        template(
            "train", "A train travels {n1} miles in {n2} hours and then {n3} miles in {n4} hours. What is its "
            "average speed "
            "in miles per hour?",
            "It travels {n1}+{n3} = <<{n1}+{n3}={r1}>>{r1} miles.\nThat takes {n2}+{n4} = <<{n2}+{n4}={r2}>>{r2} "
            "hours.\n"
            "The average speed is {r1}/{r2} = <<{r1}/{r2}={r3}>>{r3} miles per hour.\n#### {r3}",
            [slot("n1", "measure", "120", "30..600/5"), slot("n2", "measure", "2", "1..10"),
             slot("n3", "measure", "180", "30..600/5"), slot("n4", "measure", "3", "1..10")],
            "r1 = n1 + n3\nr2 = n2 + n4\nr3 = r1/r2\nanswer = r3", ["is_int(r3*2)", "n1/n2 < 120", "n3/n4 < 120"],
            "decimal", "mph"),
        template(
            "shares", "{p1}, {p2} and {p3} split ${n1:,}. {p1} takes {n2}% and {p2} takes {n3}%. How many dollars "
            "are left "
            "for {p3}?",
            "{p1} and {p2} take {n2}+{n3} = <<{n2}+{n3}={r1}>>{r1}%.\nFor {p3} 100-{r1} = <<100-{r1}={r2}>>{r2}% "
            "is left.\n"
            "That is {n1} x {r2}/100 = $<<{n1}*{r2}/100={r3}>>{r3}.\n#### {r3}",
            [slot("p1", "name", "Ana", "any"), slot("p2", "name", "Bruno", "any"), slot("p3", "name", "Chidi", "any"),
             slot("n1", "money", "600", "100..5000/50"), slot("n2", "percent", "20", "5..80/5"),
             slot("n3", "percent", "35", "5..80/5")],
            "r1 = n2 + n3\nr2 = 100 - r1\nr3 = n1*r2/100\nanswer = r3", ["r1 < 100", "is_int(r3)"], unit="$"),
        template(
            "weeks", "{p1} reads {n1} pages every weekday and {n2} pages each day of the weekend. How many pages "
            "does {p1} "
            "read in {n3} {n3?week|weeks}?",
            "On weekdays it is 5*{n1} = <<5*{n1}={r1}>>{r1} pages.\nOn weekends it is 2*{n2} = <<2*{n2}={r2}>>{r2} "
            "pages.\n"
            "A week makes {r1}+{r2} = <<{r1}+{r2}={r3}>>{r3} pages.\n"
            "In {n3} {n3?week|weeks} that is {r3}*{n3} = <<{r3}*{n3}={r4}>>{r4} pages.\n#### {r4}",
            [slot("p1", "name", "Yuki", "any"), slot("n1", "count", "20", "4..60"), slot("n2", "count", "35", "5..90"),
             slot("n3", "count", "4", "1..12")],
            "r1 = 5*n1\nr2 = 2*n2\nr3 = r1 + r2\nr4 = r3*n3\nanswer = r4", []),
        template(
            "same", "{p1} baked {n1} {n1#o1} and {p2} also baked {n2}. They sold them all in boxes of {n3}. How "
            "many boxes did "
            "they fill?",
            "They baked {n1}+{n2} = <<{n1}+{n2}={r1}>>{r1} {o1:many}.\n"
            "They filled {r1}/{n3} = <<{r1}/{n3}={r2}>>{r2} boxes.\n#### {r2}",
            [slot("p1", "name", "Ada", "female"), slot("p2", "name", "Hugo", "male"),
             slot("o1", "object", "muffin|muffins", "baked"), slot("n1", "count", "24", "6..120"),
             slot("n2", "count", "24", "6..120"), slot("n3", "count", "6", "2..24")],
            "r1 = n1 + n2\nr2 = r1/n3\nanswer = r2", ["n1 == n2", "is_int(r2)", "r2 > 1"]),
        template(
            "chance", "A bag holds {n1} red and {n2} blue marbles. One marble is drawn. What is the probability "
            "that it is red?",
            "There are {n1}+{n2} = <<{n1}+{n2}={r1}>>{r1} marbles.\nThe probability is {n1}/{r1}.\nThat is {r2:frac}.\n"
            "#### {r2:frac}",
            [slot("n1", "count", "3", "1..30"), slot("n2", "count", "5", "1..30")],
            "r1 = n1 + n2\nr2 = n1/r1\nanswer = r2", [], "rational"),
        template(
            "roots", "Which numbers x satisfy {q} = 0?",
            "The polynomial is (x - {n1})(x - {n2}).\nIt is zero for x = {n1} and x = {n2}.\n#### {answer}",
            [slot("n1", "number", "2", "1..12"), slot("n2", "number", "5", "1..12")],
            "b = n1 + n2\nq = poly(1, 0 - b, n1*n2)\nanswer = set_of(n1, n2)", ["n1 < n2"], "set"),
        template(
            "savings", "{p1} wants a guitar for ${n1:money}. {p1} has {n2:part} of the money. {p1:poss} parents give "
            "${n3:money} and {p1:poss} grandparents give {n4:fold} as much as the parents. How much more money "
            "does {p1} "
            "need?",
            "{p1} has {n1:money} x {n2:frac} = $<<{n1:money}*{n2:frac}={r1:money}>>{r1:money}.\n"
            "The grandparents give {n3:money} x {n4} = $<<{n3:money}*{n4}={r2:money}>>{r2:money}.\n"
            "{p1} needs {n1:money} - {r1:money} - {n3:money} - {r2:money} = "
            "$<<{n1:money}-{r1:money}-{n3:money}-{r2:money}={r3:money}>>{r3:money} more.\n#### {r3:money}",
            [slot("p1", "name", "James", "male"), slot("n1", "money", "100", "40..600/5"),
             slot("n2", "fraction", "1/2", "1/2, 1/3, 1/4, 1/5, 2/5"), slot("n3", "money", "15", "5..60"),
             slot("n4", "multiple", "2", "2..4")],
            "r1 = n1*n2\nr2 = n3*n4\nr3 = n1 - r1 - n3 - r2\nanswer = r3", ["is_int(r1*100)", "r3 > 0"],
            "decimal", "$"),
    ]


def by_hand(made: Template, values: dict[str, object]) -> tuple[str, str, object]:
    """(question, solution, answer) the plain way: one row, no columns, none of the fast paths."""
    names = {**values, **compile_program(made.program)(values)}  # type: ignore[arg-type]
    return render(made.question, names), render(made.solution, names), names["answer"]  # type: ignore[arg-type]

