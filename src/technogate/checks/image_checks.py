"""Checks of what an image is made of: who it runs as, whether it tells its health, what is baked in."""

from __future__ import annotations

from collections.abc import Sequence

from technogate.model.events import Finding
from technogate.model.image import ImageFacts
from technogate.util.secret_patterns import Secret, secrets_in_settings, secrets_in_text

#: Entries that one finding names; the rest are counted.
SHOWN = 10


def ordinary_user(facts: ImageFacts) -> list[Finding]:
    """It runs as somebody else than root (STK-08)."""
    user = facts.user.partition(":")[0]
    if user not in ("", "root") and not (user.isdigit() and int(user) == 0):
        return []
    return _finding("user of the image", facts, "a user other than root", f"USER {facts.user or 'is not set: root'}")


def tells_health(facts: ImageFacts) -> list[Finding]:
    """It defines a health check (STK-08)."""
    if facts.has_health_check:
        return []
    return _finding("health check", facts, "a HEALTHCHECK in the image", "none")


def nothing_baked(facts: ImageFacts, in_files: Sequence[Secret], api_key: str) -> list[Finding]:
    """No secret is in its environment, labels and history, nor `in_files`, where it was looked for (STK-07)."""
    found = [*settings_secrets(facts, api_key), *in_files]
    if not found:
        return []
    shown = [f"{secret.place}: {secret.what}" for secret in found[:SHOWN]]
    more = [f"and {len(found) - SHOWN} more"] if len(found) > SHOWN else []
    return _finding("baked in", facts, "no secret in an image", "; ".join([*shown, *more]))


def settings_secrets(facts: ImageFacts, api_key: str) -> list[Secret]:
    """The secrets in environment, labels and history of an image, the pair's own key among them."""
    found = [*secrets_in_settings(facts.environment, "environment"), *secrets_in_settings(facts.labels, "label")]
    for line in facts.history:
        found += secrets_in_text(line, "history")
    places = {"environment": facts.environment.values(), "label": facts.labels.values(), "history": facts.history}
    for place, texts in places.items():
        if any(api_key in text for text in texts):
            found.append(Secret(place=place, what="the API key of this pair"))
    return list(dict.fromkeys(found))


def _finding(check: str, facts: ImageFacts, expected: str, observed: str) -> list[Finding]:
    example = {"image": facts.name, "image id": facts.digest}
    return [Finding(check=check, expected=expected, observed=observed, example=example)]
