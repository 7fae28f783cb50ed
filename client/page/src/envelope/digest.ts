/** SHA-256 and HKDF of short things. What is long is hashed by WebCrypto, see tree.ts. */
import { expand, extract } from '@noble/hashes/hkdf.js';
import { sha256 as noble } from '@noble/hashes/sha2.js';
import { type Bytes, join } from './bytes.ts';

export function sha256(...parts: readonly Uint8Array[]): Bytes {
  return noble(join(...parts)) as Bytes;
}

/** HKDF-Extract with SHA-256 (RFC 5869 §2.2). */
export function hkdfExtract(salt: Uint8Array, secret: Uint8Array): Bytes {
  return extract(noble, secret, salt) as Bytes;
}

/** HKDF-Expand with SHA-256 (RFC 5869 §2.3). */
export function hkdfExpand(key: Uint8Array, info: Uint8Array, length: number): Bytes {
  return expand(noble, key, info, length) as Bytes;
}
