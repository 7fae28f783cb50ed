"""Knothole's formats, version 1, in Python: all that a reader needs of FORMAT.md, in the order of its sections.

Each § here is one of that page, and was written from that page alone. reader.py beside this file tries it on the golden
vectors. It is for checking and for learning: it wipes no secret from memory, and holds whole envelopes in it.
"""

import base64
import hashlib
import hmac
import itertools
from collections import namedtuple
from functools import lru_cache

from cryptography.exceptions import InvalidSignature, InvalidTag
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PublicKey
from cryptography.hazmat.primitives.asymmetric.mlkem import MLKEM768PrivateKey
from cryptography.hazmat.primitives.asymmetric.x25519 import X25519PrivateKey, X25519PublicKey
from cryptography.hazmat.primitives.ciphers.aead import AESGCM, ChaCha20Poly1305
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

class Refused(Exception):
    """What is read is refused. The word is one of those in the vectors' README.md."""

def need(holds, word):
    """Refuses with this word unless the condition holds."""
    if not holds:
        raise Refused(word)

# ---- §1 Conventions ------------------------------------------------------------------------------------------------

U32_MOST, U64_MOST = 2**32 - 1, 2**64 - 1
LAST_DAY = 2_932_896

def u8(number):
    return number.to_bytes(1, "big")

def u32(number):
    return number.to_bytes(4, "big")

def u64(number):
    return number.to_bytes(8, "big")

def number_of(octets):
    """An unsigned big-endian integer."""
    return int.from_bytes(octets, "big")

def sha256(octets):
    return hashlib.sha256(octets).digest()

def zeros_only(octets):
    return octets.count(0) == len(octets)

# ---- §1 Primitives -------------------------------------------------------------------------------------------------

XWING_KEY, XWING_ENC = 1216, 1120
MLKEM_KEY, MLKEM_CIPHERTEXT, MLKEM_MODULUS = 1184, 1088, 3329

def extract(salt, secret):
    """HKDF-Extract with SHA-256."""
    return hmac.digest(salt or bytes(32), secret, "sha256")

def expand(prk, info, length):
    """HKDF-Expand with SHA-256."""
    out, block = b"", b""
    for count in itertools.count(1):
        if len(out) >= length:
            return out[:length]
        block = hmac.digest(prk, block + info + u8(count), "sha256")
        out += block

def raw(public_key):
    return public_key.public_bytes(Encoding.Raw, PublicFormat.Raw)

class XWing:
    """An X-Wing secret, from its seed of 32 bytes."""

    def __init__(self, seed):
        expanded = hashlib.shake_256(seed).digest(96)
        self.mlkem = MLKEM768PrivateKey.from_seed_bytes(expanded[:64])
        self.x25519 = X25519PrivateKey.from_private_bytes(expanded[64:])
        self.x25519_public = raw(self.x25519.public_key())
        self.public = raw(self.mlkem.public_key()) + self.x25519_public

    def decapsulate(self, enc):
        """The shared secret, or None when the X25519 result is all zeros (§3)."""
        ciphertext, share = enc[:MLKEM_CIPHERTEXT], enc[MLKEM_CIPHERTEXT:]
        x25519_secret = x25519(self.x25519, share)
        if x25519_secret is None:
            return None
        mlkem_secret = self.mlkem.decapsulate(ciphertext)
        label = bytes.fromhex("5c2e2f2f5e5c")
        return hashlib.sha3_256(mlkem_secret + x25519_secret + share + self.x25519_public + label).digest()

def x25519(secret, share):
    """X25519, or None when the result is all zeros: the share is a point of small order."""
    try:
        return secret.exchange(X25519PublicKey.from_public_bytes(share))
    except ValueError:
        return None

# With any secret a point of small order gives zeros.
ANY_SECRET = X25519PrivateKey.from_private_bytes(bytes([1]) * 32)

def xwing_key(item):
    """A public key of X-Wing: right length, the check of FIPS 203 §7.2, and an X25519 part not of small order."""
    key = octets(item)
    need(len(key) == XWING_KEY, "value")
    # Each three bytes hold two coefficients of 12 bits; the last 32 bytes of ML-KEM's key hold none.
    for at in range(0, MLKEM_KEY - 32, 3):
        low, middle, high = key[at:at + 3]
        need(low | (middle & 15) << 8 < MLKEM_MODULUS and middle >> 4 | high << 4 < MLKEM_MODULUS, "value")
    need(x25519(ANY_SECRET, key[MLKEM_KEY:]) is not None, "value")
    return key

def hpke_open(secret, enc, sealed, info, aad):
    """HPKE (RFC 9180) in base mode, single shot. None when it does not open."""
    shared_secret = secret.decapsulate(enc)
    if shared_secret is None:
        return None
    suite_id = b"HPKE" + bytes.fromhex("647a 0001 0003")

    def labeled_extract(salt, label, ikm):
        return extract(salt, b"HPKE-v1" + suite_id + label + ikm)

    def labeled_expand(prk, label, about, length):
        return expand(prk, length.to_bytes(2, "big") + b"HPKE-v1" + suite_id + label + about, length)

    context = b"\0" + labeled_extract(b"", b"psk_id_hash", b"") + labeled_extract(b"", b"info_hash", info)
    schedule = labeled_extract(shared_secret, b"secret", b"")
    key = labeled_expand(schedule, b"key", context, 32)
    base_nonce = labeled_expand(schedule, b"base_nonce", context, 12)
    try:
        return ChaCha20Poly1305(key).decrypt(base_nonce, sealed, aad)
    except InvalidTag:
        return None

# ---- §2 CBOR -------------------------------------------------------------------------------------------------------

UINT, BYTES, TEXT, ARRAY, MAP = 0, 2, 3, 4, 5
DEEPEST = 4

def decode(encoded):
    """The one item in these bytes: int, bytes, str, list or dict. It is encoded again, and the bytes compared."""
    item, end = decode_at(encoded, 0, 1)
    need(end == len(encoded) and encode(item) == encoded, "not canonical")
    return item

def decode_at(encoded, at, depth):
    """The item that begins here, and where it ends."""
    major, value, at = decode_head(encoded, at)
    if major == UINT:
        return value, at
    if major in (BYTES, TEXT):
        need(value <= len(encoded) - at, "malformed")
        content = encoded[at:at + value]
        return (content if major == BYTES else utf8(content)), at + value
    need(major in (ARRAY, MAP) and depth <= DEEPEST, "malformed")
    # A length that was announced reserves nothing: a list that is too long for its bytes ends where these end.
    items, entries = [], {}
    for _ in range(value):
        if major == MAP:
            key, at = decode_at(encoded, at, depth + 1)
            need(isinstance(key, int), "malformed")
            entries[key], at = decode_at(encoded, at, depth + 1)
        else:
            item, at = decode_at(encoded, at, depth + 1)
            items.append(item)
    return (entries if major == MAP else items), at

def decode_head(encoded, at):
    """The major type of an item, the number behind it, and where that ends."""
    need(at < len(encoded), "malformed")
    major, value = encoded[at] >> 5, encoded[at] & 31
    at += 1
    if value < 24:
        return major, value, at
    need(value < 28, "malformed")
    length = 1 << (value - 24)
    need(at + length <= len(encoded), "malformed")
    return major, number_of(encoded[at:at + length]), at + length

def utf8(content):
    try:
        return content.decode("utf-8")
    except UnicodeDecodeError:
        raise Refused("malformed") from None

def encode(item):
    """The only encoding of an item."""
    if isinstance(item, int):
        return encode_head(UINT, item)
    if isinstance(item, bytes):
        return encode_head(BYTES, len(item)) + item
    if isinstance(item, str):
        return encode_head(TEXT, len(item.encode())) + item.encode()
    if isinstance(item, list):
        return encode_head(ARRAY, len(item)) + b"".join(map(encode, item))
    return encode_head(MAP, len(item)) + b"".join(encode(key) + encode(item[key]) for key in sorted(item))

def encode_head(major, value):
    if value < 24:
        return u8(major << 5 | value)
    for size in (0, 1, 2, 3):
        if value < 1 << (8 << size):
            return u8(major << 5 | 24 + size) + value.to_bytes(1 << size, "big")

def uint(item, least=0, most=U64_MOST):
    need(isinstance(item, int), "malformed")
    need(least <= item <= most, "value")
    return item

def octets(item, length=None):
    """A byte string, of exactly this length where one is given."""
    need(isinstance(item, bytes) and length in (None, len(item)), "malformed")
    return item

def text(item, least, most):
    """A text of so many bytes in UTF-8."""
    need(isinstance(item, str), "malformed")
    need(least <= len(item.encode()) <= most, "value")
    return item

def array(item, least, most, each):
    """An array of so many items, each read by a function."""
    need(isinstance(item, list), "malformed")
    need(len(item) <= most, "too many")
    need(len(item) >= least, "value")
    return [each(one) for one in item]

def fields(item, needed, may=()):
    """The values of a map, in the order of its needed fields and then of those that may be absent (None)."""
    need(isinstance(item, dict), "malformed")
    need(all(key in item for key in needed), "missing field")
    need(all(key in (*needed, *may) for key in item), "unknown field")
    return [item.get(key) for key in (*needed, *may)]

def all_different(items):
    need(len(set(items)) == len(items), "value")
    return items

def hash_of(item):
    return octets(item, 32)

def version(item):
    return uint(item, 1, 1)

def day(item):
    return uint(item, 0, LAST_DAY)

def epoch_number(item):
    return uint(item, 1, U32_MOST)

# ---- §3 The envelope -----------------------------------------------------------------------------------------------

HEADER, CHUNK, PIECE, TAG = 12_288, 65_536, 65_520, 16
SLOTS, SLOT, SLOTS_AT, ZEROS_AT = 8, XWING_ENC + 35 + TAG, 88, 9_456
DROP, REPLY = 1, 2
REPLY_LENGTH = HEADER + CHUNK

Head = namedtuple("Head", "kind epoch n salt h0 commitment slots header")
Share = namedtuple("Share", "suite k x y")

def read_head(envelope):
    """All of a header that can be checked without a key (§8, step 1)."""
    need(len(envelope) >= HEADER, "short")
    header = envelope[:HEADER]
    need(header[:8] == b"KNOTHOLE", "magic")
    need(header[8] == 1, "version")
    kind, epoch, n = header[9], number_of(header[12:16]), number_of(header[16:24])
    need(kind in (DROP, REPLY), "kind")
    need(zeros_only(header[10:12]) and zeros_only(header[ZEROS_AT:]), "reserved")
    need(epoch >= 1 if kind == DROP else epoch == 0, "epoch")
    need(on_the_scale(n) if kind == DROP else n == 1, "chunks")
    slots = [header[SLOTS_AT + SLOT * j:][:SLOT] for j in range(SLOTS)]
    return Head(kind, epoch, n, header[24:56], header[:56], header[56:88], slots, header)

def commitment(prk, suite, k, h0):
    return expand(prk, b"knothole/v1 commit" + u8(suite) + u8(k) + sha256(h0), 32)

def slot_info(head):
    return b"knothole/v1 slot" + sha256(head.h0 + head.commitment)

def payload_key(prk, suite, header):
    """K, which seals the chunks."""
    return expand(prk, b"knothole/v1 payload" + u8(suite) + sha256(header), 32)

def open_slot(head, j, secret):
    """The share in slot j, or None when the slot is another's."""
    enc, sealed = head.slots[j][:XWING_ENC], head.slots[j][XWING_ENC:]
    plain = hpke_open(secret, enc, sealed, slot_info(head), u8(j))
    return plain and Share(plain[0], plain[1], plain[2], plain[3:])

def cipher(suite, key):
    return ChaCha20Poly1305(key) if suite == 1 else AESGCM(key)

def nonce(i, flag):
    return bytes(3) + u64(i) + u8(flag)

def open_chunks(envelope, n, suite, key):
    """The plaintext of all chunks. Not a byte of it is used before the last one has verified."""
    need(len(envelope) == HEADER + CHUNK * n, "damaged")
    aead, pieces = cipher(suite, key), []
    for i in range(n):
        chunk = envelope[HEADER + CHUNK * i:][:CHUNK]
        try:
            pieces.append(aead.decrypt(nonce(i, i == n - 1), chunk, b""))
        except InvalidTag:
            raise Refused("damaged") from None
    return b"".join(pieces)

# ---- §4 Padding ----------------------------------------------------------------------------------------------------

FEWEST_CHUNKS, MOST_CHUNKS = 16, 2**24
MOST_CONTENT = MOST_CHUNKS * PIECE

def padme(c):
    if c < 2:
        return c
    e = c.bit_length() - 1
    z = e - (e.bit_length() - 1) - 1
    return -(-c >> z) << z

def on_the_scale(n):
    return FEWEST_CHUNKS <= n <= MOST_CHUNKS and padme(n) == n

def chunks_for(content):
    return max(FEWEST_CHUNKS, padme(-(-content // PIECE)))

def is_length_of_a_drop(length):
    n, rest = divmod(length - HEADER, CHUNK)
    return rest == 0 and on_the_scale(n)

# ---- §5 The quorum -------------------------------------------------------------------------------------------------

def field_tables():
    """Powers and logarithms to the base 3 in GF(2^8) with the polynomial 0x11b."""
    powers, logs, power = [], {}, 1
    for exponent in range(255):
        powers.append(power)
        logs[power] = exponent
        power ^= power << 1
        if power > 255:
            power ^= 0x11B
    return powers, logs

POWERS, LOGS = field_tables()

def times(a, b):
    return POWERS[(LOGS[a] + LOGS[b]) % 255] if a and b else 0

def over(a, b):
    return POWERS[(LOGS[a] - LOGS[b]) % 255] if a else 0

def interpolate(shares, at):
    """The 32 bytes at this place of the polynomials that go through the shares. Minus is exclusive or."""
    result = bytearray(32)
    for share in shares:
        weight = 1
        for other in shares:
            if other.x != share.x:
                weight = times(weight, over(at ^ other.x, share.x ^ other.x))
        for b in range(32):
            result[b] ^= times(weight, share.y[b])
    return bytes(result)

# ---- §6 The plaintext of a drop ------------------------------------------------------------------------------------

LONGEST_MANIFEST, MOST_FILES, LONGEST_MESSAGE = 196_608, 500, 32_768

DropManifest = namedtuple("DropManifest", "encoded sheet k reply_block files message")

def split_manifest(plaintext, longest):
    """The encoded manifest, and what follows it."""
    length = number_of(plaintext[:4])
    need(1 <= length <= longest, "manifest length")
    return plaintext[4:4 + length], plaintext[4 + length:]

def read_drop_manifest(encoded):
    one, sheet, k, files, message, block = fields(decode(encoded), (1, 2, 3, 5, 6), may=(4,))
    version(one)
    if block is not None:
        key, mailbox, erase_hash = fields(block, (1, 2, 3))
        block = xwing_key(key), hash_of(mailbox), hash_of(erase_hash)
    files = array(files, 0, MOST_FILES, read_file)
    need(4 + len(encoded) + sum(size for _, size in files) <= MOST_CONTENT, "value")
    return DropManifest(encoded, hash_of(sheet), uint(k, 1, 8), block, files, text(message, 0, LONGEST_MESSAGE))

def read_file(item):
    name, size = fields(item, (1, 2))
    text(name, 1, 255)
    need(name not in (".", "..") and "/" not in name and "\0" not in name, "value")
    return name, uint(size)

def read_plaintext(plaintext, n, k):
    """The manifest of a drop and the bytes of its files. Lengths, k and padding must fit."""
    encoded, rest = split_manifest(plaintext, LONGEST_MANIFEST)
    manifest = read_drop_manifest(encoded)
    need(manifest.k == k, "two quorums")
    content = 4 + len(encoded) + sum(size for _, size in manifest.files)
    need(n == chunks_for(content), "padding")
    contents = []
    for _, size in manifest.files:
        contents.append(rest[:size])
        rest = rest[size:]
    need(zeros_only(rest), "trailing")
    return manifest, contents

# ---- §7 Replies ----------------------------------------------------------------------------------------------------

LONGEST_REPLY_MANIFEST = 65_516

ReplyManifest = namedtuple("ReplyManifest", "encoded source number message editor signature signed_hash")

def read_reply_manifest(encoded):
    item = decode(encoded)
    one, source, number, message, editor, signature = fields(item, (1, 2, 3, 6, 7, 8))
    version(one)
    without_8 = encode({key: value for key, value in item.items() if key != 8})
    return ReplyManifest(encoded, hash_of(source), uint(number), text(message, 0, LONGEST_MESSAGE), ed25519_key(editor),
                         octets(signature, 64), sha256(without_8))

def check_reply(manifest, source_key, chain):
    """The reply is for this source and from an editor of the verified chain. Says whether from a present one."""
    need(manifest.source == sha256(source_key), "other source")
    need(any(manifest.editor in charter.editors for charter in chain.charters), "foreign editor")
    signed = signed_bytes("reply", chain.fingerprint, manifest.signed_hash)
    need(verify_strict(manifest.editor, manifest.signature, signed), "bad signature")
    return manifest.editor in chain.current.editors

def codename(entropy, fingerprint):
    """What follows from the entropy of a codename: seed, mailbox, erase secret, and the place of the check word."""
    prk = extract(fingerprint, entropy)
    seed, mailbox, erase = (expand(prk, b"knothole/v1 " + label, 32) for label in (b"reply key", b"mailbox", b"erase"))
    return seed, mailbox, erase, number_of(sha256(b"knothole/v1 check" + entropy)[:2]) >> 5

# ---- §8 Opening ----------------------------------------------------------------------------------------------------

NOT_FOR_THESE_KEYS, MORE_NEEDED, ANYTHING_ELSE = "not for these keys", "more needed", "anything else"

Opened = namedtuple("Opened", "head suite k key wrong_shares plaintext")

def open_envelope(envelope, secrets, place_of, keys_in_sheet):
    """Steps 1 to 7. A secret is known by its public key; place_of says at which place of the sheet that stands."""
    head = read_head(envelope)
    shares = open_slots(head, secrets, place_of)
    need(shares, NOT_FOR_THESE_KEYS)
    suite, k = agree(shares, keys_in_sheet)
    need(len(shares) >= k, MORE_NEEDED)
    prk, wrong = find_secret(head, suite, k, shares)
    key = payload_key(prk, suite, head.header)
    return Opened(head, suite, k, key, wrong, open_chunks(envelope, head.n, suite, key))

def open_slots(head, secrets, place_of):
    """Steps 2 and 4: the shares of all slots that opened, in ascending order of x."""
    shares = []
    for secret in {one.public: one for one in secrets}.values():
        opened = [share for j in range(SLOTS) if (share := open_slot(head, j, secret))]
        need(len(opened) <= 1, "two slots")
        for share in opened:
            need(place_of.get(secret.public) == share.x - 1, "share")
            shares.append(share)
    need(len({share.x for share in shares}) == len(shares), "share")
    return sorted(shares, key=lambda share: share.x)

def agree(shares, keys_in_sheet):
    """The rest of step 4: suite and k, which all shares must name alike."""
    named = {(share.suite, share.k) for share in shares}
    need(len(named) == 1, "disagree")
    suite, k = named.pop()
    need(suite in (1, 2), "suite")
    need(1 <= k <= keys_in_sheet, "quorum")
    return suite, k

def find_secret(head, suite, k, shares):
    """Step 6: PRK of the first k shares whose M meets the commitment, and the x of shares that are wrong."""
    for some in itertools.combinations(shares, k):
        prk = extract(head.salt, interpolate(some, 0))
        if hmac.compare_digest(commitment(prk, suite, k, head.h0), head.commitment):
            return prk, [share.x for share in shares if interpolate(some, share.x) != share.y]
    raise Refused("commitment")

def open_drop(envelope, secrets, sheet_keys):
    """A drop, opened by some of the editors: what was opened, the manifest, and the files' bytes."""
    need(read_head(envelope).kind == DROP, "other kind")
    opened = open_envelope(envelope, secrets, {key: p for p, key in enumerate(sheet_keys)}, len(sheet_keys))
    return opened, *read_plaintext(opened.plaintext, opened.head.n, opened.k)

def open_reply(envelope, secret, chain):
    """A reply, opened by its source: what was opened, the manifest, and whether its editor is a present one."""
    need(len(envelope) == REPLY_LENGTH, "reply length")
    need(read_head(envelope).kind == REPLY, "kind")
    opened = open_envelope(envelope, [secret], {secret.public: 0}, 1)
    encoded, rest = split_manifest(opened.plaintext, LONGEST_REPLY_MANIFEST)
    manifest = read_reply_manifest(encoded)
    need(zeros_only(rest), "trailing")
    return opened, manifest, check_reply(manifest, secret.public, chain)

SEGMENT = 4_194_304

def tree_hash(envelope):
    segments = [sha256(envelope[at:at + SEGMENT]) for at in range(0, len(envelope), SEGMENT)]
    return sha256(b"knothole/v1 tree" + u64(len(envelope)) + b"".join(segments))

# ---- §9 Signed papers ----------------------------------------------------------------------------------------------

P, D = 2**255 - 19, -121665 * pow(121666, -1, 2**255 - 19) % (2**255 - 19)
ROOT_OF_MINUS_1 = pow(2, (P - 1) // 4, P)
GROUP_ORDER = 2**252 + 27742317777372353535851937790883648493
NO_FINGERPRINT = bytes(32)

Signed = namedtuple("Signed", "body signatures hash")

def curve_point(encoded):
    """The point (x, y) of Ed25519 in these 32 bytes, or None: y not below P, or no point of the curve."""
    number = int.from_bytes(encoded, "little")
    odd, y = number >> 255, number & 2**255 - 1
    if y >= P:
        return None
    square = (y * y - 1) * pow(D * y * y + 1, -1, P) % P
    x = pow(square, (P + 3) // 8, P)
    if x * x % P != square:
        x = x * ROOT_OF_MINUS_1 % P
    if x * x % P != square or x == 0 and odd:
        return None
    return (P - x if x & 1 != odd else x), y

def is_of_small_order(point):
    """Eight times the point is the neutral one."""
    x, y = point
    for _ in range(3):
        product = D * x * x * y * y % P
        x, y = 2 * x * y * pow(1 + product, -1, P) % P, (y * y + x * x) * pow(1 - product, -1, P) % P
    return (x, y) == (0, 1)

@lru_cache(maxsize=65_536)
def is_good_point(encoded):
    point = curve_point(encoded)
    return point is not None and not is_of_small_order(point)

def ed25519_key(item):
    """A key is checked wherever it stands."""
    need(is_good_point(octets(item, 32)), "value")
    return item

def verify_strict(key, signature, message):
    """The library checks the equation without cofactor; S and the points are checked here."""
    r, s = signature[:32], int.from_bytes(signature[32:], "little")
    if not (s < GROUP_ORDER and is_good_point(key) and is_good_point(r)):
        return False
    try:
        Ed25519PublicKey.from_public_bytes(key).verify(signature, message)
        return True
    except InvalidSignature:
        return False

def signed_bytes(label, fingerprint, body_hash):
    return b"knothole/v1 " + label.encode() + b"\0" + fingerprint + body_hash

def read_signed(item):
    """A signed paper: the body, still encoded, and (key, signature) in ascending order of the keys."""
    body, signatures = fields(item, (1, 2))
    octets(body)
    signatures = array(signatures, 0, 8, lambda one: octets(one, 96))
    keys = [ed25519_key(one[:32]) for one in signatures]
    need(keys == sorted(all_different(keys)), "value")
    return Signed(body, [(one[:32], one[32:]) for one in signatures], sha256(body))

def check_signatures(paper, label, fingerprint, may_sign, least):
    """Every signature is valid and by one who may sign, and there are enough."""
    message = signed_bytes(label, fingerprint, paper.hash)
    for key, signature in paper.signatures:
        need(key in may_sign, "foreign signature")
        need(verify_strict(key, signature, message), "bad signature")
    need(len(paper.signatures) >= least, "too few signatures")

# ---- §10 Charters --------------------------------------------------------------------------------------------------

MOST_CHARTERS = 256

Charter = namedtuple("Charter", "paper hash sequence editors k previous recovery papers")

class Chain:
    """A chain of charters that was verified from a fingerprint."""

    def __init__(self, item, fingerprint):
        need(isinstance(item, list), "malformed")
        need(item, "chain length")
        self.charters = array(item, 1, MOST_CHARTERS, read_charter)
        self.fingerprint = fingerprint
        self.current = self.charters[-1]
        self.recovered = any(charter.papers for charter in self.charters)
        check_founding(self.charters[0], fingerprint)
        for before, charter in itertools.pairwise(self.charters):
            check_next(before, charter, fingerprint)

    def begins_with(self, held):
        hashes = [charter.hash for charter in self.charters]
        return hashes[:len(held.charters)] == [charter.hash for charter in held.charters]

def read_charter(item):
    paper = read_signed(item)
    one, sequence, editors, k, previous, recovery, papers = fields(decode(paper.body), (1, 2, 3, 4), may=(5, 6, 7))
    version(one)
    uint(sequence, 1, U32_MOST)
    editors = all_different(array(editors, 1, 8, ed25519_key))
    uint(k, 1, 8)
    need(k <= len(editors), "value")
    need((previous is None) == (sequence == 1), "value")
    previous = previous and hash_of(previous)
    recovery = recovery and hash_of(recovery)
    if papers is not None:
        need(sequence > 1, "value")
        papers = array(papers, 1, 8, ed25519_key)
        need(papers == sorted(all_different(papers)), "value")
    return Charter(paper, paper.hash, sequence, editors, k, previous, recovery, papers)

def check_founding(charter, fingerprint):
    need(charter.hash == fingerprint, "fingerprint")
    need(charter.sequence == 1, "order")
    check_signatures(charter.paper, "charter", NO_FINGERPRINT, charter.editors, len(charter.editors))

def check_next(before, charter, fingerprint):
    need(charter.sequence == before.sequence + 1 and charter.previous == before.hash, "order")
    if charter.papers is None:
        check_signatures(charter.paper, "charter", fingerprint, before.editors, before.k)
    else:
        need(sha256(encode(charter.papers)) == before.recovery, "recovery")
        check_signatures(charter.paper, "charter", fingerprint, charter.papers, len(charter.papers))

# ---- §11 Epoch sheets ----------------------------------------------------------------------------------------------

LONGEST_EPOCH = 92

Sheet = namedtuple("Sheet", "hash epoch first last keys charter")

def read_sheet(item, chain):
    paper = read_signed(item)
    one, epoch, first, last, keys, charter_hash = fields(decode(paper.body), (1, 2, 3, 4, 5, 6))
    version(one)
    need(day(first) <= day(last) < first + LONGEST_EPOCH, "value")
    keys = all_different(array(keys, 1, 8, xwing_key))
    sheet = Sheet(paper.hash, epoch_number(epoch), first, last, keys, hash_of(charter_hash))
    charter = next((one for one in chain.charters if one.hash == sheet.charter), None)
    need(charter, "unknown charter")
    need(len(keys) == len(charter.editors), "wrong editors")
    check_signatures(paper, "sheet", chain.fingerprint, charter.editors, charter.k)
    return sheet

# ---- §12 Receipts --------------------------------------------------------------------------------------------------

OPENED, REFUSED, BURNED = 1, 2, 3
SAYS = {OPENED: "opened", REFUSED: "refused", BURNED: "burned"}

def read_receipt(item, chain):
    """What a receipt says, as the fields of its map."""
    paper = read_signed(item)
    body = decode(paper.body)
    says = fields(body, (2,), may=range(1, 7))[0]
    if uint(says, 1, 3) == BURNED:
        one, _, epoch = fields(body, (1, 2, 6))
        epoch_number(epoch)
    else:
        one, _, drop, tree, length = fields(body, (1, 2, 3, 4, 5))
        hash_of(drop), hash_of(tree), uint(length)
    version(one)
    check_signatures(paper, SAYS[says], chain.fingerprint, chain.current.editors, chain.current.k)
    return body

# ---- §13 Cards -----------------------------------------------------------------------------------------------------

EDITORS_CARD, COURIERS_CARD, MOST_EPOCHS = 1, 2, 520

EditorCard = namedtuple("EditorCard", "key first_epoch first_day days keys papers_key")
CourierCard = namedtuple("CourierCard", "discovery credential key")

def check_signed_alone(paper, label, fingerprint, key):
    """There is one signature, and it is by this key."""
    need([signer for signer, _ in paper.signatures] == [key], "bad signature")
    check_signatures(paper, label, fingerprint, [key], 1)

def read_editor_card(item):
    paper = read_signed(item)
    one, kind, key, epoch, first, days, keys, papers_key = fields(decode(paper.body), range(1, 9))
    version(one)
    uint(kind, EDITORS_CARD, EDITORS_CARD)
    keys = all_different(array(keys, 1, MOST_EPOCHS, xwing_key))
    card = EditorCard(ed25519_key(key), epoch_number(epoch), day(first), uint(days, 1, LONGEST_EPOCH), keys,
                      xwing_key(papers_key))
    need(papers_key not in keys, "value")
    epoch_number(epoch + len(keys) - 1)
    day(first + days * len(keys) - 1)
    check_signed_alone(paper, "card", NO_FINGERPRINT, card.key)
    return card

def read_courier_card(item):
    paper = read_signed(item)
    body = decode(paper.body)
    # The kind first: a card of another kind has other fields.
    uint(fields(body, (2,), may=range(1, 9))[0], COURIERS_CARD, COURIERS_CARD)
    one, _, discovery, credential, key = fields(body, range(1, 6))
    version(one)
    card = CourierCard(octets(discovery, 32), hash_of(credential), ed25519_key(key))
    check_signed_alone(paper, "card", NO_FINGERPRINT, card.key)
    return card

# ---- §14 Listings and bundles --------------------------------------------------------------------------------------

MOST_DROPS, MOST_PARTS, LONGEST_PART, MOST_REPLIES_NAMED = 65_536, 16_384, 2**30, 4096

ListedDrop = namedtuple("ListedDrop", "id tree_hash length epoch")
Part = namedtuple("Part", "name length hash drop offset")
Index = namedtuple("Index", "hash sequence previous day parts drops charter pushed")

def read_listed_drop(item):
    drop, tree, length, epoch = fields(item, (1, 2, 3, 4))
    need(is_length_of_a_drop(uint(length)), "value")
    return ListedDrop(hash_of(drop), hash_of(tree), length, epoch_number(epoch))

def read_listing(item):
    return array(item, 0, MOST_DROPS, read_listed_drop)

def read_part(item):
    name, length, digest, drop, offset = fields(item, (1, 2, 3, 4, 5))
    return Part(octets(name, 16), uint(length, 1, LONGEST_PART), hash_of(digest), hash_of(drop), uint(offset))

def read_bundle(item, newsroom, courier):
    paper = read_signed(item)
    body = decode(paper.body)
    one, sequence, on, parts, drops, charter, previous, pushed = fields(body, (1, 2, 4, 5, 6, 7), may=(3, 8))
    version(one)
    uint(sequence, 1)
    need((previous is None) == (sequence == 1), "value")
    previous = previous and hash_of(previous)
    index = Index(paper.hash, sequence, previous, day(on), array(parts, 0, MOST_PARTS, read_part), read_listing(drops),
                  hash_of(charter), [] if pushed is None else array(pushed, 1, MOST_REPLIES_NAMED, hash_of))
    need(all(one < next_one for one, next_one in zip(index.pushed, index.pushed[1:])), "value")
    check_parts(index)
    check_signed_alone(paper, "bundle", newsroom, courier)
    return index

def check_parts(index):
    """Parts lie in drops that are listed, under names of their own, and do not overlap."""
    all_different([drop.id for drop in index.drops])
    all_different([part.name for part in index.parts])
    lengths = {drop.id: drop.length for drop in index.drops}
    end_of_part, drop_before = 0, None
    for part in sorted(index.parts, key=lambda part: (part.drop, part.offset)):
        need(part.drop in lengths and part.offset + part.length <= lengths[part.drop], "value")
        need(part.drop != drop_before or part.offset >= end_of_part, "value")
        end_of_part, drop_before = part.offset + part.length, part.drop

# ---- §15 The outbox on a stick -------------------------------------------------------------------------------------

def read_archive_seal(item, chain):
    """The hash of the state of an archive that the editors of the current charter have sealed."""
    paper = read_signed(item)
    one, state = fields(decode(paper.body), (1, 2))
    version(one)
    hash_of(state)
    check_signatures(paper, "archive", chain.fingerprint, chain.current.editors, chain.current.k)
    return state

# ---- §16 Addresses -------------------------------------------------------------------------------------------------

def base32_of(letters, length):
    """The bytes of these small letters of base32. Spare bits must be zero."""
    try:
        content = base64.b32decode(letters.upper() + "=" * (-len(letters) % 8))
    except ValueError:
        raise Refused("address") from None
    need(len(content) == length and base64.b32encode(content).decode().rstrip("=").lower() == letters, "address")
    return content

def read_onion(words):
    """The Ed25519 key in an onion address."""
    need(words.endswith(".onion"), "address")
    content = base32_of(words.removesuffix(".onion"), 35)
    key, checksum, onion_version = content[:32], content[32:34], content[34]
    need(onion_version == 3, "address")
    need(hashlib.sha3_256(b".onion checksum" + key + b"\3").digest()[:2] == checksum, "address")
    need(is_good_point(key), "address")
    return key

def read_fingerprint(words):
    """Readers forgive spaces, dashes and upper case."""
    need(words.isascii(), "address")
    return base32_of(words.replace(" ", "").replace("-", "").lower(), 32)

def read_address(words):
    """The onion address and the fingerprint of a drop address."""
    need(words.startswith("knothole:"), "address")
    onion, hash_sign, fingerprint = words.removeprefix("knothole:").partition("#")
    need(hash_sign, "address")
    read_onion(onion)
    return onion, read_fingerprint(fingerprint)

# ---- §17 On the wire -----------------------------------------------------------------------------------------------

FRAME_UNIT, LONGEST_CONTENT, MOST_REPLIES = 16_384, 16_777_216, 16

def read_frame(frame):
    length = number_of(frame[:4])
    need(len(frame) >= 4 and length <= LONGEST_CONTENT, "frame")
    need(len(frame) == -(-(4 + length) // FRAME_UNIT) * FRAME_UNIT, "frame")
    need(zeros_only(frame[4 + length:]), "frame")
    return frame[4:4 + length]

def read_pushed_reply(item):
    """The envelope of a pushed reply: only its head can be checked."""
    mailbox, erase_hash, envelope = fields(item, (1, 2, 3))
    hash_of(mailbox), hash_of(erase_hash)
    need(len(octets(envelope)) == REPLY_LENGTH, "value")
    try:
        need(read_head(envelope).kind == REPLY, "kind")
    except Refused:
        raise Refused("value") from None
    return envelope

def read_pushed_replies(item):
    return array(item, 1, MOST_REPLIES, read_pushed_reply)
