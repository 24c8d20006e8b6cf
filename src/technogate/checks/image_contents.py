"""STK-07, STK-08: what an image is made of: its user, its health check, and the secrets in it. Pure."""

from __future__ import annotations

from collections.abc import Sequence

from technogate.checks.family import Example, Family
from technogate.model.events import Finding
from technogate.model.image import ImageFacts
from technogate.model.requirement import Party
from technogate.util.secret_patterns import Secret, secrets_in_settings, secrets_in_text

#: Entries that one finding names; the rest are counted.
SHOWN = 10


def image_runs_as_non_root(facts: ImageFacts) -> list[Finding]:
    """The image runs as a user other than root (STK-08)."""
    user = facts.user.partition(":")[0]
    if user not in ("", "root") and not (user.isdigit() and int(user) == 0):
        return []
    return _finding("user of the image", facts, "a user other than root", f"USER {facts.user or 'is not set: root'}")


def image_has_health_check(facts: ImageFacts) -> list[Finding]:
    """The image defines a health check (STK-08)."""
    if facts.has_health_check:
        return []
    return _finding("health check", facts, "a HEALTHCHECK in the image", "none")


def image_holds_no_secret(facts: ImageFacts, in_files: Sequence[Secret], api_key: str) -> list[Finding]:
    """No secret is in environment, labels and history of the image, nor `in_files`, which were searched (STK-07)."""
    secrets = [*settings_secrets(facts, api_key), *in_files]
    if not secrets:
        return []
    shown = [f"{secret.place}: {secret.what}" for secret in secrets[:SHOWN]]
    more = [f"and {len(secrets) - SHOWN} more"] if len(secrets) > SHOWN else []
    return _finding("baked in", facts, "no secret in an image", "; ".join([*shown, *more]))


def settings_secrets(facts: ImageFacts, api_key: str) -> list[Secret]:
    """The secrets in environment, labels and history of an image, the pair's own key among them."""
    secrets = [*secrets_in_settings(facts.environment, "environment"), *secrets_in_settings(facts.labels, "label")]
    for line in facts.history:
        secrets += secrets_in_text(line, "history")
    places = {"environment": facts.environment.values(), "label": facts.labels.values(), "history": facts.history}
    for place, texts in places.items():
        if any(api_key in text for text in texts):
            secrets.append(Secret(place=place, what="the API key of this pair"))
    return list(dict.fromkeys(secrets))


def _finding(check: str, facts: ImageFacts, expected: str, observed: str) -> list[Finding]:
    example = {"image": facts.name, "image id": facts.digest}
    return [Finding(check=check, expected=expected, observed=observed, example=example)]


_FACTS = ImageFacts(
    name="self-test", digest="", user="app", health=("CMD",), environment={}, labels={}, history=(),
)  # fmt: skip
_WRONG = ImageFacts(
    name="self-test", digest="", user="root", health=(),
    environment={"API_KEY": "self-test-key-0000"}, labels={}, history=(),
)  # fmt: skip

EXAMPLES = (
    Example(
        requirement="STK-08",
        predicate=image_runs_as_non_root,
        good=lambda _: (_FACTS,),
        bad=lambda _: (_WRONG,),
    ),
    Example(
        requirement="STK-08",
        predicate=image_has_health_check,
        good=lambda _: (_FACTS,),
        bad=lambda _: (_WRONG,),
    ),
    Example(
        requirement="STK-07",
        predicate=image_holds_no_secret,
        good=lambda _: (_FACTS, [], "self-test-key-0000"),
        bad=lambda _: (_WRONG, [], "self-test-key-0000"),
    ),
)

FAMILY = Family(prefixes=("STK",), party=Party.PAIR, examples=EXAMPLES)
