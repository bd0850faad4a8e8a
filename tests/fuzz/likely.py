"""Values that succeed more often than what is made up: no random text is a good password, nor are two random days near.

A value takes the place of one that fits the same schema, so that a case which is to be refused for another one still is.
Some stay as they were made up, so that what is refused beyond the schema is met as well.
"""

from datetime import date, timedelta
from secrets import token_hex

import world
from api import PASSWORD

# For fields that hold a password: the least and the most characters that the document allows, and a good one.
PASSWORDS = {
    "password": (8, 128, PASSWORD),
    "current_password": (0, 128, PASSWORD),
    "new_password": (8, 128, "EvenBetter456?"),
}


def body(operation, made_up):
    """A body of this operation, with good passwords, an account that is right, and days that fit together."""
    if not isinstance(made_up, dict) or len(str(made_up)) % 4 == 0:
        return made_up
    better = dict(made_up)
    for field, (least, most, good) in PASSWORDS.items():
        if isinstance(better.get(field), str) and least <= len(better[field]) <= most:
            better[field] = good
    if operation == "authLogin" and "@" in str(better.get("email")):
        better["email"] = world.email_of_friend(len(str(made_up)) % world.ASKING)
    if operation == "authRegister" and better.get("email") == world.CALLER:
        better["email"] = f"{token_hex(8)}@example.com"
    return near(better) if operation in ("travelsCreate", "travelsUpdate") else better


def query(operation, made_up):
    """A query of this operation, with days that fit together."""
    is_search = operation == "matchesFind" and isinstance(made_up, dict)
    return near(made_up) if is_search and len(str(made_up)) % 4 else made_up


def near(fields):
    """The same with days that are days moved to this year, the last one not before the first."""
    try:
        days = {field: date.fromisoformat(fields[field]) for field in ("start_date", "end_date") if field in fields}
    except (TypeError, ValueError):
        return fields
    today = date.today()
    first = today + timedelta(days=days.get("start_date", today).toordinal() % 300 - 60)
    last = first + timedelta(days=days.get("end_date", first).toordinal() % 30)
    moved = {"start_date": str(first), "end_date": str(last)}
    return {**fields, **{field: moved[field] for field in days}}
