/** The one encoding of CBOR that is taken (FORMAT.md §2). */
import { type Bytes, join } from './bytes.ts';
import { need, Refused } from './refused.ts';

/** An unsigned integer is a number while it is a safe one, and a bigint above. */
export type Uint = number | bigint;
export type Value = Uint | Uint8Array | string | readonly Value[] | Fields;
export type Fields = ReadonlyMap<number, Value>;

const MOST_DEPTH = 4;
const [UINT, BYTES, TEXT, ARRAY, MAP] = [0, 2, 3, 4, 5] as const;

/** The only encoding of a value. */
export function encode(value: Value): Bytes {
  if (typeof value === 'number' || typeof value === 'bigint') return head(UINT, value);
  if (typeof value === 'string') {
    const text = new TextEncoder().encode(value);
    return join(head(TEXT, text.length), text);
  }
  if (value instanceof Uint8Array) return join(head(BYTES, value.length), value);
  if (value instanceof Map) {
    const fields = [...(value as Fields)].sort(([one], [other]) => one - other);
    return join(head(MAP, fields.length), ...fields.flatMap(([key, item]) => [head(UINT, key), encode(item)]));
  }
  const items = value as readonly Value[];
  return join(head(ARRAY, items.length), ...items.map(encode));
}

/** Reads one item and nothing behind it. */
export function decode(bytes: Uint8Array): Value {
  const reader = new Reader(bytes);
  const value = reader.value(1);
  need(reader.isAtEnd, 'not canonical');
  return value;
}

function head(major: number, value: Uint): Bytes {
  const at = major * 32;
  const count = BigInt(value);
  if (count < 24n) return Uint8Array.of(at + Number(count));
  const width = count < 0x100n ? 0 : count < 0x1_0000n ? 1 : count < 0x1_0000_0000n ? 2 : 3;
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, count);
  return join(Uint8Array.of(at + 24 + width), bytes.subarray(8 - 2 ** width));
}

class Reader {
  readonly #bytes: Uint8Array;
  #at = 0;

  constructor(bytes: Uint8Array) {
    this.#bytes = bytes;
  }

  get isAtEnd(): boolean {
    return this.#at === this.#bytes.length;
  }

  value(depth: number): Value {
    need(depth <= MOST_DEPTH, 'malformed');
    const first = this.#take(1)[0] ?? 0;
    const major = Math.floor(first / 32);
    const count = this.#count(first % 32);
    if (major === UINT) return count;
    const length = Number(count);
    // No more items, and no more bytes, than there can be.
    need(length <= this.#bytes.length - this.#at, 'malformed');
    if (major === BYTES) return this.#take(length).slice();
    if (major === TEXT) return text(this.#take(length));
    if (major === ARRAY) return Array.from({ length }, () => this.value(depth + 1));
    if (major === MAP) return this.#map(length, depth);
    throw new Refused('malformed');
  }

  #map(length: number, depth: number): Fields {
    const fields = new Map<number, Value>();
    let last = -1n;
    for (let count = 0; count < length; count += 1) {
      const key = this.value(depth + 1);
      need(typeof key === 'number' || typeof key === 'bigint', 'malformed');
      need(BigInt(key) > last, 'missing field');
      last = BigInt(key);
      fields.set(Number(key), this.value(depth + 1));
    }
    return fields;
  }

  #count(extra: number): Uint {
    if (extra < 24) return extra;
    need(extra < 28, 'malformed');
    const width = 2 ** (extra - 24);
    const bytes = new Uint8Array(8);
    bytes.set(this.#take(width), 8 - width);
    const count = new DataView(bytes.buffer).getBigUint64(0);
    const least = width === 1 ? 24n : 1n << BigInt(4 * width);
    need(count >= least, 'not canonical');
    return count <= BigInt(Number.MAX_SAFE_INTEGER) ? Number(count) : count;
  }

  #take(length: number): Uint8Array {
    const end = this.#at + length;
    need(end <= this.#bytes.length, 'malformed');
    const taken = this.#bytes.subarray(this.#at, end);
    this.#at = end;
    return taken;
  }
}

function text(bytes: Uint8Array): string {
  try {
    return new TextDecoder('utf-8', { fatal: true, ignoreBOM: true }).decode(bytes);
  } catch {
    throw new Refused('malformed');
  }
}
