#!/usr/bin/env python3
"""The second reader: tries reader_format.py on the golden vectors (FORMAT.md §18).

    python3 tests/reader.py [tests/vectors/v1]

opens every vector that is right and compares all that its file says, and refuses every vector that is wrong. It prints
a line for each failure, and counts at the end. It needs what tests/reader-requirements.txt names. README.md beside the
vectors says how their files are read.

Both were written from FORMAT.md and that README.md alone.
"""

import sys
import traceback
from functools import lru_cache
from pathlib import Path

from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey

sys.dont_write_bytecode = True
from reader_format import (  # noqa: E402
    BURNED, CHUNK, HEADER, MORE_NEEDED, NOT_FOR_THESE_KEYS, ANYTHING_ELSE, PIECE, SAYS, Chain, Refused, XWing, cipher,
    codename, decode, encode, need, nonce, open_drop, open_reply, raw, read_address, read_archive_seal, read_bundle,
    read_courier_card, read_editor_card, read_fingerprint, read_frame, read_listing, read_onion, read_pushed_replies,
    read_receipt, read_sheet, sha256, tree_hash, u32,
)

# ---- How the files are read ----------------------------------------------------------------------------------------


FIRST_FIVE = ("drop-1-of-1", "drop-1-of-1-aes", "drop-2-of-3", "drop-8-of-8-aes", "drop-18-chunks")
INPUTS = {"what", "as", "refuse", "base", "header", "editors", "openers", "edit", "chain", "held", "bytes", "text",
          "entropy", "newsroom", "courier", "plaintext"}


class Vectors:
    def __init__(self, folder):
        self.folder = Path(folder)
        self.chains = {}

    def names(self, folder):
        return sorted(f"{folder}/{path.stem}" for path in (self.folder / folder).glob("*.txt"))

    def lines(self, name):
        """The lines of a vector; what it does not say is as it is in its base. `edit` is a list."""
        own, last = {"edit": []}, None
        for line in (self.folder / f"{name}.txt").read_bytes().decode().split("\n"):
            if line.startswith("  ") and last:
                own[last] += " " + line[2:]
            elif line.startswith("edit: "):
                own["edit"].append(line.removeprefix("edit: "))
            elif line:
                last, _, value = line.partition(": ")
                assert last not in own, f"{last} stands there twice"
                own[last] = value
        if name in FIRST_FIVE:
            own |= {"as": "drop", "header": f"{name}.header"}
        return self.lines(own["base"]) | own if "base" in own else own

    def chain(self, name):
        """The chain that a reader has verified: itself a vector."""
        if name not in self.chains:
            lines = self.lines(name)
            self.chains[name] = Chain(decode(octets_of(lines["bytes"])), octets_of(lines["fingerprint"]))
        return self.chains[name]

    def envelope(self, lines):
        """Puts an envelope together."""
        header = (self.folder / lines["header"].removesuffix(".header")).with_suffix(".header")
        plaintext = plaintext_of(lines)
        n, aead = int(lines["n"]), cipher(int(lines["suite"]), octets_of(lines["K"]))
        padded = plaintext.ljust(n * PIECE, b"\0")
        assert len(padded) == n * PIECE, "more plaintext than chunks"

        def sealed(i, counter, flag):
            return aead.encrypt(nonce(counter, flag), padded[PIECE * i:][:PIECE], b"")

        envelope = header.read_bytes() + b"".join(sealed(i, i, i == n - 1) for i in range(n))
        for edit in lines["edit"]:
            envelope = edited(envelope, edit, sealed)
        return envelope


@lru_cache(maxsize=None)
def xwing(repeated):
    """The X-Wing secret whose seed is 32 times this byte."""
    return XWing(bytes([repeated]) * 32)


def ed25519_of(repeated):
    """The Ed25519 key of the seed that is 32 times this byte."""
    return raw(Ed25519PrivateKey.from_private_bytes(bytes([repeated]) * 32).public_key())


def octets_of(value):
    """Pieces with a space between them; `00*3` is three zero bytes."""
    pieces = []
    for piece in value.split(" "):
        digits, star, count = piece.partition("*")
        assert digits == digits.lower(), "upper case"
        pieces.append(bytes.fromhex(digits) * (int(count) if star else 1))
    return b"".join(pieces)


def file_of(size):
    """Byte i of every file is i mod 251."""
    return (bytes(range(251)) * (size // 251 + 1))[:size]


def plaintext_of(lines):
    if "plaintext" in lines:
        return octets_of(lines["plaintext"])
    manifest = octets_of(lines["manifest"])
    files = decode(manifest)[5] if lines["as"] == "drop" else []
    return u32(len(manifest)) + manifest + b"".join(file_of(file[2]) for file in files)


def edited(envelope, edit, sealed):
    """One edit of a sealed envelope."""
    what, *rest = edit.split(" ")
    if what == "append":
        return envelope + octets_of(" ".join(rest))
    at = int(rest[0])
    if what == "cut":
        return envelope[:at]
    if what in ("set", "xor"):
        over_it = octets_of(" ".join(rest[1:]))
        if what == "xor":
            over_it = bytes(a ^ b for a, b in zip(over_it, envelope[at:], strict=False))
        return written(envelope, at, over_it)
    if what == "reseal":
        return written(envelope, HEADER + CHUNK * at, sealed(at, int(rest[1]), int(rest[2])))
    stretch = envelope[at:at + int(rest[-1])]
    if what == "remove":
        return envelope[:at] + envelope[at + len(stretch):]
    if what == "double":
        return envelope[:at] + stretch + envelope[at:]
    other = int(rest[1])
    if what == "copy":
        return written(envelope, other, stretch)
    assert what == "swap", edit
    return written(written(envelope, at, envelope[other:other + len(stretch)]), other, stretch)


def written(envelope, at, stretch):
    return envelope[:at] + stretch + envelope[at + len(stretch):]


# ---- What each kind of vector is read by, and what it says ---------------------------------------------------------


def read_as_drop(lines, vectors):
    editors = int(lines["editors"])
    sheet_keys = [xwing(0x11 + p).public for p in range(editors)]
    openers = octets_of(lines["openers"]) if "openers" in lines else range(0x11, 0x11 + editors)
    envelope = vectors.envelope(lines)
    opened, manifest, files = open_drop(envelope, [xwing(one) for one in openers], sheet_keys)
    says = said_of_envelope(envelope, opened, manifest)
    if "refuse" not in lines:
        assert files == [file_of(size) for _, size in manifest.files], "the files differ"
        assert manifest.sheet == example_sheet(editors, opened.k), "the sheet is another"
    says |= {"epoch": opened.head.epoch, "tree hash": tree_hash(envelope), "k": opened.k}
    return says | ({"wrong shares": opened.wrong_shares} if opened.wrong_shares else {})


def read_as_reply(lines, vectors):
    opener, = octets_of(lines["openers"])
    envelope = vectors.envelope(lines)
    opened, manifest, current = open_reply(envelope, xwing(opener), vectors.chain(lines["chain"]))
    says = said_of_envelope(envelope, opened, manifest)
    return says | {"number": manifest.number, "editor": manifest.editor, "current editor": current}


def said_of_envelope(envelope, opened, manifest):
    return {"suite": opened.suite, "n": opened.head.n, "K": opened.key, "manifest": manifest.encoded,
            "length": len(envelope), "SHA-256(header)": sha256(opened.head.header),
            "SHA-256(envelope)": sha256(envelope)}


def example_sheet(editors, k):
    """The hash of the sheet of FORMAT.md §11, with so many editors and this k."""
    keys = [ed25519_of(1 + p) for p in range(editors)]
    charter = encode({1: 1, 2: 1, 3: keys, 4: k})
    sheet_keys = [xwing(0x11 + p).public for p in range(editors)]
    return sha256(encode({1: 1, 2: 9, 3: 20_780, 4: 20_786, 5: sheet_keys, 6: sha256(charter)}))


def read_as_chain(lines, vectors):
    chain = Chain(decode(octets_of(lines["bytes"])), octets_of(lines["fingerprint"]))
    if "held" in lines:
        need(chain.begins_with(vectors.chain(lines["held"])), "not a continuation")
    current = chain.current
    return {"fingerprint": chain.fingerprint, "hash": current.hash, "sequence": current.sequence, "k": current.k,
            "editors": current.editors, "recovered": chain.recovered}


def read_as_sheet(lines, vectors):
    chain = vectors.chain(lines["chain"])
    sheet = read_sheet(decode(octets_of(lines["bytes"])), chain)
    return {"epoch": sheet.epoch, "first": sheet.first, "last": sheet.last, "hash": sheet.hash,
            "charter": sheet.charter, "current charter": sheet.charter == chain.current.hash}


def read_as_receipt(lines, vectors):
    body = read_receipt(decode(octets_of(lines["bytes"])), vectors.chain(lines["chain"]))
    if body[2] == BURNED:
        return {"says": SAYS[BURNED], "epoch": body[6]}
    return {"says": SAYS[body[2]], "id": body[3], "tree hash": body[4], "length": body[5]}


def read_as_archive_seal(lines, vectors):
    return {"state": read_archive_seal(decode(octets_of(lines["bytes"])), vectors.chain(lines["chain"]))}


def read_as_editor_card(lines, _):
    card = read_editor_card(decode(octets_of(lines["bytes"])))
    return {"key": card.key, "first epoch": card.first_epoch, "first day": card.first_day, "days": card.days,
            "epochs": len(card.keys)}


def read_as_courier_card(lines, _):
    return read_courier_card(decode(octets_of(lines["bytes"])))._asdict()


def read_as_bundle(lines, _):
    newsroom, courier = octets_of(lines["newsroom"]), octets_of(lines["courier"])
    index = read_bundle(decode(octets_of(lines["bytes"])), newsroom, courier)
    return {"hash": index.hash, "sequence": index.sequence, "parts": len(index.parts), "drops": len(index.drops)}


def read_as_listing(lines, _):
    return {"drops": len(read_listing(decode(octets_of(lines["bytes"]))))}


def read_as_pushed_replies(lines, _):
    return {"hashes": [sha256(reply) for reply in read_pushed_replies(decode(octets_of(lines["bytes"])))]}


def read_as_frame(lines, _):
    return {"content": read_frame(octets_of(lines["bytes"]))}


def read_as_onion(lines, _):
    return {"key": read_onion(lines["text"])}


def read_as_fingerprint(lines, _):
    return {"fingerprint": read_fingerprint(lines["text"])}


def read_as_address(lines, _):
    onion, fingerprint = read_address(lines["text"])
    return {"onion": onion, "fingerprint": fingerprint}


def read_as_codename(lines, _):
    fingerprint = octets_of(lines["fingerprint"])
    seed, mailbox, erase, word = codename(octets_of(lines["entropy"]), fingerprint)
    return {"fingerprint": fingerprint, "seed": seed, "mailbox": mailbox, "erase secret": erase,
            "SHA-256(erase secret)": sha256(erase), "check word": word}


def read_vector(lines, vectors):
    return globals()["read_as_" + lines["as"].replace("-", "_")](lines, vectors)


# ---- The checks ----------------------------------------------------------------------------------------------------


def agrees(value, said):
    """Whether the text of a vector's line says what was read."""
    if isinstance(said, bool):
        return value == ("yes" if said else "no")
    if isinstance(said, list):
        return len(value.split(" ")) == len(said) and all(map(agrees, value.split(" "), said))
    return octets_of(value) == said if isinstance(said, bytes) else value == str(said)


def check_right(name, vectors):
    """A right one is taken, and says all that its file says."""
    lines = vectors.lines(name)
    says = read_vector(lines, vectors)
    stated = {name: value for name, value in lines.items() if name not in INPUTS}
    for line, value in stated.items():
        assert line in says, f"nothing was read that compares with: {line}"
        assert agrees(value, says[line]), f"{line} differs"
    assert stated, "its file says nothing"
    assert "wrong shares" in stated or "wrong shares" not in says, "shares are named wrong that are right"


def check_first_reply(_, vectors):
    """`reply.envelope` is there as it is; README.md says what it holds."""
    envelope = (vectors.folder / "reply.envelope").read_bytes()
    _, manifest, current = open_reply(envelope, xwing(0x77), vectors.chain("right/chain-founding"))
    read = (manifest.number, manifest.message, manifest.editor, current)
    assert read == (1, "Where?", ed25519_of(1), True), "it differs"


def outcome(word):
    """Three outcomes are a promise; which word is said for the rest is a matter of taste."""
    return word if word in (NOT_FOR_THESE_KEYS, MORE_NEEDED) else ANYTHING_ELSE


def check_wrong(name, vectors):
    """A wrong one is refused, by the right one of three outcomes. Says whether by the same word as well."""
    lines = vectors.lines(name)
    try:
        read_vector(lines, vectors)
    except Refused as refused:
        word = str(refused)
        assert outcome(word) == outcome(lines["refuse"]), f"refused by “{word}” in place of “{lines['refuse']}”"
        return word == lines["refuse"]
    raise AssertionError(f"taken, and must be refused: {lines['refuse']}")


def attempt(name, check, vectors):
    """Runs one check. A failure is a line, and None."""
    try:
        return check(name, vectors) is not False
    except Refused as refused:
        print(f"{name}: refused: {refused}")
    except AssertionError as failure:
        print(f"{name}: {failure}")
    except Exception as fault:
        place = traceback.extract_tb(fault.__traceback__)[-1]
        print(f"{name}: {type(fault).__name__} in line {place.lineno}: {fault}")
    return None


def main():
    folder = sys.argv[1] if len(sys.argv) > 1 else Path(__file__).parent / "vectors" / "v1"
    vectors = Vectors(folder)
    first = [attempt(name, check_right, vectors) for name in FIRST_FIVE]
    first.append(attempt("reply", check_first_reply, vectors))
    right = [attempt(name, check_right, vectors) for name in vectors.names("right")]
    wrong = [attempt(name, check_wrong, vectors) for name in vectors.names("wrong")]
    taken, opened, refused = ([one for one in some if one is not None] for some in (first, right, wrong))
    print(f"{len(taken)} + {len(opened)} right, {len(refused)} wrong refused, {sum(refused)} of them by the same word")
    all_well = right and wrong and None not in first + right + wrong
    sys.exit(0 if all_well else 1)


if __name__ == "__main__":
    main()
