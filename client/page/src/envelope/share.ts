/** Shamir's sharing over GF(2^8) with the polynomial 0x11b (FORMAT.md §5). */
import type { Bytes } from './bytes.ts';

const SHARED = 32;

/** One share for each x = 1 … count. With a quorum of one every share is the secret. */
export function split(secret: Uint8Array, quorum: number, count: number, random: (length: number) => Bytes): Bytes[] {
  const coefficients = Array.from({ length: quorum - 1 }, () => random(SHARED));
  const shares = Array.from({ length: count }, (_, place) => at(place + 1, secret, coefficients));
  for (const coefficient of coefficients) coefficient.fill(0);
  return shares;
}

/** The polynomial's value, by Horner's rule. */
function at(x: number, secret: Uint8Array, coefficients: readonly Uint8Array[]): Bytes {
  return Uint8Array.from(secret, (constant, byte) => {
    const value = coefficients.reduceRight((sum, coefficient) => times(sum ^ (coefficient[byte] ?? 0), x), 0);
    return value ^ constant;
  });
}

/** A product in the field, in the same steps whatever the factors are. */
export function times(one: number, other: number): number {
  let product = 0;
  let power = one;
  for (let bit = 0; bit < 8; bit += 1) {
    product ^= power & -((other >> bit) & 1);
    power = ((power << 1) ^ (0x1b & -(power >> 7))) & 0xff;
  }
  return product;
}
