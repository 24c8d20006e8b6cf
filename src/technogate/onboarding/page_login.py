"""Log in on a page that asks for a password before it shows anything else, and write how as steps."""

from __future__ import annotations

import re
from dataclasses import dataclass

from technogate.model.errors import UserError
from technogate.onboarding.learned import Learned
from technogate.onboarding.surveyed_page import Control, SurveyedPage
from technogate.target.environment import variable

_USER = re.compile(r"user|login|e-?mail|account|name|usu[aá]rio|benutzer|konto|utilisateur")
_ENTER = re.compile(r"log ?in|sign ?in|enter|entrar|continue|anmelden|connexion|submit")
#: Seconds within which the page shows that somebody is in.
_IN_S = 3.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Login:
    """The variables of the environment that hold the user's name and the password; "" where none was given."""

    user: str = ""
    password: str = ""


def login_of(names: tuple[str, ...]) -> Login:
    """The login of the variables named on the command line, the password's last; raises UserError for more than two."""
    if len(names) > 2:
        raise UserError("--login names two variables, USER_VARIABLE,PASSWORD_VARIABLE, or the password's alone")
    return Login(user=names[0] if len(names) == 2 else "", password=names[-1] if names else "")


def log_in(page: SurveyedPage, login: Login, learned: Learned) -> bool:
    """Log in where the page asks for a password; whether the page can be used.

    The names of the variables stand in the steps, their values nowhere.
    """
    secrets = page.controls("password")
    if not secrets:
        return True
    secret = secrets[0]
    user, enter = _user_of(page, secret), _button_of(page, secret)
    values = {name: variable(name) for name in (login.user, login.password) if name}
    if not login.password or any(value is None for value in values.values()) or enter is None:
        named = [name for name, value in values.items() if value is None]
        why = f"{named[0]} is not set" if named else "no login was given"
        hint = "export two variables with a user and a password, and name them: --login USER_VARIABLE,PASSWORD_VARIABLE"
        learned.note(f"the page asks for a password first ({secret.label or secret.selector}), and {why}: {hint}")
        return False
    entered = [(secret, login.password)]
    if user is not None and login.user:
        entered.insert(0, (user, login.user))
    for field, name in entered:
        page.enter(field.selector, values[name] or "")
    page.press(enter.selector)
    page.until(lambda: not page.controls("password"), _IN_S)
    page.settle()
    if page.controls("password"):
        learned.note(f"the page still asks for a password after the login with {login.user or login.password}")
        return False
    for field, name in entered:
        learned.fill(
            "start", field.selector, name, f"the page asks for it before it shows anything else: {field.label}"
        )
    learned.step("start", "click", enter.selector, f"{enter.label!r} sent the login, and the page could be used")
    return True


def _user_of(page: SurveyedPage, secret: Control) -> Control | None:
    """The field beside the one for the password that is most like a user's name."""
    fields = [one for one in page.controls("text") if one.form == secret.form]
    return min(fields, key=lambda one: not _USER.search(one.words), default=None)


def _button_of(page: SurveyedPage, secret: Control) -> Control | None:
    """The button that sends what was entered there."""
    buttons = [one for one in page.controls("button") if one.form == secret.form]
    return min(buttons, key=lambda one: (not one.submits, not _ENTER.search(one.words)), default=None)
