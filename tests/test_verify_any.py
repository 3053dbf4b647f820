"""Any data set verified: what is read of it, each method, the votes, the audit, the planted cases, and the command."""

import json
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import replace
from fractions import Fraction
from itertools import product
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from schemas.errors import InputError, MathmillError, ParameterError
from schemas.records import Ballot, Claim, Planted, Rejection
from schemas.run import Run, open_run
from schemas.table import Table
from tasks.tools.equations import statements
from tasks.tools.rates import wilson
from tasks.verify import agreement, audit, code, dataset, judge, measure, planted, printed
from tasks.verify.claims import flat, mapped, of_row
from tests.conftest import Command

REFERENCES = Path(__file__).parents[2] / "shared/data/answers/references.jsonl"


def claim(solution: str = "", answer: str = "", problem: str = "How much is it?", attempt: int = 0) -> Claim:
    return Claim("claim_1", [], "problem_1", "", attempt, problem, solution, answer, "made.jsonl", "", 1)


def read(row: Mapping[str, object], **given: str) -> list[Claim | Rejection]:
    """The claims of one row, its columns guessed as those of a whole file are."""
    whole = flat(row)
    return list(of_row(whole, mapped(list(whole), given, "made.jsonl"), "made.jsonl", 1, ""))


def triple(row: Mapping[str, object], **given: str) -> tuple[str, str, str]:
    [made] = read(row, **given)
    assert isinstance(made, Claim)
    return made.problem, made.solution, made.answer


def jsonl(path: Path, *rows: Mapping[str, object]) -> str:
    path.write_text("".join(json.dumps(row) + "\n" for row in rows))
    return str(path)


@pytest.fixture
def run(tmp_path: Path) -> Iterator[Run]:
    with open_run(tmp_path / "run") as opened:
        yield opened


# --- claims


@pytest.mark.parametrize(("row", "expected"), [
    ({"problem": "q", "response": "s", "answer": "7"}, ("q", "s", "7")),
    ({"question": "q", "generated_solution": "s", "expected_answer": 7}, ("q", "s", "7")),
    ({"problem": "q", "candidate": "s", "reference": "7", "label": True}, ("q", "s", "7")),
    ({"problem": "q", "solution": "so \\boxed{7}", "answer": "7"}, ("q", "so \\boxed{7}", "7")),
    ({"problem": "q", "solution": "so \\boxed{7}", "response": "8"}, ("q", "8", "7")),  # the solution is the reference
    ({"question": "q", "answer": "3 + 4 = <<3+4=7>>7\n#### 7"}, ("q", "3 + 4 = <<3+4=7>>7\n#### 7", "")),
    ({"question": "q", "answer": "3+4\n#### 7", "output": "8"}, ("q", "8", "7")),
    ({"prompt": [{"role": "system", "content": "be good"}, {"role": "user", "content": "q"}],
      "reward_model": {"style": "rule", "ground_truth": "7"}, "extra_info": {"index": 3}}, ("q", "", "7")),
    ({"prompt": [{"role": "user", "content": "q"}], "completion": [{"role": "assistant", "content": "s"}],
      "answer": "7"}, ("q", "s", "7")),
    ({"conversations": [{"from": "human", "value": "q"}, {"from": "gpt", "value": "s"}]}, ("q", "s", "")),
    ({"messages": json.dumps([{"role": "user", "content": "q"}, {"role": "assistant", "content": "s"}])},
     ("q", "s", "")),
    ({"problem": "q", "response": "s", "final_answer": ["2", "3"]}, ("q", "s", "2, 3")),
])
def test_rows_are_read_however_they_are_laid_out(row: dict[str, object], expected: tuple[str, str, str]) -> None:
    assert triple(row) == expected


def test_named_columns_win_over_guesses() -> None:
    row = {"problem": "q", "response": "s", "answer": "7", "mine": "t", "gold2": "8"}
    assert triple(row, solution="mine", answer="gold2") == ("q", "t", "8")
    with pytest.raises(InputError, match=r"no column 'nosuch' for the solution[\s\S]*--solution"):
        read(row, solution="nosuch")


def test_a_file_without_anything_to_verify_says_what_to_name() -> None:
    with pytest.raises(InputError, match=r"no column looks like a solution or an answer; columns found: 'a'\n.*--ans"):
        read({"a": "1"})


def test_several_solutions_are_several_claims_of_one_problem() -> None:
    made = read({"problem": "q", "responses": ["7", "", {"text": "8"}], "answer": "7"})
    kept = [one for one in made if isinstance(one, Claim)]
    assert [(one.solution, one.attempt) for one in kept] == [("7", 0), ("8", 2)]
    assert len({one.problem_id for one in kept}) == 1 != len({one.id for one in kept})
    [lost] = [one for one in made if isinstance(one, Rejection)]
    assert (lost.rule, lost.reason) == ("no_text", "made.jsonl, row 1: solution 2 holds no text")


def test_tools_speak_in_a_conversation() -> None:
    call = {"function": {"name": "python", "arguments": '{"code": "print(3 + 4)"}'}}
    row = {"messages": [{"role": "user", "content": "q"}, {"role": "assistant", "content": "", "tool_calls": [call]},
                        {"role": "tool", "content": "7"}, {"role": "assistant", "content": "It is \\boxed{7}."}]}
    solution = triple(row)[1]
    assert code.programs(solution) == ["print(3 + 4)"]
    assert "```output\n7\n```" in solution
    assert judge.by_answer(claim(solution, "7"))[:2] == ("passed", "7")


def test_files_folders_and_parquet(run: Run, tmp_path: Path) -> None:
    folder = tmp_path / "set"
    folder.mkdir()
    jsonl(folder / "b.jsonl", {"problem": "q", "response": "7", "answer": "7"}, {"problem": "q", "response": None})
    pq.write_table(pa.table({"problem": ["p"], "response": [["1", "2"]], "answer": ["1"]}), folder / "a.parquet")
    table = dataset.claims(str(folder))
    assert [(row.source, row.line, row.solution) for row in table.rows()] == [
        ("a.parquet", 1, "1"), ("a.parquet", 1, "2"), ("b.jsonl", 1, "7")]
    assert [(row.rule, row.reason) for row in table.rejections.rows()] == [
        ("nothing_to_verify", "b.jsonl, row 2: no text in solution 'response', answer 'answer'")]


# --- by answer, by step


@pytest.mark.parametrize(("solution", "answer", "status", "read"), [
    ("7", "7", "passed", "7"), ("So \\boxed{\\frac{1}{2}}.", "0.5", "passed", "\\frac{1}{2}"),
    ("8", "7", "failed", "8"),
    ("Nobody knows.\nReally.", "7", "unknown", ""), ("The answer is 5.", "", "unknown", "5")])
def test_by_answer(solution: str, answer: str, status: str, read: str) -> None:
    assert judge.by_answer(claim(solution, answer))[:2] == (status, read)


@pytest.mark.parametrize(("solution", "status", "reason"), [
    ("3 + 4 = 7.\nThen 7 * 2 = 14.", "passed", ""),
    ("3 + 4 = 7.\nThen 7 * 2 = 15.\n#### 15", "failed", "line 2, equation 2: 7*2 = 15, exactly 14"),
    ("Since $f(2) = 1$,\n3 + 4 = 7.", "passed", ""),  # not the equation "(2) = 1"
    ("17 - 3 = 24", "failed", "line 1, equation 1: 17-3 = 24, exactly 14"),
    ("2250 / 360 = 6 with a remainder of 90.", "unknown", "no equation could be decided"),
    ("22/7 ≈ 3.142\n2/3 ≈ 0.66", "passed", ""),  # cut off, not rounded
    ("0.1 + 0.2 = 0.30000000000000004", "passed", ""),
    ("22/7 ≈ 3.152", "failed", "line 1, equation 1: 22/7 ≈ 3.152, exactly 22/7"),
])
def test_by_step(solution: str, status: str, reason: str) -> None:
    found = judge.by_step(claim(solution))
    assert (found[0], found[2]) == (status, reason)


@pytest.mark.parametrize(("text", "status"), [
    ("\\(10 \\cdot 6 = 60\\)", "passed"), ("\\(10 \\cdot 6 = 61\\)", "failed"),
    ("$$\\frac{60 + 20}{4} = 20$$", "passed"), ("$$\\dfrac{60 + 20}{4} = 21$$", "failed"),
    ("$\\frac{1}{2} \\left(\\frac{1}{3}\\right) = \\frac{1}{6}$", "passed"),
    ("$\\sqrt{16} + 2^{3} = \\boxed{12}$", "passed"), ("$2\\sqrt{3} = \\sqrt{12} = 2 \\sqrt{3}$", "passed"),
    ("$20{,}000 \\times 3 = 60\\,000$", "passed"), ("**3 + 4 = 8**", "failed"),
    ("$V = \\frac{1}{3}Bh = \\frac{1}{3}(30)(6)$", "unknown"),  # a third of B, not a third
    ("$2\\frac{1}{2} = 2.5$", "unknown"),  # mixed number or product
    ("$\\sin 3 = 4$ and $\\log_2 8 = 3$", "unknown"), ("$7 \\equiv 1 \\pmod 3$, $7 \\bmod 3 = 1$", "unknown"),
    ("$18 \\times 3.14159 \\approx 56.54866$", "unknown"),  # from rounded numbers
    ("$3.25 \\times 4 = 13.01$", "failed"),
])
def test_steps_in_latex(text: str, status: str) -> None:
    assert judge.by_step(claim(text))[0] == status


def test_latex_keeps_its_lines() -> None:
    text = "\\begin{align*}\n3 + 4 &= 7 \\\\\n\\frac{8}{2}\n5 + 1 &= 7\n\\end{align*}"
    assert judge.by_step(claim(text))[2] == "line 4, equation 2: 5+1 = 7, exactly 6"


def test_programs_are_no_steps_but_keep_the_count_of_lines() -> None:
    solution = "```python\nif 7 % 2 != 0: x = 1\n```\n```output\n3 = 4\n```\n3 + 4 = 8"
    assert judge.by_step(claim(solution))[2] == "line 7, equation 1: 3+4 = 8, exactly 7"
    assert "by_step" not in judge.applies(claim("```python\nx = 1\n```"))


def test_a_judge_that_breaks_has_said_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    def broken(_: Claim) -> judge.Told:
        raise ValueError("odd")

    monkeypatch.setattr(judge, "by_answer", broken)
    [verdict] = judge.verdicts([claim("7", "7")], ["by_answer"])
    assert (verdict.status, verdict.reason) == ("unknown", "fault of mathmill: ValueError: odd")


@pytest.mark.parametrize("text", ["((5 = 5", "b = ((0.1, None), (0.1, None))",
                                  "(7! / (3!(7−3)!)) × (4! / (2!(4−2)!)) = 1 = (("])
def test_brackets_left_open_are_read_without_a_fault(text: str) -> None:
    assert all(statement.left for statement in statements(text))


# --- by code


class Jailed:
    """Stands for the jail: what a program comes to is told beforehand."""

    def __init__(self, **told: Any) -> None:
        self.told, self.ran = told, list[str]()

    def run(self, program: str, *, limits: object) -> SimpleNamespace:
        self.ran.append(program)
        base = {"status": "ok", "stdout": "", "stderr": "", "value": None, "hit": (), "level": "namespaces"}
        found = self.told["first"] if len(self.ran) == 1 and "first" in self.told else self.told["out"]
        return SimpleNamespace(**{**base, **found})


def ran(monkeypatch: pytest.MonkeyPatch, solution: str, answer: str, **told: Any) -> tuple[str, str, str, str]:
    monkeypatch.setattr(code, "_jail", lambda: (Jailed(**told), ""))
    return code.by_code(claim(solution, answer))


PROGRAM = "```python\nprint(21 / 3)\n```\n```output\n7.0\n```\nSo it is \\boxed{7}."


@pytest.mark.parametrize(("out", "answer", "status", "reason"), [
    ({"stdout": "x\n7.0\n"}, "7", "passed", ""),
    ({"value": "7"}, "7", "passed", ""),
    ({"stdout": "6.9999999999999\n"}, "7", "passed", ""),  # a float is known to some digits
    ({"stdout": "7.1\n"}, "", "failed", "program: gives 7.1, the text says 7"),
    ({"stdout": "7\n"}, "8", "failed", "program: gives 7, the reference says 8"),
    ({"status": "timeout", "hit": ("wall",)}, "7", "unknown", "program: timeout, wall"),
    ({"status": "error", "stderr": "Traceback\nZeroDivisionError: division by zero"}, "7", "unknown",
     "program: error, ZeroDivisionError: division by zero"),
    ({"status": "internal", "stdout": "8\n"}, "7", "unknown", "program: internal"),
    ({}, "7", "unknown", "program: it printed nothing"),
])
def test_by_code(monkeypatch: pytest.MonkeyPatch, out: dict[str, Any], answer: str, status: str, reason: str) -> None:
    found = ran(monkeypatch, PROGRAM, answer, out=out)
    assert (found[0], found[2], found[3]) == (status, reason, "namespaces")


def test_a_program_that_leans_on_earlier_ones_runs_with_them(monkeypatch: pytest.MonkeyPatch) -> None:
    first = {"status": "error", "stderr": "NameError: name 'x' is not defined"}
    jail = Jailed(first=first, out={"stdout": "7\n"})
    monkeypatch.setattr(code, "_jail", lambda: (jail, ""))
    assert code.by_code(claim("```python\nx = 7\n```\nand\n```python\nprint(x)\n```", "7"))[0] == "passed"
    assert jail.ran == ["print(x)", "x = 7\nprint(x)"]


@pytest.mark.parametrize(("out", "other", "status"), [
    ("[3, 5, 7]", "3, 5, 7", "equal"), ("2516", "2516_8", "equal"), ("Interval.open(5, oo)", "(5,\\infty)", "equal"),
    ("Interval(-2, sqrt(7))", "x \\in [-2,\\sqrt{7}]", "equal"), ("{1, 2}", "2, 1", "equal"),
    ("Union(Interval.open(-oo, -3), Interval.Ropen(3, 4))", "(-\\infty,-3)\\cup[3,4)", "equal"),
    ("6.9999999999999", "7", "equal"), ("6.99", "7", "different"), ("[3, 5]", "3, 7", "different"),
    ("2517", "2516_8", "different"), ("Interval(-2, 7)", "(-2,7)", "different")])
def test_what_programs_print(out: str, other: str, status: str) -> None:
    assert printed.same(out, other) == status


def test_the_jail_runs_it(tmp_path: Path, mathmill: Command) -> None:
    rows = [{"problem": "q", "response": PROGRAM, "answer": "7"},
            {"problem": "p", "response": "```python\nopen('/etc/passwd').read(); print(7)\n```", "answer": "7"}]
    jsonl(tmp_path / "mine.jsonl", *rows)
    said = json.loads(mathmill("verify", "mine.jsonl", "--method", "by_code", "--json").stdout)
    if any("not run" in row["example"] for row in said["reasons"]):
        pytest.skip("no isolation on this machine")
    assert said["verdicts"]["by_code"] == {"passed": 1, "unknown": 1}


def test_without_isolation_nothing_runs(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(code, "_jail", lambda: (None, "no namespaces here"))
    assert code.by_code(claim(PROGRAM, "7")) == ("unknown", "", "program: not run: no namespaces here", "none")


# --- by agreement, and the audit of references


def ballot(*answers: str, reference: str = "", statuses: str = "") -> Ballot:
    names = {"p": "passed", "f": "failed", "u": "unknown"}
    told = [names[letter] for letter in statuses or "u" * len(answers)]
    return Ballot("b", [f"c{i}" for i in range(len(answers))], "p", list(answers), told,
                  [reference] if reference else [], 1)


def test_answers_fall_into_classes() -> None:
    found = agreement.agreement(ballot("1/2", "0.5", "3", "\\frac{1}{2}", ""))
    assert (found.answers, found.votes, found.members) == (["1/2", "3"], [3, 1], [0, 0, 1, 0, -1])
    assert (found.winner, found.share, found.margin) == ("1/2", 0.75, 0.5)
    assert found.low < 0.5 < found.high  # three of four may be chance
    statuses = [(verdict.status, verdict.reason) for verdict in agreement.verdicts(found, judge.METHODS)]
    assert statuses == [("passed", "")] * 2 + [("failed", "majority: 3 of 4 say 1/2")] + [
        ("passed", ""), ("unknown", "no final answer was found")]


def test_thousands_of_different_answers_are_no_trouble() -> None:
    found = agreement.agreement(ballot(*map(str, range(5_000)), *["7"] * 5_000))
    assert (found.winner, found.votes[0], len(found.answers)) == ("7", 5_001, 5_000)


def test_a_tie_has_no_winner() -> None:
    found = agreement.agreement(ballot("1", "2"))
    assert (found.winner, found.margin) == ("", 0.0)
    assert {verdict.status for verdict in agreement.verdicts(found, judge.METHODS)} == {"unknown"}


def test_nothing_read_is_no_vote() -> None:
    found = agreement.agreement(ballot("", "", reference="7"))
    assert (found.votes, found.winner, found.gold) == ([], "", "")
    assert {verdict.status for verdict in agreement.verdicts(found, judge.METHODS)} == {"unknown"}


@pytest.mark.parametrize(("answers", "statuses", "status"), [
    ("7 7 7 7", "pppp", ["passed"]), ("8 8 8 8", "ffff", ["failed"]), ("8 8 8 8", "uuuu", ["unknown"]),
    ("8 8 7", "ffp", []), ("8 8", "ff", [])])
def test_a_reference_falls_only_to_a_clear_majority(answers: str, statuses: str, status: list[str]) -> None:
    found = agreement.agreement(ballot(*answers.split(), reference="7", statuses=statuses))
    assert [verdict.status for verdict in agreement.verdicts(found, ["gold_audit"])] == status
    assert agreement.due([found], ["gold_audit"]) == len(status)


def test_two_references_of_one_problem_are_told() -> None:
    found = agreement.agreement(replace(ballot("7", "7"), references=["1/2", "0.5", "3"]))
    [verdict] = agreement.verdicts(found, ["gold_audit"])
    assert (verdict.status, verdict.reason) == ("failed", "references: the same problem has 1/2 and 3")


@pytest.mark.parametrize(("reference", "status", "reason"), [
    ("\\pi r^2", "passed", ""), ("[0, 1)", "passed", ""), ("Evelyn", "passed", ""), ("2k+1", "passed", ""),
    ("\\frac{1}{2", "failed", "reference: does not parse: a brace never closed"),
    ("3 +", "failed", "reference: does not parse: an operator at its end"),
    ("N/A", "failed", "reference: no answer"), ("see solution", "failed", "reference: no answer"),
    ("so we add them up " * 20, "failed", "reference: no answer but a text"),
    ("2q+1", "failed", "reference: names q, which the problem does not have"),
    ("\\mystery{3}[4]=x=?", "unknown", "reference: cannot be read as mathematics"),
])
def test_references_are_audited(reference: str, status: str, reason: str) -> None:
    found = audit.by_itself(claim("", reference, "A circle has radius $r$; what is its area?"))
    assert found[0] == status
    assert found[2].startswith(reason)


def test_sound_references_are_left_alone() -> None:
    if not REFERENCES.exists():
        pytest.skip(f"needs {REFERENCES}, which is not here")
    rows = [json.loads(line) for line in REFERENCES.read_text().splitlines()]
    flagged = [row["id"] for row in rows
               if audit.by_itself(claim("", row["answer"], row["problem"]))[0] == "failed"]
    assert len(flagged) <= 5, flagged


# --- planted cases


ANSWERS = ["72", "-3", "0", "1200", "-1234567", "0.5", "12.50", "-0.125", "1/2", "-22/7", "\\frac{3}{4}", "7/7", "99"]


def value(text: str) -> Fraction:
    """By plain means of its own."""
    plain = text.strip("$").replace("{,}", "").replace(",", "").replace("\\frac{", "").replace("}{", "/").rstrip("}")
    return Fraction(plain)


@pytest.mark.parametrize("answer", ANSWERS)
def test_planted_numbers_are_what_they_are_said_to_be(answer: str) -> None:
    assert planted.reformatted(answer)
    assert planted.altered(answer)
    assert {value(text) for text, _ in planted.reformatted(answer)} == {value(answer)}
    assert value(answer) not in {value(text) for text, _ in planted.altered(answer)}
    assert answer not in {text for text, _ in planted.reformatted(answer) + planted.altered(answer)}


@pytest.mark.parametrize(("answer", "right", "wrong"), [
    ("\\{1,2\\}", "\\{2, 1\\}", "\\{1, 3\\}"), ("{1, 2}", "{2, 1}", "{1, 3}"), ("(1, 2]", "(1,2]", "(1, 2)"),
    ("[0, 1)", "\\left[0, 1\\right)", "(0, 1)"), ("B", "(B)", "C"), ("20%", "20\\%", "-20%"),
    ("\\frac{x+1}{2}", "\\dfrac{x+1}{2}", "\\frac{x+1}{2}+1"), ("$5$", "5.0", "6")])
def test_planted_texts(answer: str, right: str, wrong: str) -> None:
    assert right in {text for text, _ in planted.reformatted(answer)}
    assert wrong in {text for text, _ in planted.altered(answer)}


@pytest.mark.parametrize("answer", ["", "Evelyn", "30^\\circ", "1,200", "4e-05", "x = 3", "0.33333333", "-0", "1, 2",
                                    "(1,200)", "5 cm", "\\pm 3", "|x|", "x", "2 3", "{1, 1}"])
def test_nothing_is_planted_where_the_truth_is_not_certain(answer: str) -> None:
    assert planted.altered(answer) == planted.reformatted(answer) == []


@pytest.mark.parametrize(("solution", "made"), [
    ("Add.\n#### 7\n", "Add.\n#### 9"), ("It is \\boxed{\\frac{1}{2}} now.", "It is \\boxed{9} now."), ("7", "9"),
    ("\\boxed{1} or \\boxed{2}", "9"), ("The answer is 7.", "9")])
def test_the_answer_is_replaced_only_where_it_is_marked(solution: str, made: str) -> None:
    assert planted.replaced(solution, "9") == made


def test_the_share_is_kept_and_the_choice_is_the_rows_own() -> None:
    chosen = [row for row in map(str, range(20_000)) if planted.doubles(row, 0.01)]
    assert 140 < len(chosen) < 260
    assert set(chosen) <= {row for row in map(str, range(20_000)) if planted.doubles(row, 0.05)}
    assert not any(planted.doubles(row, 0.0) for row in chosen)


def case(truth: str, status: str) -> Planted:
    return Planted("x", [], truth, "digit", "", "", "by_answer", status, "", "")


def test_error_rates_count_what_was_decided() -> None:
    cases = [case(*pair) for pair in product(["equal", "different"], ["passed", "failed", "unknown"])]
    rates = measure.error_rates([*cases, case("different", "failed"), case("different", "failed")])
    assert (rates["cases"], rates["undecided"]) == (8, 2)
    assert (rates["false_accept"]["wrong"], rates["false_accept"]["cases"]) == (1, 4)
    assert (rates["false_reject"]["wrong"], rates["false_reject"]["cases"]) == (1, 2)


def test_a_judge_that_accepts_everything_is_found_out(run: Run, tmp_path: Path,
                                                      monkeypatch: pytest.MonkeyPatch) -> None:
    rows = [{"problem": f"How much is {i}?", "response": str(i), "answer": str(i)} for i in range(10, 60)]
    claims = dataset.claims(jsonl(tmp_path / "a.jsonl", *rows))
    monkeypatch.setattr(judge, "by_answer", lambda claim: ("passed", claim.solution, "", ""))
    made = dataset.cases(claims, share=1.0)
    assert made.count() == 100
    noted = run.record["notes"]["planted"]
    assert (noted["false_accept"]["share"], noted["false_reject"]["share"]) == (1.0, 0.0)
    assert 0.9 < noted["false_accept"]["low"] < noted["false_accept"]["high"] == 1.0


def test_a_small_file_is_measured_too(run: Run, tmp_path: Path) -> None:
    rows = [{"problem": f"How much is {i}?", "response": str(i), "answer": str(i)} for i in range(10, 210)]
    claims = dataset.claims(jsonl(tmp_path / "a.jsonl", *rows))
    assert 60 < dataset.cases(claims, share=0.01).count() < 140  # two of each of about 50 rows
    assert run.record["notes"]["planted"]["share"] == 0.25


def test_a_share_is_between_nothing_and_all(run: Run, tmp_path: Path) -> None:
    claims = dataset.claims(jsonl(tmp_path / "a.jsonl", {"problem": "q", "response": "7", "answer": "7"}))
    with pytest.raises(ParameterError, match="planted"):
        dataset.cases(claims, share=2.0)


@pytest.mark.parametrize(("hits", "trials", "low", "high"), [
    (0, 0, 0.0, 1.0), (0, 10, 0.0, 0.2775), (10, 10, 0.7225, 1.0), (5, 10, 0.2366, 0.7634), (81, 263, 0.2553, 0.3662)])
def test_wilson(hits: int, trials: int, low: float, high: float) -> None:
    """Newcombe 1998, table I, and by hand."""
    rate = wilson(hits, trials)
    assert [rate.low, rate.high] == pytest.approx([low, high], abs=5e-5)


# --- the whole


ROWS: list[Mapping[str, object]] = [
    *({"problem": "What is 3 + 4?", "response": f"3 + 4 = {n}.\nSo \\boxed{{{n}}}.", "answer": "8"} for n in [7] * 6),
    {"problem": "What is 1/2 + 1/4?", "response": ["\\boxed{3/4}", "1/2 + 1/4 = 2/4\n#### 2/4"], "answer": "0.75"},
    {"problem": "What is x?", "answer": "N/A"},
    {"problem": "Nothing here", "response": "", "answer": ""},
]


def test_the_command_tells_what_it_found(tmp_path: Path, mathmill: Command) -> None:
    jsonl(tmp_path / "mine.jsonl", *ROWS)
    said = json.loads(mathmill("verify", "mine.jsonl", "--planted", "1", "--json", "--out", "run").stdout)
    assert said["columns"] == {"problem": "problem", "solution": "response", "answer": "answer"}
    assert said["verdicts"]["by_answer"] == {"failed": 7, "passed": 1}
    assert said["verdicts"]["by_step"] == {"passed": 6, "failed": 1}
    assert said["verdicts"]["by_agreement"] == {"passed": 6, "unknown": 2}
    assert said["steps"]["claims"] == {"kept": 9, "rejected": 1, "rules": {"nothing_to_verify": 1}}
    assert said["agreement"]["clear_majority"] == said["agreement"]["winner_is_not_reference"] == 1
    reasons = {row["example"] for row in said["reasons"] if row["method"] == "gold_audit" and row["status"] == "failed"}
    assert reasons == {"majority: 6 of 6 say 7, not 8", "reference: no answer: N/A"}
    assert said["planted"]["false_accept"]["wrong"] == said["planted"]["false_reject"]["wrong"] == 0
    assert said["planted"]["false_accept"]["cases"] == 8
    told = mathmill("verify", "mine.jsonl", "--planted", "1", "--out", "run").stdout
    assert "line 1, equation 1: 1/2+1/4 = 2/4, exactly 3/4" in " ".join(told.split())
    assert "the verifier itself, on 16 planted cases: false accepts 0 of 8" in " ".join(told.split())


def test_planted_rows_are_in_no_other_table(tmp_path: Path, mathmill: Command) -> None:
    jsonl(tmp_path / "mine.jsonl", *ROWS)
    mathmill("verify", "mine.jsonl", "--planted", "1", "--out", "run")
    sql = """SELECT count(*) AS many FROM planted p JOIN lineage l ON l.parent_id = p.id OR p.id IN
             (SELECT id FROM claims UNION SELECT solution_id FROM verdicts UNION SELECT id FROM examples)"""
    assert json.loads(mathmill("query", sql, "--runs", "run", "--format", "json").stdout) == [{"many": 0}]


def test_the_main_job_plants_too_and_publishes_none(tmp_path: Path, mathmill: Command) -> None:
    mathmill("run", "lifted", "--size", "150", "--planted", "0.5", "--out", "run")
    noted = json.loads((tmp_path / "run" / "run.json").read_text())["notes"]["planted"]
    assert noted["cases"] > 60
    assert noted["false_accept"]["wrong"] == noted["false_reject"]["wrong"] == 0
    rows = list(Table(tmp_path / "run" / "planted", Planted).rows())
    assert Counter(row.method for row in rows) == {"by_text": noted["cases"]}
    published = {text for path in (tmp_path / "run" / "dataset" / "data").glob("*.parquet")
                 for text in pq.read_table(path).column("solution").to_pylist()}
    assert published
    assert not published & {row.solution for row in rows}
    card = (tmp_path / "run" / "dataset" / "README.md").read_text()
    assert f"{noted['cases']:,} planted cases: false accepts 0 of" in card
    manifest = json.loads((tmp_path / "run" / "dataset" / "manifest.json").read_text())
    assert manifest["planted"]["false_accept"] == noted["false_accept"]


def test_a_run_resumes_and_comes_out_the_same(tmp_path: Path, mathmill: Command) -> None:
    jsonl(tmp_path / "mine.jsonl", *ROWS)
    mathmill("verify", "mine.jsonl", "--planted", "1", "--out", "one")
    mathmill("verify", "mine.jsonl", "--planted", "1", "--out", "two")
    for table in ("verdicts", "agreements", "planted"):
        (tmp_path / "two" / table / "part-00000.parquet").unlink()
    mathmill("verify", "mine.jsonl", "--planted", "1", "--out", "two")
    for path in sorted((tmp_path / "one").glob("*/*.parquet")):
        assert path.read_bytes() == (tmp_path / "two" / path.relative_to(tmp_path / "one")).read_bytes(), path


@pytest.mark.parametrize(("content", "words", "message"), [
    ('{"a": 1}\n', [], "no column looks like a solution or an answer"),
    ('{"problem": "q", "response": ""}\n', [], "none of its rows can be verified"),
    ("{\n", [], "line 1: bad JSON"),
    ('{"problem": "q", "response": "7"}\n', ["--method", "nosuch"], "by_answer"),
    ('{"problem": "q", "response": "7"}\n', ["--answer", "nosuch"], "no column 'nosuch' for the answer"),
])
def test_bad_input_is_one_clear_message(tmp_path: Path, mathmill: Command, content: str, words: list[str],
                                        message: str) -> None:
    (tmp_path / "mine.jsonl").write_text(content)
    done = mathmill("verify", "mine.jsonl", *words, check=False)
    assert done.returncode == MathmillError.exit_code
    assert message in done.stderr
    assert "Traceback" not in done.stderr
