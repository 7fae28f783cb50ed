// Tables of JPEG: each exactly as long as what it holds, and none that the picture does not use (ITU-T T.81, B.2.4).
import { joined } from './bytes.ts';

/** A place that a table is read into, which a later one takes: by its marker and its number there. */
export type Slot = `steps-${number}` | `differences-${number}` | `details-${number}` | 'interval';

interface Table {
  readonly slot: Slot;
  readonly bytes: Uint8Array;
  used: boolean;
}

/** No code for a difference of brightness stands for more bits. */
const MOST_BITS = 15;

/** A segment of tables. */
export class Tables {
  readonly #marker: number;
  readonly #all: readonly Table[];

  private constructor(marker: number, all: readonly Table[]) {
    this.#marker = marker;
    this.#all = all;
  }

  /** Takes a segment, if it is one and nothing else. */
  static of(marker: number, body: Uint8Array): Tables | undefined {
    const all: Table[] = [];
    for (let at = 0; at < body.length; ) {
      const first = body[at] ?? 0;
      const one = table(marker, first >> 4, first & 15, body.subarray(at));
      if (one === undefined) return undefined;
      const [slot, length] = one;
      if (at + length > body.length) return undefined;
      all.push({ slot, bytes: body.subarray(at, at + length), used: false });
      at += length;
    }
    return new Tables(marker, all);
  }

  /** Uses the table of this place, if one here is read into it. */
  use(slot: Slot): Uint8Array | undefined {
    const found = this.#all.findLast((one) => one.slot === slot);
    if (found !== undefined) found.used = true;
    return found?.bytes;
  }

  /** What was used of it. */
  bytes(): Uint8Array<ArrayBuffer> {
    const body = joined(this.#all.filter(({ used }) => used).map(({ bytes }) => bytes));
    if (body.length === 0) return body;
    const length = body.length + 2;
    return joined([Uint8Array.of(0xff, this.#marker, length >> 8, length & 0xff), body]);
  }
}

function table(marker: number, kind: number, number: number, rest: Uint8Array): [Slot, number] | undefined {
  if (marker === 0xdd) return rest.length === 2 ? ['interval', 2] : undefined;
  if (number > 3 || kind > 1) return undefined;
  // Quantization: 64 numbers of one byte or two.
  if (marker === 0xdb) return [`steps-${number}`, kind === 0 ? 65 : 129];
  const length = codes(rest, kind === 0 ? MOST_BITS : 255);
  if (length === undefined) return undefined;
  return [kind === 0 ? `differences-${number}` : `details-${number}`, length];
}

/** How long a table of codes is: how many of each length, then what they stand for, each once. */
function codes(rest: Uint8Array, most: number): number | undefined {
  if (rest.length < 17) return undefined;
  const length = rest.subarray(1, 17).reduce((sum, count) => sum + count, 17);
  const meant = rest.subarray(17, length);
  if (rest.length < length || new Set(meant).size !== meant.length) return undefined;
  return meant.every((byte) => byte <= most) ? length : undefined;
}
