"""The main job: search, open a case, place an order, read it back, meet a problem."""

import os
import uuid
from typing import TypeVar

from market_client import AuthenticatedClient
from market_client.api.cases import cases_open
from market_client.api.listings import listings_show
from market_client.api.orders import orders_accept, orders_place, orders_show
from market_client.api.search import search_search
from market_client.models import NewCase, NewOrder, OrderStatePlaced, Problem
from market_client.models.hit_listing import HitListing

T = TypeVar("T")


class Refused(Exception):
    """The market did not do what was asked, and says why."""

    def __init__(self, problem: Problem):
        super().__init__(f"{problem.code}: {problem.title}")
        self.problem = problem


def good(answer: T | Problem | None) -> T:
    """The answer, or the problem raised."""
    if isinstance(answer, Problem):
        raise Refused(answer)
    assert answer is not None
    return answer


def key() -> str:
    """New for each call that is meant; the same when that call is sent again."""
    return str(uuid.uuid4())


def main() -> None:
    url, token = os.environ["MARKET_URL"], os.environ["MARKET_TOKEN"]
    applicant = AuthenticatedClient(base_url=url, token=token, timeout=None)

    new = NewCase(matter="open-restaurant", title="开一家面馆", region="330282", fund="social")
    case = good(cases_open.sync(client=applicant, body=new, idempotency_key=key()))
    hits = good(search_search.sync(client=applicant, text="消防检测", case=case.id, limit=1))
    hit = hits.items[0]
    assert isinstance(hit, HitListing)
    listing = good(listings_show.sync(hit.id, client=applicant))
    order = NewOrder(
        case_id=case.id,
        item=listing.item,
        listing_id=listing.id,
        listing_number=listing.number,
        price=listing.terms.price,
    )
    placed = good(orders_place.sync(client=applicant, body=order, idempotency_key=key()))
    read = good(orders_show.sync(placed.id, client=applicant))
    assert isinstance(read.state, OrderStatePlaced)
    assert (read.terms.case_id, read.terms.amount) == (case.id, hit.price)

    # The agency's step, asked by the applicant.
    seen = f'"{read.version}"'
    asked = orders_accept.sync(
        placed.id, client=applicant, idempotency_key=key(), if_match=seen
    )
    try:
        good(asked)
    except Refused as refused:
        assert (refused.problem.code, refused.problem.status) == ("other-side", 409)
    else:
        raise AssertionError("an applicant took an order on")
    print(f"Python: order {placed.id} placed and read")


if __name__ == "__main__":
    main()
