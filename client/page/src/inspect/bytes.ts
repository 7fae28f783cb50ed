// Numbers and words in bytes. What lies outside reads as undefined, or ends the look by throwing Gone.
import type { Limit } from './report.ts';

/** Ends a look: the bytes that were asked for are not there, or are more than is looked at. Never leaves src/inspect. */
export class Gone extends Error {
  readonly why: Extract<Limit, 'damaged' | 'too-large' | 'too-deep' | 'unreadable'>;

  constructor(why: Gone['why'] = 'damaged') {
    super(why);
    this.why = why;
  }
}

/** No structure of a file is read in one piece beyond this. */
export const MOST_AT_ONCE = 16 << 20;

/** A stretch of a file in memory, read by its places in the file. */
export class Region {
  readonly bytes: Uint8Array;
  readonly begin: number;
  readonly end: number;
  readonly #view: DataView;

  constructor(bytes: Uint8Array, begin = 0) {
    this.bytes = bytes;
    this.begin = begin;
    this.#view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
    this.end = begin + bytes.length;
  }

  take(offset: number, length: number): Uint8Array {
    const from = this.#at(offset, length);
    if (length > MOST_AT_ONCE) throw new Gone('too-large');
    return this.bytes.subarray(from, from + length);
  }

  u8(offset: number): number {
    return this.#view.getUint8(this.#at(offset, 1));
  }

  u16(offset: number): number {
    return this.#view.getUint16(this.#at(offset, 2));
  }

  u32(offset: number): number {
    return this.#view.getUint32(this.#at(offset, 4));
  }

  /** Exact up to 2^53; beyond that it is larger than any file. */
  u64(offset: number): number {
    return this.u32(offset) * 0x1_0000_0000 + this.u32(offset + 4);
  }

  /** A name of four letters. */
  name(offset: number): string {
    return latin(this.take(offset, 4));
  }

  #at(offset: number, length: number): number {
    if (offset < this.begin || length < 0 || offset + length > this.end) throw new Gone();
    return offset - this.begin;
  }
}

/** One letter for each byte. */
export function latin(bytes: Uint8Array): string {
  let text = '';
  for (let at = 0; at < bytes.length; at += 4_096) text += String.fromCharCode(...bytes.subarray(at, at + 4_096));
  return text;
}

/** The bytes of a text of letters below 256. */
export function bytesOf(text: string): Uint8Array<ArrayBuffer> {
  return Uint8Array.from(text, (letter) => letter.charCodeAt(0));
}

/** What the bytes say in UTF-8, with what is none of it replaced. */
export function utf8(bytes: Uint8Array): string {
  return new TextDecoder('utf-8', { ignoreBOM: true }).decode(bytes);
}

/** What the bytes say in UTF-16. */
export function utf16(bytes: Uint8Array, order: 'big' | 'little'): string {
  const decoder = new TextDecoder(order === 'big' ? 'utf-16be' : 'utf-16le', { ignoreBOM: true });
  return decoder.decode(bytes.subarray(0, bytes.length - (bytes.length % 2)));
}

/** Whether these letters stand at this place. */
export function startsWith(bytes: Uint8Array, text: string, at = 0): boolean {
  if (at + text.length > bytes.length) return false;
  for (let index = 0; index < text.length; index += 1) {
    if (bytes[at + index] !== text.charCodeAt(index)) return false;
  }
  return true;
}

/** Where these letters stand from a place on, or -1. */
export function find(bytes: Uint8Array, text: string, from = 0): number {
  const first = text.charCodeAt(0);
  for (let at = bytes.indexOf(first, from); at >= 0; at = bytes.indexOf(first, at + 1)) {
    if (startsWith(bytes, text, at)) return at;
  }
  return -1;
}

/** Whether any byte is not zero. */
export function any(bytes: Uint8Array): boolean {
  // By comparing texts, which engines do at once: a loop over bytes is slow without a just-in-time compiler.
  for (let at = 0; at < bytes.length; at += ZEROS.length) {
    const part = letters(bytes.subarray(at, at + ZEROS.length));
    if (part !== ZEROS.slice(0, part.length)) return true;
  }
  return false;
}

/** One letter for each byte, where only those of ASCII have to be right. */
export function letters(bytes: Uint8Array): string {
  return new TextDecoder('windows-1252').decode(bytes);
}

const ZEROS = '\0'.repeat(1 << 16);

export function u16le(bytes: Uint8Array, at: number): number | undefined {
  const [low, high] = [bytes[at], bytes[at + 1]];
  return low === undefined || high === undefined ? undefined : high * 256 + low;
}

export function u32le(bytes: Uint8Array, at: number): number | undefined {
  const [low, high] = [u16le(bytes, at), u16le(bytes, at + 2)];
  return low === undefined || high === undefined ? undefined : high * 65_536 + low;
}

export function u16be(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [bytes[at], bytes[at + 1]];
  return low === undefined || high === undefined ? undefined : high * 256 + low;
}

export function u32be(bytes: Uint8Array, at: number): number | undefined {
  const [high, low] = [u16be(bytes, at), u16be(bytes, at + 2)];
  return low === undefined || high === undefined ? undefined : high * 65_536 + low;
}

/** The four bytes of a number. */
export function be32(number: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(4);
  new DataView(bytes.buffer).setUint32(0, number);
  return bytes;
}

/** The sides of a point that is not square are to each other as smaller numbers than this. */
const MOST_OF_A_SIDE = 1_000;

/** The sides of a point in a picture, as far as it is not square. */
export function sides(across: number, down: number): [number, number] {
  const both = ratio(across, down);
  return both.every((side) => side <= MOST_OF_A_SIDE) ? both : [1, 1];
}

/** Two whole numbers in the smallest numbers that are to each other as they are. */
export function ratio(one: number, other: number): [number, number] {
  let [a, b] = [one, other];
  while (b !== 0) [a, b] = [b, a % b];
  return one === 0 || other === 0 ? [1, 1] : [one / a, other / a];
}

export function joined(parts: readonly Uint8Array[]): Uint8Array<ArrayBuffer> {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}
