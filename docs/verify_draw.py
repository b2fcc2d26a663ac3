#!/usr/bin/env python3
"""Verifies proofs of draws (docs/draw.md): python3 verify_draw.py [--bare] proof.json ... 校验抽取证明"""
import bisect, hashlib, itertools, json, re, sys

def sha(*parts): return hashlib.sha256(b"".join(parts)).hexdigest()
def field(data): return len(data).to_bytes(8, "big") + data
def plain(value): return json.dumps(value, sort_keys=True, separators=(",", ":"), ensure_ascii=False).encode()
def must(holds, what):
    if not holds: raise ValueError(what)

def draw(seed, label, lots, take):
    lots, taken, words = list(lots), [], itertools.count()
    while len(taken) < take and lots:
        ends, word = list(itertools.accumulate(lot["tickets"] for lot in lots)), next(words).to_bytes(8, "big")
        word = int(sha(b"market-draw-v1", seed, field(label.encode()), word)[:16], 16)
        if word < 2**64 - 2**64 % ends[-1]:
            taken.append(lots.pop(bisect.bisect(ends, word % ends[-1]))["key"])
    return taken

def verify(data, bare=False):
    proof = json.loads(data, parse_float=int)  # int() refuses fractions
    sealed, values = proof["sealed"], {one["party"]: bytes.fromhex(one["value"]) for one in proof["reveals"]}
    must(plain(proof) == data and proof.pop("sha256") == sha(plain(proof)), "file")
    must(bare or isinstance(sealed["rule"], dict) and "selection" in sealed["rule"], "no selection: --bare accepts that")
    must(proof["sealed_sha256"] == sha(plain(sealed)), "sealed list")
    parties, seed = [one["party"] for one in sealed["commitments"]], [bytes.fromhex(proof["sealed_sha256"])]
    must([one["party"] for one in proof["reveals"]] == [party for party in parties if party in values], "order of reveals")
    must(proof["withheld"] == [party for party in parties if party not in values], "withheld")
    must(len(values) >= sealed["min_reveals"] and (proof["beacon"] is None) == (sealed["beacon"] is None), "what makes the seed")
    if isinstance(sealed["beacon"], dict):  # a number, written in one way only
        decimals = r"\.[0-9]{%d}" % sealed["beacon"]["decimals"] if sealed["beacon"]["decimals"] else ""
        must(re.fullmatch(r"(?!-[0.]*$)-?(0|[1-9][0-9]{0,17})" + decimals, proof["beacon"]), "spelling of the public number")
    for one in sealed["commitments"]:
        party, value = field(one["party"].encode()), values.get(one["party"])
        fits = value and sha(b"market-commitment-v1", field(sealed["purchase"].encode()), party, value) == one["sha256"]
        must(fits or value is None, "value of " + one["party"])
        seed.append(party + (b"\1" + value if value else b"\0"))
    seed = sha(b"market-seed-v1", *seed, field((proof["beacon"] or "").encode()))
    must(proof["seed"] == seed, "seed")
    listed = {one["registration"]: one["quote_commitment"] for one in sealed["list"]}
    quotes = {one["registration"]: one for one in proof["opened"]}
    for who, one in quotes.items():
        parts = who.encode(), one["quote"].encode(), bytes.fromhex(one["nonce"])
        must(sha(b"market-quote-v1", *map(field, parts)) == listed.get(who), "quote of " + who)
    must([one["registration"] for one in proof["opened"]] == sorted(quotes), "order of quotes")
    must(proof["unopened"] == [who for who in listed if listed[who] and who not in quotes], "unopened")
    must(len({one["label"] for one in proof["draws"]}) == len(proof["draws"]), "labels")
    for one in proof["draws"]:
        keys = {lot["key"] for lot in one["lots"] if lot["tickets"] > 0 and (lot["key"] in listed or lot["key"].isdigit())}
        must([lot["key"] for lot in one["lots"]] == sorted(keys), "lots of " + one["label"])
        must(draw(bytes.fromhex(seed), one["label"], one["lots"], one["take"]) == one["taken"], "draw of " + one["label"])

if __name__ == "__main__":
    bare, names = "--bare" in sys.argv, [name for name in sys.argv[1:] if name != "--bare"]
    for name in names or sys.exit(__doc__):
        verify(open(name, "rb").read(), bare)
        print(name, "digests, promises and draws hold 抽取无误; the rule was not followed 未重演规则: market draw verify does")
