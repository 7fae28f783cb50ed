/** A newsroom's charters, from the one that its fingerprint names to the current one (FORMAT.md §10). */
import { type Bytes, equal, hex, order } from './bytes.ts';
import { decode, encode, type Value } from './cbor.ts';
import { sha256 } from './digest.ts';
import { asArray, asBytes, Record } from './record.ts';
import { need } from './refused.ts';
import { isSigningKey, type Paper, readPaper } from './signing.ts';

const MOST_CHARTERS = 256;
const MOST_EDITORS = 8;
const MOST_SEQUENCE = 4_294_967_295;
const NOBODY = new Uint8Array(32);

export interface Charter {
  readonly hash: Bytes;
  readonly sequence: number;
  /** In hexadecimal; their order gives the places. */
  readonly editors: readonly string[];
  readonly quorum: number;
  /** Whether recovery keys made it: too few editors were left. */
  readonly isRecovered: boolean;
}

/** A chain that was verified from a fingerprint. */
export class Chain {
  readonly fingerprint: Bytes;
  readonly #charters: readonly Charter[];

  private constructor(fingerprint: Bytes, charters: readonly Charter[]) {
    this.fingerprint = fingerprint;
    this.#charters = charters;
  }

  /** Verifies the bytes of a chain. Refuses one of another newsroom. */
  static verify(bytes: Uint8Array, fingerprint: Uint8Array): Chain {
    const steps = Chain.#verified(bytes, fingerprint);
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
    }
  }

  /** The same, breathing between two charters: 256 of them take many seconds at Safer. */
  static async verifyCalmly(bytes: Uint8Array, fingerprint: Uint8Array, breathe: () => Promise<void>): Promise<Chain> {
    const steps = Chain.#verified(bytes, fingerprint);
    for (;;) {
      const { done, value } = steps.next();
      if (done === true) return value;
      await breathe();
    }
  }

  /** Pauses after each charter. */
  static *#verified(bytes: Uint8Array, fingerprint: Uint8Array): Generator<void, Chain> {
    const value = decode(bytes);
    need(Array.isArray(value), 'malformed');
    need(value.length >= 1 && value.length <= MOST_CHARTERS, 'chain length');
    const charters: Terms[] = [];
    for (const item of value as readonly Value[]) {
      const before = charters.at(-1);
      const paper = readPaper(item, 'charter', before === undefined ? NOBODY : fingerprint);
      charters.push(before === undefined ? founding(paper, fingerprint) : later(paper, before));
      yield;
    }
    return new Chain(Uint8Array.from(fingerprint), charters);
  }

  /** The fingerprint of the newsroom that a chain says it is of. It has verified nothing. */
  static claimedFingerprint(bytes: Uint8Array): Bytes {
    const [first] = asArray(decode(bytes), 1, MOST_CHARTERS);
    return sha256(Record.of(first ?? 0, [1, 2]).anyBytes(1));
  }

  get current(): Charter {
    const current = this.#charters.at(-1);
    need(current !== undefined, 'chain length');
    return current;
  }

  /** Whether recovery keys made a charter in it. */
  get isRecovered(): boolean {
    return this.#charters.some((charter) => charter.isRecovered);
  }

  /** Whether recovery keys made one of the charters that came after those of a chain which this one continues. */
  isRecoveredSince(held: Chain): boolean {
    return this.#charters.slice(held.#charters.length).some((charter) => charter.isRecovered);
  }

  charter(hash: Uint8Array): Charter | undefined {
    return this.#charters.find((charter) => equal(charter.hash, hash));
  }

  /** Whether somebody is, or ever was, an editor. */
  hasEditor(key: Uint8Array): boolean {
    return this.#charters.some((charter) => charter.editors.includes(hex(key)));
  }

  /** Refuses to follow any chain that does not begin with the one that was seen before. */
  continues(held: Chain): void {
    const goesOn = held.#charters.every((charter, at) => {
      const here = this.#charters[at];
      return here !== undefined && equal(here.hash, charter.hash);
    });
    need(goesOn, 'not a continuation');
  }
}

interface Terms extends Charter {
  readonly recovery: Uint8Array | undefined;
}

interface Body extends Terms {
  readonly before: Uint8Array | undefined;
  readonly recoveredBy: readonly Uint8Array[] | undefined;
}

function founding(paper: Paper, fingerprint: Uint8Array): Terms {
  const body = readBody(paper);
  need(equal(paper.hash, fingerprint), 'fingerprint');
  need(body.sequence === 1 && body.before === undefined, 'order');
  need(body.recoveredBy === undefined, 'recovery');
  signedBy(paper, body.editors, body.editors.length);
  return body;
}

function later(paper: Paper, before: Terms): Terms {
  const body = readBody(paper);
  need(body.sequence === before.sequence + 1, 'order');
  need(body.before !== undefined && equal(body.before, before.hash), 'order');
  if (body.recoveredBy === undefined) {
    signedBy(paper, before.editors, before.quorum);
  } else {
    need(before.recovery !== undefined && equal(before.recovery, sha256(encode(body.recoveredBy))), 'recovery');
    signedBy(paper, body.recoveredBy.map(hex), body.recoveredBy.length);
  }
  return body;
}

/** Refuses a paper that somebody else has signed too, even where enough others have. */
export function signedBy(paper: Paper, keys: readonly string[], least: number): void {
  for (const signer of paper.signers) need(keys.includes(signer), 'foreign signature');
  need(paper.signers.size >= least, 'too few signatures');
}

function readBody(paper: Paper): Body {
  const record = Record.of(decode(paper.body), [1, 2, 3, 4, 5, 6, 7]);
  record.version();
  const sequence = record.between(2, 1, MOST_SEQUENCE);
  const editors = keys(record.value(3)).map(hex);
  need(new Set(editors).size === editors.length, 'value');
  const quorum = record.between(4, 1, MOST_EDITORS);
  need(quorum <= editors.length, 'value');
  const before = record.has(5) ? record.bytes(5, 32) : undefined;
  const recovery = record.has(6) ? record.bytes(6, 32) : undefined;
  const recoveredBy = record.has(7) ? keys(record.value(7)) : undefined;
  if (recoveredBy !== undefined) {
    const ascends = recoveredBy.every((key, at) => at === 0 || order(recoveredBy[at - 1] ?? key, key) < 0);
    need(ascends, 'value');
  }
  const isRecovered = recoveredBy !== undefined;
  return { hash: paper.hash, sequence, editors, quorum, before, recovery, recoveredBy, isRecovered };
}

function keys(value: Value): Uint8Array[] {
  return asArray(value, 1, MOST_EDITORS).map((item) => {
    const key = asBytes(item, 32);
    need(isSigningKey(key), 'value');
    return key;
  });
}
