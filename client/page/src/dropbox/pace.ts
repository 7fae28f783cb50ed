import type { DropBox } from './wire.ts';

const SMALLEST_PIECE = 262_144;
const FIRST_PIECE = 1_048_576;
const LARGEST_PIECE = 4_194_304;
/** A piece that is acknowledged sooner makes the next one twice as large. */
const SHORT = 6_000;
/** A piece that takes longer makes the next one half as large. */
const LONG = 24_000;

/**
 * How large the next piece is. The drop-box acknowledges bytes at the end of a piece: large ones are
 * silent for long on a slow line, small ones cost a round trip each on a fast one.
 */
export class Pieces {
  #size = FIRST_PIECE;

  get size(): number {
    return this.#size;
  }

  took(milliseconds: number): void {
    if (milliseconds < SHORT) this.#size = Math.min(this.#size * 2, LARGEST_PIECE);
    else if (milliseconds > LONG) this.shrink();
  }

  shrink(): void {
    this.#size = Math.max(this.#size / 2, SMALLEST_PIECE);
  }
}

const FIRST_PAUSE = 1_000;
/** A way that died fails often at first, and another is a matter of trying often. */
const LONGEST_AT_FIRST = 8_000;
const AT_FIRST = 90;
const LONGEST_PAUSE = 60_000;
const LONGEST_STRETCH = 8;

/** How long to wait before the next attempt, and how much longer than usual an answer may take. */
export class Patience {
  readonly #random: DropBox['random'];
  #next = FIRST_PAUSE;
  #pauses = 0;
  #stretch = 1;

  constructor(random: DropBox['random']) {
    this.#random = random;
  }

  /** The wait before the next attempt: between half of it and one and a half, so that sources do not come in step. */
  pause(): number {
    const now = this.#next;
    this.#pauses += 1;
    this.#next = Math.min(now * 2, this.#pauses < AT_FIRST ? LONGEST_AT_FIRST : LONGEST_PAUSE);
    const byte = new Uint8Array(1);
    this.#random(byte);
    return now * (0.5 + (byte[0] ?? 0) / 256);
  }

  /** So many times the usual patience: a line that is too slow for it must get through all the same. */
  get stretch(): number {
    return this.#stretch;
  }

  /** An answer took too long. */
  tooShort(): void {
    this.#stretch = Math.min(this.#stretch * 2, LONGEST_STRETCH);
  }

  /** Something went well. */
  renew(): void {
    this.#next = FIRST_PAUSE;
    this.#pauses = 0;
    this.#stretch = Math.max(this.#stretch / 2, 1);
  }
}

/** The rate is that of the last so many milliseconds. */
const WINDOW = 60_000;

/** Bytes acknowledged a second. */
export class Rate {
  #samples: { at: number; bytes: number }[] = [];

  note(at: number, bytes: number): void {
    const last = this.#samples.at(-1);
    if (last !== undefined && last.bytes > bytes) this.#samples = [];
    this.#samples.push({ at, bytes });
    while (this.#samples.length > 2 && at - (this.#samples[1]?.at ?? at) >= WINDOW) this.#samples.shift();
  }

  /** Begins anew: what happened before a pause tells nothing. */
  forget(): void {
    this.#samples = this.#samples.slice(-1);
  }

  /** Nothing before there is something to go by. */
  perSecond(now: number): number | undefined {
    const [first] = this.#samples;
    const last = this.#samples.at(-1);
    if (first === undefined || last === undefined || last.bytes === first.bytes || now <= first.at) return undefined;
    return ((last.bytes - first.bytes) * 1_000) / (now - first.at);
  }
}
