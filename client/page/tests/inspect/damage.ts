// The same damage each time: seeded flips, cuts, repeats and lengths that lie.
import { row, type Bytes } from './made.ts';

/** Numbers that look like chance, the same for the same seed (xorshift32). */
export class Chance {
  #state: number;

  constructor(seed: number) {
    this.#state = (Math.imul(seed + 1, 0x9e37_79b1) | 1) >>> 0;
  }

  /** A whole number below this. */
  below(most: number): number {
    let state = this.#state;
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    this.#state = state >>> 0;
    return most === 0 ? 0 : this.#state % most;
  }
}

/** The file, damaged in the way of this number. */
export function damaged(file: Bytes, number: number): Bytes {
  const chance = new Chance(number * 7_919 + file.length);
  const at = chance.below(file.length);
  const end = Math.min(file.length, at + 1 + chance.below(64));
  switch (number % 6) {
    // One bit.
    case 0: {
      const bytes = file.slice();
      if (bytes.length > 0) bytes[at] = (bytes[at] ?? 0) ^ (1 << chance.below(8));
      return bytes;
    }
    // A few bytes.
    case 1: {
      const bytes = file.slice();
      for (let count = 1 + chance.below(5); count > 0 && bytes.length > 0; count -= 1) {
        bytes[chance.below(bytes.length)] = chance.below(256);
      }
      return bytes;
    }
    case 2:
      return file.slice(0, at);
    // A stretch twice.
    case 3:
      return row(file.subarray(0, end), file.subarray(at, end), file.subarray(end));
    // A stretch gone.
    case 4:
      return row(file.subarray(0, at), file.subarray(end));
    // A number that lies.
    default: {
      const bytes = file.slice();
      const lies = [0, 0xff, 0x7f, 0x80];
      bytes.fill(lies[chance.below(lies.length)] ?? 0, at, Math.min(at + 4, bytes.length));
      return bytes;
    }
  }
}

/** In so many ways each fixture is damaged. */
export const DAMAGES = 12;
