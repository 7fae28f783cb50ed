/** Reads the fields of a map by what they have to be. */
import type { Fields, Uint, Value } from './cbor.ts';
import { need, Refused } from './refused.ts';

/** A map whose every field is asked for by name; any other refuses it. */
export class Record {
  readonly #fields: Fields;

  private constructor(fields: Fields) {
    this.#fields = fields;
  }

  static of(value: Value, known: readonly number[]): Record {
    need(value instanceof Map, 'malformed');
    const fields = value as Fields;
    for (const key of fields.keys()) need(known.includes(key), 'unknown field');
    return new Record(fields);
  }

  has(key: number): boolean {
    return this.#fields.has(key);
  }

  /** Field 1 of whatever is signed. */
  version(): void {
    need(this.uint(1) === 1, 'version');
  }

  value(key: number): Value {
    const value = this.#fields.get(key);
    if (value === undefined) throw new Refused('missing field');
    return value;
  }

  uint(key: number): Uint {
    return asUint(this.value(key));
  }

  /** A number from `least` to `most`. */
  between(key: number, least: number, most: number): number {
    const value = this.uint(key);
    need(typeof value === 'number' && value >= least && value <= most, 'value');
    return value;
  }

  bytes(key: number, length: number): Uint8Array {
    return asBytes(this.value(key), length);
  }

  anyBytes(key: number): Uint8Array {
    const value = this.value(key);
    need(value instanceof Uint8Array, 'malformed');
    return value;
  }

  text(key: number, mostBytes: number): string {
    const value = this.value(key);
    need(typeof value === 'string', 'malformed');
    need(new TextEncoder().encode(value).length <= mostBytes, 'too many');
    return value;
  }

  array(key: number, least: number, most: number): readonly Value[] {
    return asArray(this.value(key), least, most);
  }
}

export function asArray(value: Value, least: number, most: number): readonly Value[] {
  need(Array.isArray(value), 'malformed');
  const items = value as readonly Value[];
  need(items.length <= most, 'too many');
  need(items.length >= least, 'value');
  return items;
}

export function asBytes(value: Value, length: number): Uint8Array {
  need(value instanceof Uint8Array && value.length === length, 'malformed');
  return value;
}

function asUint(value: Value): Uint {
  need(typeof value === 'number' || typeof value === 'bigint', 'malformed');
  return value;
}
