// Bytes that are read one after the other: configurations of codings, and messages in pictures.
import { Gone, latin } from '../bytes.ts';

export class Reader {
  readonly bytes: Uint8Array;
  at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.bytes = bytes;
    this.at = at;
  }

  take(count: number): Uint8Array {
    const end = this.at + count;
    if (end > this.bytes.length) throw new Gone();
    const taken = this.bytes.subarray(this.at, end);
    this.at = end;
    return taken;
  }

  small(): number {
    const byte = this.bytes[this.at];
    if (byte === undefined) throw new Gone();
    this.at += 1;
    return byte;
  }

  middle(): number {
    return 256 * this.small() + this.small();
  }

  /** A name of four letters. */
  name(): string {
    return latin(this.take(4));
  }

  /** What a length of two bytes measures. */
  unit(): Uint8Array {
    return this.take(this.middle());
  }

  /** The length of an MPEG-4 descriptor (ISO 14496-1, 8.3.3). */
  descriptor(): number {
    let length = 0;
    for (let count = 0; count < 4; count += 1) {
      const byte = this.small();
      length = 128 * length + (byte & 0x7f);
      if (byte < 0x80) break;
    }
    return length;
  }
}

/** Bits, the highest of a byte first. */
export class Bits {
  readonly #bytes: Uint8Array;
  #at: number;

  constructor(bytes: Uint8Array, at = 0) {
    this.#bytes = bytes;
    this.#at = at;
  }

  /** How many bits are left. */
  get rest(): number {
    return 8 * this.#bytes.length - this.#at;
  }

  /** The number of so many bits, at most 32. */
  take(count: number): number {
    let sum = 0;
    for (let index = 0; index < count; index += 1) {
      const byte = this.#bytes[this.#at >> 3];
      if (byte === undefined) throw new Gone();
      sum = 2 * sum + ((byte >> (7 - (this.#at & 7))) & 1);
      this.#at += 1;
    }
    return sum;
  }

  isSet(): boolean {
    return this.take(1) === 1;
  }

  /** The same bits, to look ahead. */
  copy(): Bits {
    return new Bits(this.#bytes, this.#at);
  }

  /** Whether nothing but zeros is left. */
  isEmpty(): boolean {
    while (this.rest > 0) {
      if (this.isSet()) return false;
    }
    return true;
  }
}
