/** Ed25519, checked strictly (FORMAT.md §9), and the signed papers. */
import { ed25519 } from '@noble/curves/ed25519.js';
import { sha512 } from '@noble/hashes/sha2.js';
import { ascii, type Bytes, hex, join, order, u8 } from './bytes.ts';
import type { Value } from './cbor.ts';
import { sha256 } from './digest.ts';
import { asArray, asBytes, Record } from './record.ts';
import { need } from './refused.ts';

export type Label = 'charter' | 'sheet' | 'reply';

const KEY = 32;
const SIGNATURE = 64;
const MOST_SIGNATURES = 8;

/** A body as it was signed, and whose valid signatures it bears. */
export interface Paper {
  readonly body: Bytes;
  /** SHA-256 of the body. */
  readonly hash: Bytes;
  /** In hexadecimal. */
  readonly signers: ReadonlySet<string>;
}

/** Reads a signed paper. Every signature on it must be valid. */
export function readPaper(value: Value, label: Label, fingerprint: Uint8Array): Paper {
  const record = Record.of(value, [1, 2]);
  const body = record.anyBytes(1).slice();
  const hash = sha256(body);
  const signed = signedBytes(label, fingerprint, body);
  const signers = new Set<string>();
  let before: Uint8Array | undefined;
  for (const entry of asArray(record.value(2), 0, MOST_SIGNATURES)) {
    const bytes = asBytes(entry, KEY + SIGNATURE);
    const key = bytes.subarray(0, KEY);
    need(before === undefined || order(before, key) < 0, 'not canonical');
    before = key;
    need(isValid(bytes.subarray(KEY), signed, key), 'bad signature');
    signers.add(hex(key));
  }
  return { body, hash, signers };
}

/** What a signature of this label is over. */
export function signedBytes(label: Label, fingerprint: Uint8Array, body: Uint8Array): Bytes {
  return join(ascii(`knothole/v1 ${label}`), u8(0), fingerprint, sha256(body));
}

/** RFC 8032 without cofactor; the key and R of large order, S below the group's order. */
export function isValid(signature: Uint8Array, message: Uint8Array, key: Uint8Array): boolean {
  if (!isSigningKey(key) || !ed25519.verify(signature, message, key, { zip215: false })) return false;
  // What noble has checked is multiplied by the cofactor. Readers must agree, so here it is without.
  const r = ed25519.Point.fromBytes(signature.subarray(0, 32));
  if (r.isSmallOrder()) return false;
  const challenge = number(sha512(join(signature.subarray(0, 32), key, message))) % ed25519.Point.Fn.ORDER;
  const right = r.add(ed25519.Point.fromBytes(key).multiplyUnsafe(challenge));
  return ed25519.Point.BASE.multiplyUnsafe(number(signature.subarray(32))).equals(right);
}

/** That a key may stand in a paper, also one that has signed nothing yet. */
export function isSigningKey(key: Uint8Array): boolean {
  try {
    return !ed25519.Point.fromBytes(key).isSmallOrder();
  } catch {
    return false;
  }
}

/** Little-endian. */
function number(bytes: Uint8Array): bigint {
  return BigInt(`0x${hex(bytes.slice().reverse())}`);
}
