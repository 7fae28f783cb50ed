import { SEGMENT, type Parcel } from '../parcel.ts';
import { hex } from '../envelope/bytes.ts';

/** Segments that may be in memory: three on their way, and one that is being sealed meanwhile. */
const MOST_IN_MEMORY = 4;

/**
 * The sealed segments of a parcel. Each is sealed once, one after the other, and stays until the drop-box
 * has acknowledged all of it: to seal it again could seal other bytes under the same key.
 */
export class Seals {
  readonly #parcel: Parcel;
  readonly #held = new Map<number, Held>();
  /** Asked for, and not begun: those that somebody waits for first. */
  readonly #queue: Held[] = [];
  readonly #hashes: Uint8Array;
  #hashed = 0;
  #sealing = false;
  #inMemory = 0;

  constructor(parcel: Parcel) {
    this.#parcel = parcel;
    this.#hashes = new Uint8Array(32 * parcel.segments);
  }

  /** A segment. Rejects with what the parcel rejected with. */
  segment(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const held = this.#ask(index);
    held.urgent = true;
    this.#go();
    return held.promise;
  }

  /** Lets a segment be sealed that will be wanted next, if there is room. */
  ahead(index: number): void {
    this.#ask(index);
    this.#go();
  }

  /** All of it is acknowledged. */
  release(index: number): void {
    if (this.#held.delete(index)) this.#inMemory -= 1;
    this.#go();
  }

  /** The tree hash (FORMAT.md §8) in digits; every segment must have been sealed. */
  async tree(): Promise<string> {
    if (this.#hashed !== this.#parcel.segments) throw new Error('a segment was never sealed');
    const domain = new TextEncoder().encode('knothole/v1 tree');
    const input = new Uint8Array(domain.length + 8 + this.#hashes.length);
    input.set(domain);
    new DataView(input.buffer).setBigUint64(domain.length, BigInt(this.#parcel.length));
    input.set(this.#hashes, domain.length + 8);
    return hex(new Uint8Array(await crypto.subtle.digest('SHA-256', input)));
  }

  #ask(index: number): Held {
    const there = this.#held.get(index);
    if (there !== undefined) return there;
    const held = new Held(index);
    this.#held.set(index, held);
    this.#queue.push(held);
    return held;
  }

  #go(): void {
    if (this.#sealing || this.#inMemory >= MOST_IN_MEMORY) return;
    const urgent = this.#queue.findIndex((held) => held.urgent);
    const [next] = this.#queue.splice(Math.max(urgent, 0), 1);
    if (next === undefined) return;
    this.#sealing = true;
    this.#inMemory += 1;
    this.#seal(next.index)
      .then(next.resolve, next.reject)
      .finally(() => {
        this.#sealing = false;
        this.#go();
      });
  }

  async #seal(index: number): Promise<Uint8Array<ArrayBuffer>> {
    const bytes = await this.#parcel.segment(index);
    const expected = Math.min(SEGMENT, this.#parcel.length - index * SEGMENT);
    if (bytes.length !== expected) throw new RangeError('a segment of another length');
    this.#hashes.set(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)), 32 * index);
    this.#hashed += 1;
    return bytes;
  }
}

class Held {
  readonly index: number;
  readonly promise: Promise<Uint8Array<ArrayBuffer>>;
  urgent = false;
  resolve: (bytes: Uint8Array<ArrayBuffer>) => void = () => undefined;
  reject: (error: unknown) => void = () => undefined;

  constructor(index: number) {
    this.index = index;
    this.promise = new Promise((resolve, reject) => {
      this.resolve = resolve;
      this.reject = reject;
    });
    // What was only asked for ahead may fail before anybody waits for it.
    this.promise.catch(() => undefined);
  }
}
