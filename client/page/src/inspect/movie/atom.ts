// Atoms, which ISO 14496-12 calls boxes: a length, a name, and what is in it.
import { Gone, type Region } from '../bytes.ts';

/** More atoms beside each other than any file needs. */
const MOST_BESIDE = 20_000;
/** So much of a note is read. */
export const MOST_NOTE = 1 << 20;

/** Where an atom lies in the file, and the stretch of the file that it is read from. */
export class Atom {
  readonly region: Region;
  readonly name: string;
  readonly begin: number;
  readonly body: number;
  readonly end: number;

  constructor(region: Region, name: string, begin: number, body: number, end: number) {
    this.region = region;
    this.name = name;
    this.begin = begin;
    this.body = body;
    this.end = end;
  }

  /** The atom at this place, inside what ends there. */
  static at(region: Region, begin: number, end: number): Atom {
    const short = region.u32(begin);
    const name = region.name(begin + 4);
    const head = short === 1 ? 16 : 8;
    const length = short === 0 ? end - begin : short === 1 ? region.u64(begin + 8) : short;
    if (length < head || begin + length > end) throw new Gone();
    return new Atom(region, name, begin, begin + head, begin + length);
  }

  /** The atoms beside each other in this range. */
  static between(region: Region, from: number, to: number): Atom[] {
    const atoms: Atom[] = [];
    // QuickTime ends some lists with four zeros.
    for (let at = from; to - at >= 8; ) {
      const atom = Atom.at(region, at, to);
      atoms.push(atom);
      if (atoms.length > MOST_BESIDE) throw new Gone('too-large');
      at = atom.end;
    }
    return atoms;
  }

  get length(): number {
    return this.end - this.body;
  }

  /** The atoms in this one. */
  inside(): Atom[] {
    return Atom.between(this.region, this.body, this.end);
  }

  /** The place so many bytes into the body. */
  place(within: number): number {
    const place = this.body + within;
    if (place > this.end) throw new Gone();
    return place;
  }

  /** The bytes at this place of the body. */
  take(within: number, length: number): Uint8Array {
    if (this.body + within + length > this.end) throw new Gone();
    return this.region.take(this.body + within, length);
  }

  u8(within: number): number {
    return this.region.u8(this.#holding(within, 1));
  }

  u16(within: number): number {
    return this.region.u16(this.#holding(within, 2));
  }

  u32(within: number): number {
    return this.region.u32(this.#holding(within, 4));
  }

  u64(within: number): number {
    return this.region.u64(this.#holding(within, 8));
  }

  letters(within: number): string {
    return this.region.name(this.#holding(within, 4));
  }

  /** The version of a full atom. */
  version(): number {
    return this.u8(0);
  }

  /** The first bytes of the body, as many as are read of a note. */
  note(): Uint8Array {
    return this.take(0, Math.min(this.length, MOST_NOTE));
  }

  /** The rows of a table whose count stands at this place of the body. */
  rows(countAt: number, row: number): DataView {
    const bytes = this.take(countAt + 4, this.u32(countAt) * row);
    return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  }

  #holding(within: number, length: number): number {
    if (this.body + within + length > this.end) throw new Gone();
    return this.body + within;
  }
}
