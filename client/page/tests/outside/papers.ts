/**
 * What tests in a browser need of the page's own code: its sentences, and the papers of newsrooms that are made for the
 * occasion. `deploy/page` bundles it for them.
 */
import { chacha20poly1305 } from '@noble/ciphers/chacha.js';
import { ed25519 } from '@noble/curves/ed25519.js';
import { groupedFingerprint } from '../../src/envelope/address.ts';
import { type Bytes, join, order, u32, u8 } from '../../src/envelope/bytes.ts';
import { encode, type Value } from '../../src/envelope/cbor.ts';
import { wayBack } from '../../src/envelope/codename.ts';
import { sha256 } from '../../src/envelope/digest.ts';
import * as hpke from '../../src/envelope/hpke.ts';
import { PIECE } from '../../src/envelope/pad.ts';
import { systemRandom as random } from '../../src/envelope/seal.ts';
import { type Label, signedBytes } from '../../src/envelope/signing.ts';
import { head, header, nonce, REPLY, Schedule, slotInfo, SLOTS } from '../../src/envelope/slot.ts';
import { ENCAPSULATION_RANDOMNESS, keyPair } from '../../src/envelope/xwing.ts';
import { spelled } from '../../src/words/codename.ts';
import { readLists } from '../../src/words/list.ts';

export { LANGUAGES, textsOf } from '../../src/texts/languages.ts';

/** Who edits, by the seed of a signing key. */
const [FIRST, SECOND, OTHER] = [new Uint8Array(32).fill(1), new Uint8Array(32).fill(2), new Uint8Array(32).fill(3)];
const RECOVERY = new Uint8Array(32).fill(4);
const NOBODY = new Uint8Array(32);
const UNIT = 16_384;

/** Papers as a drop-box serves them. */
export interface Served {
  readonly charter: Bytes;
  readonly sheets: Bytes;
}

/** A newsroom of two editors, whose papers are good for a week from this day on. */
export class PaperNewsroom {
  readonly fingerprint: Bytes;
  readonly #first: number;
  readonly #founding: Body;

  constructor(firstDay: number) {
    this.#first = firstDay;
    const editors = [FIRST, SECOND].map(publicKey);
    this.#founding = new Body([[1, 1], [2, 1], [3, editors], [4, 1], [6, sha256(encode([publicKey(RECOVERY)]))]]);
    this.fingerprint = this.#founding.hash;
  }

  /** As people type it. */
  get fingerprintText(): string {
    return groupedFingerprint(this.fingerprint);
  }

  /** As it was founded. */
  founded(): Served {
    return this.#served([this.#foundingPaper()], this.#founding, [FIRST, SECOND]);
  }

  /** One editor has left since. */
  grown(): Served {
    const later = this.#later([[3, [publicKey(FIRST)]], [4, 1], [5, this.fingerprint]]);
    return this.#served([this.#foundingPaper(), this.#signed('charter', later, [FIRST])], later, [FIRST]);
  }

  /** Both were lost, and recovery keys made another one. */
  recovered(): Served {
    const later = this.#anew(this.#founding, 2, OTHER);
    return this.#served([this.#foundingPaper(), this.#signed('charter', later, [RECOVERY])], later, [OTHER]);
  }

  /** That one was lost as well, and whoever has the paper made yet another. */
  recoveredAgain(): Served {
    const later = this.#anew(this.#founding, 2, OTHER);
    const last = this.#anew(later, 3, SECOND);
    const papers = [later, last].map((body) => this.#signed('charter', body, [RECOVERY]));
    return this.#served([this.#foundingPaper(), ...papers], last, [SECOND]);
  }

  /** A reply, sealed to the source with these words. One by a former editor is by who left in `grown`. */
  reply(entropy: Bytes, number: number, message: string, by: 'editor' | 'former' | 'stranger' = 'editor'): Bytes {
    const { replyKey } = wayBack(entropy, this.fingerprint);
    const seed = { editor: FIRST, former: SECOND, stranger: OTHER }[by];
    const fields: [number, Value][] = [[1, 1], [2, sha256(replyKey.publicKey)], [3, number], [6, message], [7, publicKey(seed)]];
    const signed = signedBytes('reply', this.fingerprint, encode(new Map(fields)));
    const manifest = encode(new Map([...fields, [8, ed25519.sign(signed, seed)]]));
    return sealedReply(replyKey.publicKey, manifest);
  }

  /** A charter of recovery keys, which can do so again. */
  #anew(before: Body, sequence: number, editor: Bytes): Body {
    const recovery = [publicKey(RECOVERY)];
    const names: [number, Value][] = [[3, [publicKey(editor)]], [4, 1], [5, before.hash]];
    return new Body([[1, 1], [2, sequence], ...names, [6, sha256(encode(recovery))], [7, recovery]]);
  }

  #later(terms: readonly [number, Value][]): Body {
    return new Body([[1, 1], [2, 2], ...terms]);
  }

  #foundingPaper(): Value {
    return this.#founding.signed('charter', NOBODY, [FIRST, SECOND]);
  }

  #signed(label: Label, body: Body, seeds: readonly Bytes[]): Value {
    return body.signed(label, this.fingerprint, seeds);
  }

  #served(charters: readonly Value[], current: Body, editors: readonly Bytes[]): Served {
    const keys = editors.map((seed) => keyPair(seed).publicKey);
    const sheet = new Body([[1, 1], [2, 1], [3, this.#first], [4, this.#first + 6], [5, keys], [6, current.hash]]);
    return { charter: framed(charters), sheets: framed([this.#signed('sheet', sheet, editors.slice(0, 1))]) };
  }
}

/** What an operator says about a newsroom, as a drop-box serves it. */
export function about(name: string, words: string): Bytes {
  return framed(new Map<number, Value>([[1, 1], [2, name], [3, words], [4, 'https://www.example.org/']]));
}

/** The thirteen words of an entropy; `lists` is what the page is served. */
export function wordsOf(entropy: Bytes, lists: string): string[] {
  return spelled(entropy, readLists(lists), 'english');
}

/** A body that is signed. */
class Body {
  readonly hash: Bytes;
  readonly #bytes: Bytes;

  constructor(fields: readonly [number, Value][]) {
    this.#bytes = encode(new Map(fields));
    this.hash = sha256(this.#bytes);
  }

  signed(label: Label, fingerprint: Bytes, seeds: readonly Bytes[]): Value {
    const message = signedBytes(label, fingerprint, this.#bytes);
    const signatures = seeds.map((seed) => join(publicKey(seed), ed25519.sign(message, seed)));
    return new Map<number, Value>([[1, this.#bytes], [2, signatures.sort(order)]]);
  }
}

function publicKey(seed: Uint8Array): Bytes {
  return Uint8Array.from(ed25519.getPublicKey(seed));
}

function framed(value: Value): Bytes {
  const content = encode(value);
  const frame = new Uint8Array(Math.ceil((4 + content.length) / UNIT) * UNIT);
  frame.set(join(u32(content.length), content));
  return frame;
}

function sealedReply(to: Uint8Array, manifest: Bytes): Bytes {
  const [suite, m, salt] = [1, random(32), random(32)] as const;
  const schedule = new Schedule(salt, m);
  const h0 = head(REPLY, 0, 1, salt);
  const commitment = schedule.commitment(suite, 1, h0);
  const slots = Array.from({ length: SLOTS }, (_, place) => {
    const key = place === 0 ? to : keyPair(random(32)).publicKey;
    const text = place === 0 ? join(u8(suite), u8(1), u8(1), m) : new Uint8Array(35);
    return hpke.seal(key, slotInfo(h0, commitment), u8(place), text, random(ENCAPSULATION_RANDOMNESS));
  });
  const bytes = header(h0, commitment, slots);
  const text = new Uint8Array(PIECE);
  text.set(join(u32(manifest.length), manifest));
  const chunk = chacha20poly1305(schedule.payloadKey(suite, bytes), nonce(0, 1)).encrypt(text);
  return join(bytes, chunk);
}
