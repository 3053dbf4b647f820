"""Views: a finished run in the shapes that trainers read, each row certified by the trainers' own scorers.

    source     what a view is made from: problems with their examples and attempts, less what a reader flagged
    gold       a gold answer in the one writing that scorers read
    certify    what the stock scorers of TRL and verl say of it, in an interpreter that has them (scorer)
    reward     rl_trl, rl_verl
    chat       sft, conditioned_sft, tir, sharegpt; turns cuts a solution at its programs
    pairs      dpo, kto
    steps      prm
    write      the folder: Parquet, README, manifest; whole or not at all
"""

from difflib import get_close_matches

from schemas.errors import ParameterError
from tasks.views import chat, pairs, reward, steps
from tasks.views.view import View

VIEWS = {view.name: view for view in (*chat.VIEWS, *pairs.VIEWS, *reward.VIEWS, *steps.VIEWS)}
FLAVOURS = ("trl", "verl")


def view_of(name: str, flavour: str = "") -> View:
    """The view of that name; "rl" has two flavours. Raises `ParameterError`."""
    if flavour and flavour not in FLAVOURS:
        raise ParameterError(f"there is no flavour {flavour!r}", where="--flavour", mend="trl or verl")
    if flavour and name not in ("rl", f"rl_{flavour}"):
        raise ParameterError(f"the view {name!r} has no flavours", where="--flavour", mend="only rl has: leave it out")
    if name == "rl":
        if not flavour:
            raise ParameterError("rl has two flavours", where="--view", mend="add --flavour trl, or --flavour verl")
        name = f"rl_{flavour}"
    if name not in VIEWS:
        meant = get_close_matches(name, VIEWS, 1)
        raise ParameterError(f"there is no view {name!r}", where="--view",
                             mend=(f"did you mean {meant[0]!r}? " if meant else "") + f"there are: {', '.join(VIEWS)}")
    return VIEWS[name]
