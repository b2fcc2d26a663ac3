"""What generated requests need that a document cannot say."""

import itertools
import os
import random
import re
import uuid

import requests
import schemathesis
from hypothesis import strategies as st
from schemathesis import GenerationMode
from schemathesis.core.parameters import ParameterLocation
from schemathesis.generation.meta import TestPhase

URL = os.environ["MARKET_URL"]
# Nobody, if there is none.
LOGIN = os.environ.get("MARKET_LOGIN")

# --- Who asks -------------------------------------------------------------------------------------

if LOGIN:

    @schemathesis.auth(retry_on=[401])
    class Session:
        """Signs in, and again whenever a generated request has ended the session."""

        def get(self, case, context):
            body = {"login": LOGIN, "password": os.environ["MARKET_PASSWORD"]}
            answer = requests.post(f"{URL}/api/v1/sessions", json=body, timeout=20)
            answer.raise_for_status()
            return answer.json()["token"]

        def set(self, case, data, context):
            case.headers = {**(case.headers or {}), "Authorization": f"Bearer {data}"}


OWN = os.environ.get("MARKET_OWN", "").split()


@schemathesis.hook
def filter_path_parameters(context, path_parameters):
    """Whoever asks does not saw off the branch: not their own account, not the operator."""
    return not any(value in OWN for value in (path_parameters or {}).values())


# --- What is sent ---------------------------------------------------------------------------------

SYMBOLS = "0123456789ABCDEFGHJKLMNPQRTUWXY"


def organisation_check(code):
    total = sum(int(c, 36) * w for c, w in zip(code, (3, 7, 9, 10, 5, 8, 4, 2)))
    return "0X"[11 - total % 11 == 10] if 11 - total % 11 >= 10 else str(11 - total % 11)


def uscc(digits):
    """A unified social credit code with right check digits (GB 32100, GB 11714)."""
    region, organisation = digits[:6], digits[6:]
    text = f"91{region}{organisation}{organisation_check(organisation)}"
    weights = (1, 3, 9, 27, 19, 26, 16, 17, 20, 29, 25, 13, 8, 24, 10, 30, 28)
    total = sum(SYMBOLS.index(c) * w for c, w in zip(text, weights))
    return text + SYMBOLS[(31 - total % 31) % 31]


schemathesis.openapi.format("uscc", st.from_regex(r"[0-9]{14}", fullmatch=True, alphabet=st.characters(codec="ascii")).map(uscc))

# What there is to ask about, of each noun the parameter that names one.
NOUNS = {
    **dict.fromkeys(["agencies", "alarms", "cases", "complaints", "listings", "notices"], "id"),
    **dict.fromkeys(["orders", "people", "purchases", "saved-searches", "webhooks"], "id"),
    **dict.fromkeys(["departments", "matters", "regions", "service-items"], "code"),
    **{"draws": "purchase", "public-notices": "pos", "synonyms": "phrase"},
}


def there_are(noun, key):
    headers = {"Authorization": f"Bearer {os.environ['MARKET_TOKEN']}"} if LOGIN else {}
    answer = requests.get(f"{URL}/api/v1/{noun}", headers=headers, params={"limit": 100}, timeout=20)
    items = answer.json().get("items", [])
    found = [one.get(key, one.get("purchase_id")) for one in items]
    return [one for one in found if one is not None and one not in OWN]


THERE = {noun: there_are(noun, key) for noun, key in NOUNS.items()}
KEYS = random.Random(1)
TURN = itertools.count()


@schemathesis.hook
def before_call(context, case, kwargs):
    """A key is new for each call; every second call takes whatever version there is, and asks about
    something that there is."""
    parts = case.operation.path.split("/")
    noun = parts[3]
    is_whole = case.meta is not None and not case.meta.is_negative_at(ParameterLocation.PATH)
    is_free = is_whole and case.meta.phase.name is not TestPhase.STATEFUL
    if is_free and len(parts) > 4 and THERE.get(noun) and next(TURN) % 2:
        name = NOUNS[noun]
        if parts[4] == f"{{{name}}}":
            case.path_parameters[name] = KEYS.choice(THERE[noun])
    headers = case.headers or {}
    if re.fullmatch("[!-~]{1,255}", str(headers.get("Idempotency-Key", ""))):
        case.headers["Idempotency-Key"] = str(uuid.UUID(int=KEYS.getrandbits(128)))
    if re.fullmatch('"[0-9]{1,18}"', str(headers.get("If-Match", ""))) and next(TURN) % 2:
        case.headers["If-Match"] = "*"


WORKBOOK = "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"


@schemathesis.serializer(WORKBOOK, "application/pdf")
def as_it_is(context, value):
    return value if isinstance(value, bytes) else str(value).encode()


@schemathesis.deserializer(WORKBOOK, "application/pdf", "application/octet-stream")
def as_bytes(context, response):
    return response.content.decode("latin-1")


# --- What is answered -----------------------------------------------------------------------------

# Codes of faults that no schema can say, each with the reason.
UNSAYABLE = {
    "unknown": "names something that there is not",
    "cursor": "is no cursor of this list",
    "past": "depends on the clock",
    "future": "depends on the clock",
    "order": "two days of one request",
    "sum": "a sum over a list",
    "mode": "depends on the mode of the same notice",
    "ladder": "is one of the lengths of the region's policy",
    "duplicate": "is named twice",
    "characters": "control characters, refused in every text: said once in the description",
    "blanks": "blanks around a text",
    "digest": "the digest of the body",
    "code": "check digits",
    "personal": "telephone and identity numbers in a text",
    "sort": "depends on what is searched for",
    "required": "depends on another parameter",
    "empty": "one of several fields must be more than null",
    "weak": "one digit over and over, or a code that would be guessed otherwise",
}

# The same of faults whose code means something else elsewhere, by operation and place.
UNSAYABLE_AT = {
    ("GET /api/v1/deadlines", "within_hours"): "not together with overdue",
    ("GET /api/v1/deadlines", "from"): "not together with overdue or within_hours",
    ("GET /api/v1/deadlines", "to"): "not together with overdue or within_hours",
    ("POST /api/v1/saved-searches", "/purchases"): "either this or query",
    ("POST /api/v1/saved-searches", "/query"): "either this or purchases",
    ("POST /api/v1/saved-searches", "/query/kind"): "a kind that other searches have",
    ("GET /api/v1/orders/{id}/ledger", "as_of"): "not before the contract",
    ("POST /api/v1/webhooks", "/after"): "no position that the journal has not reached",
    ("POST /api/v1/webhooks/{id}/replay", "/after"): "no position that the journal has not reached",
    ("POST /api/v1/listings/import", "file"): "what a file holds",
    ("POST /api/v1/purchases/{id}/quote", "/quote"): "as the notice asks",
    ("POST /api/v1/applicants", "/uscc"): "legal persons have one",
    ("POST /api/v1/sign-up", "/applicant/uscc"): "legal persons have one",
    ("POST /api/v1/purchases", "/notice/price"): "more than nothing",
    ("POST /api/v1/purchases/{id}/revise", "/price"): "more than nothing",
    ("POST /api/v1/purchases/{id}/correct", "/price"): "more than nothing",
    ("POST /api/v1/orders/{id}/payments", "/amount"): "more than nothing",
    ("POST /api/v1/orders/{id}/changes", "/amount"): "more than nothing",
}


def sent_at(body, pointer):
    for part in pointer.split("/")[1:]:
        part = part.replace("~1", "/").replace("~0", "~")
        try:
            body = body[int(part)] if isinstance(body, list) else body[part]
        except (KeyError, IndexError, ValueError, TypeError):
            return None
    return body


def is_sayable(fault, case):
    if fault["code"] in UNSAYABLE or (case.operation.label, fault["pointer"]) in UNSAYABLE_AT:
        return False
    value = sent_at(case.body, fault["pointer"])
    # A text is measured without the blanks around it.
    return not (fault["code"] == "length" and isinstance(value, str) and value != value.strip())


@schemathesis.check
def the_document_says_what_it_can(ctx, response, case):
    """What fits the document is refused only for what no document can say."""
    if response.status_code != 422 or case.meta is None:
        return
    if case.meta.generation.mode is not GenerationMode.POSITIVE:
        return
    problem = response.json()
    wrong = [fault for fault in problem.get("errors", []) if is_sayable(fault, case)]
    assert not wrong, f"the document does not say: {wrong}"
