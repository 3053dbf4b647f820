"""What went wrong at the Hub, read from the library's exceptions and put in one message of ours.

The kinds are read by name: they come from three libraries, and a broken upload wraps its cause.
"""

import re
from collections.abc import Iterable, Iterator
from typing import Any

from schemas.errors import InputError, MathmillError, ToolError

BUSY = (429, 500, 502, 503, 504)
FIRST, LONGEST = 1.0, 300.0  # seconds; the Hub counts requests in windows of five minutes
# JSON that is none is the page of some machine on the way.
NETWORK = {"TransportError", "ConnectionError", "TimeoutError", "OfflineModeIsEnabled", "JSONDecodeError"}
AGAIN = "repeat the command: what arrived is not sent again, and nothing is seen before all of it is there"
MAKE = "make a token that may write at https://huggingface.co/settings/tokens, then `hf auth login` or HF_TOKEN=…"
# The Xet client has no exceptions of its own: it raises ConnectionError, and the status stands in its text.
XET, ZERO = re.compile(r"HTTP status \w+ error \((\d{3})"), ("", "0")


class Moved(Exception):
    """Somebody else committed since we looked."""


class Broken(Exception):
    """The connection broke, or the Hub failed, while it was to commit: it may have done so or not."""


def waits(error: BaseException, tries: int) -> float | None:
    """Seconds after which to ask again; None where that would help nobody."""
    response = _response(error)
    if response is not None and response.status_code in BUSY:
        told = response.headers.get("Retry-After", "")
        return min(float(told), LONGEST) if told.isdecimal() else FIRST * 2**tries
    return FIRST * 2**tries if "TransportError" in _kinds(error) else None


def waits_for_limit(error: BaseException, tries: int) -> float | None:
    """The same for a commit, which may have been done where the connection broke: only where it was put off."""
    response = _response(error)
    return waits(error, tries) if response is not None and response.status_code == 429 else None


def explained(where: str, error: BaseException, secrets: Iterable[str]) -> Exception:
    """The one message for this, without the `secrets`; `Moved` and `Broken` where the caller can do something."""
    response, kinds, text = _response(error), _kinds(error), _clean(_words(error), secrets)
    status = response.status_code if response is not None else int((XET.search(text) or ZERO)[1])
    if status == 412:
        return Moved(text)
    if status in BUSY and status != 429:
        return Broken(f"the Hub fails (HTTP {status})")
    if not status and kinds & NETWORK:
        return Broken(f"the connection to the Hub broke or never came about: {text}")
    if (type(error) is ValueError and "README.md" in str(error)) or (status == 400 and _of_card(text)):
        return InputError(f"the Hub refuses the card: {text}", where=f"{where}/README.md",
                          mend="mend what it names (a licence: --licence ID), then repeat the command: nothing was "
                               "published")
    return _told(where, status, kinds, text)


def lost(where: str, error: BaseException) -> ToolError:
    """The message for a `Broken` that stays."""
    return ToolError(str(error), where=where, mend=AGAIN)


def _told(where: str, status: int, kinds: set[str], text: str) -> MathmillError:
    if "LocalTokenNotFoundError" in kinds:
        return ToolError("there is no token for the Hub", where="HF_TOKEN", mend=MAKE)
    if "RepositoryNotFoundError" in kinds:  # before 401: the Hub says 401 where it means "none that you may see"
        return ToolError("there is no such data set, or this token may not see it", where=where,
                         mend="check the name, and that the token reaches it")
    if "HFValidationError" in kinds:
        return InputError(f"the Hub takes no such name: {text}", where=where, mend="choose another --repo")
    if status == 401:
        return ToolError("the Hub does not know this token: it is wrong or expired", where="HF_TOKEN", mend=MAKE)
    if status == 402 or (status == 403 and "storage" in text.lower()):
        return ToolError(f"the account has no room for it: {text}", where=where, mend="see the account's storage")
    if status == 403:
        return ToolError(f"this token may not do that: {text}", where=where, mend=MAKE)
    if status == 429:
        return ToolError("the Hub asks for patience (HTTP 429), and went on doing so", where=where,
                         mend=f"wait five minutes, then {AGAIN}")
    if status == 400:
        return InputError(f"the Hub refuses the commit: {text}", where=where, mend="nothing was published")
    return ToolError(f"publishing failed: {text}", where=where, mend=AGAIN)


def _of_card(text: str) -> bool:
    """Whether a refused commit was refused for its card; the check before the upload is a ValueError of its own."""
    return any(word in text.lower() for word in ("readme", "metadata", "yaml", "model card", "dataset card"))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error and what led to it; a library that wraps a refused upload hides the reason there."""
    seen: set[int] = set()
    while error is not None and id(error) not in seen:
        seen.add(id(error))
        yield error
        error = error.__cause__ or error.__context__  # type: ignore[assignment]


def _response(error: BaseException) -> Any:
    return next((found for one in _chain(error) if (found := getattr(one, "response", None)) is not None), None)


def _kinds(error: BaseException) -> set[str]:
    return {kind.__name__ for one in _chain(error) for kind in type(one).__mro__}


def _words(error: BaseException) -> str:
    """What the Hub says, else the innermost error's own words; no addresses."""
    said = next((str(found) for one in _chain(error) if (found := getattr(one, "server_message", None))), "")
    return said or str(list(_chain(error))[-1]) or type(error).__name__


def _clean(text: str, secrets: Iterable[str]) -> str:
    for secret in secrets:
        text = text.replace(secret, "(token)")
    words = [word.partition("?")[0] if "://" in word else word for word in text.split()]
    return f"{' '.join(words):.300}"
