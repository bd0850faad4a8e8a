"""What schemathesis is told of this API: how to sign in, what could succeed, and what is to be counted."""

import atexit
import json
import os
import sys
from collections import Counter, defaultdict
from pathlib import Path

import schemathesis

sys.path.insert(0, str(Path(__file__).parent))

import likely  # noqa: E402
import promises  # noqa: E402
import world  # noqa: E402
from api import Api  # noqa: E402

API = Api(os.environ["FUZZ_ADDRESS"])
SIGNED_IN = os.environ["FUZZ_CALLER"] == "signed-in"

# After one of these the token may be worth nothing.
ENDS_SESSIONS = {"authLogout", "authEndSession"}


class Tokens:
    """The caller's access token, and that of somebody whose password is to be changed."""

    def __init__(self):
        self.current = None
        self.changing = None
        self.people = 0

    def of_caller(self):
        """A good token of the caller's."""
        if self.current is None:
            self.current = API.login(world.CALLER)["access_token"]
        return self.current

    def for_changing_password(self):
        """A token of somebody who has the password of the document's example, and may lose it."""
        if self.changing is None:
            self.people += 1
            email = f"changing{self.people}@example.com"
            API.register(email, "Changing Person")
            self.changing = API.login(email)["access_token"]
        return self.changing

    def saw(self, operation, status):
        """Forgets what an answer has made worthless."""
        if operation in ENDS_SESSIONS and status == 204:
            self.current = None
        if operation == "usersChangePassword" and status == 204:
            self.changing = None

    def forget(self):
        """Forgets all of them."""
        self.current = self.changing = None

    def hold(self, header):
        """Whether this Authorization header is that of a good token."""
        return header in {f"Bearer {token}" for token in (self.current, self.changing) if token is not None}


TOKENS = Tokens()
# operation → status → how often
ANSWERS = defaultdict(Counter)
# What was asked with a good token, and refused with a 401 all the same.
LOST = []


def described(case):
    """What the document says of the operation of a case."""
    return case.operation.definition.raw


if SIGNED_IN:

    @schemathesis.auth(refresh_interval=None)
    class Bearer:
        """Signs the caller in, and again whenever that has to be."""

        def get(self, case, _context):
            """The token for a case."""
            if not described(case).get("security"):
                return None
            changing = described(case)["operationId"] == "usersChangePassword"
            return TOKENS.for_changing_password() if changing else TOKENS.of_caller()

        def set(self, case, token, _context):
            """Puts the token into a case."""
            case.headers["Authorization"] = f"Bearer {token}"


def another_session():
    """The id of a session of the caller's that is not the current one."""
    API.login(world.CALLER)
    sessions = API.must("GET", "/api/v1/auth/sessions", TOKENS.of_caller())["data"]
    return next(session["id"] for session in sessions if not session["current"])


# For what succeeds only with something that has to be there: what a case needs.
EXAMPLES = {"authRefresh": lambda: {"body": {"refresh_token": API.login(world.CALLER)["refresh_token"]}}}
if SIGNED_IN:
    EXAMPLES |= {
        "authEndSession": lambda: {"path_parameters": {"session_id": another_session()}},
        "connectionsRequest": lambda: {"body": {"receiver_user_id": world.stranger(API)}},
    }


@schemathesis.hook
def before_add_examples(context, examples):
    """Adds what the document's own examples can't know."""
    operation = context.operation.definition.raw
    example = EXAMPLES.get(operation["operationId"])
    if example is not None:
        parts = example()
        if "body" in parts:
            parts["media_type"] = "application/json"
        case = context.operation.Case(**parts)
        if operation.get("security"):
            case.headers["Authorization"] = f"Bearer {TOKENS.of_caller()}"
            # Or it would be taken for one that was made up, and its success for a finding.
            case._has_explicit_auth = True
        examples.append(case)


@schemathesis.hook
def map_body(context, body):
    """Makes what fits its schema likelier to succeed, and what doesn't no better."""
    return likely.body(context.operation.definition.raw["operationId"], body)


@schemathesis.hook
def map_query(context, query):
    """The same for a query."""
    return likely.query(context.operation.definition.raw["operationId"], query)


@schemathesis.check
def keeps_the_promises(_context, response, case):
    """What the API promises of every answer."""
    promises.check(response, case)


@schemathesis.hook
def after_call(_context, case, response):
    """Counts the answers of the operation itself: one with a method that it does not have is not its own."""
    if case.method.upper() != case.operation.method.upper():
        return
    operation = described(case)["operationId"]
    ANSWERS[operation][response.status_code] += 1
    header = response.request.headers.get("Authorization")
    if response.status_code == 401 and TOKENS.hold(header) and described(case).get("security"):
        LOST.append(f"{response.request.method} {response.request.url}")
        TOKENS.forget()
    TOKENS.saw(operation, response.status_code)


@atexit.register
def write():
    """Leaves what was counted to the driver."""
    Path(os.environ["FUZZ_TALLY"]).write_text(json.dumps({"answers": ANSWERS, "lost": LOST}))
