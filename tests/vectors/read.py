#!/usr/bin/env python3
"""A second reader of the sealed format, written from FORMAT.md: it opens the golden vectors.

It needs Python 3.11 and the package `cryptography` 48 with ML-KEM. It is a check of the page and of the vectors, and
nothing to open real drops with: it takes no care of secrets, and it trusts the vectors it reads.
"""

import hashlib
import hmac
import itertools
import pathlib
import struct

from cryptography.exceptions import InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305

HEADER, CHUNK, TEXT, SLOT, ENC, SEGMENT = 12_288, 65_536, 65_520, 1_171, 1_120, 4_194_304
SUITES = {1: ChaCha20Poly1305, 2: AESGCM}
FOLDER = pathlib.Path(__file__).parent / "v1"


def sha256(data):
    return hashlib.sha256(data).digest()


def hkdf_extract(salt, secret):
    return hmac.digest(salt, secret, "sha256")


def hkdf_expand(key, info, length=32):
    assert length <= 32, "nothing here is longer than one block"
    return hmac.digest(key, info + b"\x01", "sha256")[:length]


class XWing:
    """A secret, from its seed (§1)."""

    def __init__(self, seed):
        secrets = hashlib.shake_256(seed).digest(96)
        self.lattice = MLKEM768PrivateKey.from_seed_bytes(secrets[:64])
        self.curve = X25519PrivateKey.from_private_bytes(secrets[64:])
        self.public = self.lattice.public_key().public_bytes_raw() + self.curve.public_key().public_bytes_raw()

    def shared(self, enc):
        ciphertext, share = enc[:1_088], enc[1_088:]
        first = self.lattice.decapsulate(ciphertext)
        second = self.curve.exchange(X25519PublicKey.from_public_bytes(share))
        return hashlib.sha3_256(first + second + share + self.public[1_184:] + b"\\.//^\\").digest()


def open_slot(secret, info, place, slot):
    """Suite, k, x and y, or nothing when the slot is another's (RFC 9180, base mode)."""
    suite = b"HPKE\x64\x7a\x00\x01\x00\x03"

    def extract(salt, label, data):
        return hkdf_extract(salt, b"HPKE-v1" + suite + label + data)

    context = b"\x00" + extract(b"", b"psk_id_hash", b"") + extract(b"", b"info_hash", info)
    key = extract(secret.shared(slot[:ENC]), b"secret", b"")

    def expand(label, length):
        return hkdf_expand(key, struct.pack(">H", length) + b"HPKE-v1" + suite + label + context, length)

    try:
        text = ChaCha20Poly1305(expand(b"key", 32)).decrypt(expand(b"base_nonce", 12), slot[ENC:], bytes([place]))
    except InvalidTag:
        return None
    return text[0], text[1], text[2], text[3:]


def times(a, b):
    product = 0
    while b:
        product ^= a if b & 1 else 0
        a = (a << 1) ^ (0x11B if a & 0x80 else 0)
        b >>= 1
    return product


def inverse(a):
    return next(b for b in range(1, 256) if times(a, b) == 1)


def combine(shares):
    """M, by interpolation at 0 (§5)."""
    secret = bytearray(32)
    for x, y in shares:
        weight = 1
        for other, _ in shares:
            if other != x:
                weight = times(weight, times(other, inverse(x ^ other)))
        for place, value in enumerate(y):
            secret[place] ^= times(value, weight)
    return bytes(secret)


def unlock(header, secrets):
    """Suite, k and K from a header and the secrets by place (§8)."""
    assert header[:9] == b"KNOTHOLE\x01" and header[10:12] == b"\x00\x00" and not any(header[9_456:])
    info = b"knothole/v1 slot" + sha256(header[:88])
    found = {}
    for place, secret in secrets.items():
        opened = [open_slot(secret, info, j, header[88 + SLOT * j : 88 + SLOT * (j + 1)]) for j in range(8)]
        (found[place],) = filter(None, opened)
        assert found[place][2] == place + 1
    ((suite, k),) = {slot[:2] for slot in found.values()}
    shares = sorted(slot[2:] for slot in found.values())
    for subset in itertools.combinations(shares, k):
        key = hkdf_extract(header[24:56], combine(subset))
        info = b"knothole/v1 commit" + bytes([suite, k]) + sha256(header[:56])
        if hkdf_expand(key, info) == header[56:88]:
            return suite, k, hkdf_expand(key, b"knothole/v1 payload" + bytes([suite]) + sha256(header))
    raise ValueError("no combination of the shares meets the commitment")


def cbor(data, at=0):
    """One item and where it ends; what is not canonical is not noticed."""
    major, value = data[at] >> 5, data[at] & 31
    at += 1
    if value >= 24:
        end = at + {24: 1, 25: 2, 26: 4, 27: 8}[value]
        value, at = int.from_bytes(data[at:end]), end
    if major == 0:
        return value, at
    if major in (2, 3):
        item = data[at : at + value]
        return (item if major == 2 else item.decode()), at + value
    items = []
    for _ in range(value * (major - 3)):
        item, at = cbor(data, at)
        items.append(item)
    return (items if major == 4 else dict(zip(items[::2], items[1::2]))), at


def nonce(index, count):
    return b"\x00\x00\x00" + struct.pack(">Q", index) + bytes([index == count - 1])


def padme(count):
    exponent = count.bit_length() - 1
    step = 1 << (exponent - (exponent.bit_length() - 1) - 1)
    return -(-count // step) * step


def check_drop(path):
    header = path.read_bytes()
    said = dict(line.split(": ") for line in path.with_suffix(".txt").read_text().splitlines())
    secrets = {place: XWing(bytes([0x11 + place]) * 32) for place in range(int(said["editors"]))}
    suite, k, key = unlock(header, secrets)
    assert (str(suite), str(k), key.hex()) == (said["suite"], said["k"], said["K"])
    encoded = bytes.fromhex(said["manifest"])
    manifest, end = cbor(encoded)
    assert end == len(encoded) and manifest[3] == k
    text = struct.pack(">I", len(encoded)) + encoded
    text += b"".join(bytes(i % 251 for i in range(file[2])) for file in manifest[5])
    count = int.from_bytes(header[16:24])
    assert count == max(16, padme(-(-len(text) // TEXT)))
    text = text.ljust(count * TEXT, b"\x00")
    cipher = SUITES[suite](key)
    chunks = [cipher.encrypt(nonce(i, count), text[TEXT * i : TEXT * (i + 1)], b"") for i in range(count)]
    sealed = header + b"".join(chunks)
    assert len(sealed) == HEADER + CHUNK * count and sha256(sealed).hex() == said["SHA-256(envelope)"]
    segments = [sha256(sealed[at : at + SEGMENT]) for at in range(0, len(sealed), SEGMENT)]
    tree = sha256(b"knothole/v1 tree" + struct.pack(">Q", len(sealed)) + b"".join(segments))
    assert tree.hex() == said["tree hash"]


def check_reply(path):
    sealed = path.read_bytes()
    secret = XWing(b"\x77" * 32)
    suite, k, key = unlock(sealed[:HEADER], {0: secret})
    assert (sealed[9], k) == (2, 1)
    text = SUITES[suite](key).decrypt(nonce(0, 1), sealed[HEADER:], b"")
    end = 4 + int.from_bytes(text[:4])
    encoded = text[4:end]
    manifest, _ = cbor(encoded)
    assert not any(text[end:]) and manifest[2] == sha256(secret.public) and manifest[6] == "Where?"
    # Field 8 is the last one: 08 5840 and 64 bytes. Without it the map has five fields.
    unsigned = b"\xa5" + encoded[1:-67]
    fingerprint = bytes.fromhex("e8bcda6a4f84b94c3d554d177325e0bdebe4809d1a12d3c7ac7ffd173383fbaa")
    message = b"knothole/v1 reply\x00" + fingerprint + sha256(unsigned)
    Ed25519PublicKey.from_public_bytes(manifest[7]).verify(manifest[8], message)


def main():
    for path in sorted(FOLDER.glob("*.header")):
        check_drop(path)
        print(f"{path.stem}: opens, and is sealed again byte for byte")
    check_reply(FOLDER / "reply.envelope")
    print("reply: opens, and its signature fits")


if __name__ == "__main__":
    main()
