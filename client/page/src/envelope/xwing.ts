/** X-Wing: X25519 with ML-KEM-768 (draft-connolly-cfrg-xwing-kem). */
import { x25519 } from '@noble/curves/ed25519.js';
import { ml_kem768_x25519 as xwing } from '@noble/post-quantum/hybrid.js';
import type { Bytes } from './bytes.ts';

export const PUBLIC_KEY = 1_216;
export const ENC = 1_120;
/** Bytes of the randomness of one encapsulation. */
export const ENCAPSULATION_RANDOMNESS = 64;
const SEED = 32;
const X25519 = 32;

/** An X-Wing key pair, from its 32-byte seed. */
export interface KeyPair {
  readonly publicKey: Bytes;
  readonly secretKey: Bytes;
}

export function keyPair(seed: Uint8Array): KeyPair {
  const { publicKey, secretKey } = xwing.keygen(seed);
  return { publicKey: publicKey as Bytes, secretKey: secretKey as Bytes };
}

/** That a key can be sealed to (FORMAT.md §1): reduced coefficients, and no point of small order. */
export function isPublicKey(key: Uint8Array): boolean {
  if (key.length !== PUBLIC_KEY || !isOfLargeOrder(key)) return false;
  try {
    xwing.encapsulate(key, new Uint8Array(ENCAPSULATION_RANDOMNESS).fill(1));
    return true;
  } catch {
    return false;
  }
}

/**
 * Whether the X25519 share that ends this is of large order. One of small order gives zeros whatever the secret is, and many
 * libraries do not look.
 */
export function isOfLargeOrder(share: Uint8Array): boolean {
  try {
    return x25519.getSharedSecret(new Uint8Array(SEED).fill(1), share.subarray(-X25519)).some((byte) => byte !== 0);
  } catch {
    return false;
  }
}
