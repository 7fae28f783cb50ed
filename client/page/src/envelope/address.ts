/** Fingerprints and addresses as text (FORMAT.md §16). */
import { sha3_256 } from '@noble/hashes/sha3.js';
import { ascii, type Bytes, equal, join, u8 } from './bytes.ts';
import { need } from './refused.ts';

const LETTERS = 'abcdefghijklmnopqrstuvwxyz234567';
const FINGERPRINT_LETTERS = 52;
const ONION_LETTERS = 56;
const ENDING = '.onion';

export interface Address {
  /** With its ending. */
  readonly onion: string;
  readonly fingerprint: Bytes;
}

/** A drop address: nothing is forgiven but upper case, and blanks around it. */
export function readAddress(text: string): Address {
  const [onion, fingerprint, ...rest] = trimmed(text).replace(/^knothole:/i, '#').split('#').slice(1);
  need(/^knothole:/i.test(trimmed(text)) && rest.length === 0, 'address');
  need(onion !== undefined && fingerprint !== undefined, 'address');
  readOnion(onion.toLowerCase());
  need(/^[a-zA-Z2-7]*$/.test(fingerprint), 'address');
  return { onion: onion.toLowerCase(), fingerprint: letters(fingerprint.toLowerCase(), FINGERPRINT_LETTERS) };
}

/** A fingerprint as people type it: spaces, dashes and upper case are forgiven. */
export function readFingerprint(text: string): Bytes {
  return letters(text.replace(/[\s-]/gu, '').toLowerCase(), FINGERPRINT_LETTERS);
}

/** In groups of four, to be compared by eye. */
export function groupedFingerprint(fingerprint: Uint8Array): string {
  let text = '';
  let bits = 0;
  let held = 0;
  for (const byte of fingerprint) {
    held = held * 256 + byte;
    bits += 8;
    while (bits >= 5) {
      bits -= 5;
      text += LETTERS[Math.floor(held / 2 ** bits)] ?? '';
      held %= 2 ** bits;
    }
  }
  if (bits > 0) text += LETTERS[held * 2 ** (5 - bits)] ?? '';
  return text.replace(/(.{4})(?=.)/g, '$1 ');
}

/** The Ed25519 key in an onion address of version 3. */
export function readOnion(text: string): Bytes {
  need(text.endsWith(ENDING), 'address');
  const bytes = letters(text.slice(0, -ENDING.length), ONION_LETTERS);
  const [key, checksum, version] = [bytes.slice(0, 32), bytes.subarray(32, 34), bytes[34]];
  need(version === 3, 'address');
  const expected = sha3_256(join(ascii('.onion checksum'), key, u8(3)));
  need(equal(checksum, expected.subarray(0, 2)), 'address');
  return key;
}

/** Base32 of RFC 4648 without padding; the spare bits must be zero. */
function letters(text: string, length: number): Bytes {
  need(text.length === length, 'address');
  const bytes = new Uint8Array(Math.floor((length * 5) / 8));
  let at = 0;
  let bits = 0;
  let held = 0;
  for (const letter of text) {
    const value = LETTERS.indexOf(letter);
    need(value >= 0, 'address');
    held = held * 32 + value;
    bits += 5;
    if (bits < 8) continue;
    bits -= 8;
    bytes[at] = Math.floor(held / 2 ** bits);
    held %= 2 ** bits;
    at += 1;
  }
  need(held === 0, 'address');
  return bytes;
}

function trimmed(text: string): string {
  return text.replace(/^[ \t\r\n]+|[ \t\r\n]+$/g, '');
}
