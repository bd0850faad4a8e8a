"""Who there is before the fuzzing: in an empty database ids count from 1, and schemathesis.toml knows how far they go."""

from datetime import date, timedelta
from secrets import token_hex

# The one as whom the fuzzing signs in. Her address is the one in the document's examples.
CALLER = "john.doe@example.com"

# So many people ask her; the first of them are accepted.
ASKING, ACCEPTED = 80, 20
# So many does she ask.
ASKED = 5


def make(api):
    """Registers people, connects some of them with the caller, and writes down plans."""
    caller_id = api.register(CALLER, "John Doe")
    caller = api.login(CALLER)["access_token"]
    for number in range(ASKING):
        email = email_of_friend(number)
        api.register(email, f"Friend Number {number}", ("New York", "USA"))
        friend = api.login(email)["access_token"]
        request = api.must("POST", "/api/v1/connections/request", friend, {"receiver_user_id": caller_id})
        if number < ACCEPTED:
            api.must("PUT", f"/api/v1/connections/{request['id']}/accept", caller)
            plan(api, friend, "New York", number)
    for number in range(ASKED):
        stranger = api.register(f"stranger{number}@example.com", f"Stranger {number}")
        api.must("POST", "/api/v1/connections/request", caller, {"receiver_user_id": stranger})
    for number in range(10):
        plan(api, caller, ("New York", "Lisbon", "Paris")[number % 3], number)


def email_of_friend(number):
    """The address of one of those who ask the caller."""
    return f"friend{number}@example.com"


def plan(api, token, city, number):
    """Writes down a week in a city."""
    start = date.today() + timedelta(days=3 * number - 6)
    end = start + timedelta(days=6)
    body = {"city": city, "country": "USA", "start_date": str(start), "end_date": str(end)}
    api.must("POST", "/api/v1/travels", token, body)


def stranger(api):
    """Registers somebody whom nobody has asked; answers the id."""
    return api.register(f"{token_hex(8)}@example.com", "New Stranger")
