// What is put out in a film, where it stands.
import { any, bytesOf } from '../bytes.ts';
import { Plan } from '../plan.ts';
import type { Seen } from '../seen.ts';
import { Atom } from './atom.ts';

/** A change of the file that keeps its length: zeros up to here, or these bytes. */
interface Change {
  readonly begin: number;
  readonly end: number;
  readonly bytes?: Uint8Array<ArrayBuffer>;
}

/** Changes of a file that keep its length, and where it is cut off. */
export class Edits {
  readonly seen: Seen;
  readonly #changes: Change[] = [];
  #cut: number | undefined;

  constructor(seen: Seen) {
    this.seen = seen;
  }

  /** Makes an atom one that is unused and empty. */
  blank(atom: Pick<Atom, 'begin' | 'body' | 'end'>): void {
    this.put(atom.begin + 4, bytesOf('free'));
    this.zero(atom.body, atom.end);
  }

  /** Zeros from here to there. */
  zero(begin: number, end: number): void {
    if (begin < end) this.#changes.push({ begin, end });
  }

  /** These bytes, in the place of as many. */
  put(begin: number, bytes: Uint8Array<ArrayBuffer>): void {
    this.#changes.push({ begin, end: begin + bytes.length, bytes });
  }

  /** These bytes at this place, where others stand. */
  exact(atom: Atom, begin: number, bytes: readonly number[]): void {
    const here = atom.region.take(begin, bytes.length);
    if (here.some((byte, index) => byte !== bytes[index])) this.put(begin, Uint8Array.from(bytes));
  }

  /** Zeros from here to there, where numbers stand that no player needs. */
  quiet(atom: Atom, begin: number, end: number): void {
    if (any(atom.region.take(begin, end - begin))) this.zero(begin, end);
  }

  /** These bytes in the place of the first so many of an atom's body, and nothing behind them. */
  anew(atom: Atom, bytes: readonly number[], read: number): void {
    this.exact(atom, atom.body, bytes);
    this.quiet(atom, atom.place(bytes.length), atom.place(read));
    this.fit(atom, read);
  }

  /** Tells that there is something where nothing has to be, and zeros it. */
  spare(atom: Atom, begin: number, end: number): void {
    this.#spare(atom, begin, end);
  }

  /** Nothing stands in an atom behind so much of its body. Players know best what to do with one that is too short. */
  fit(atom: Atom, length: number): void {
    if (atom.body + length <= atom.end) this.#spare(atom, atom.body + length, atom.end);
  }

  /** Nothing stands behind the rows of a table whose count stands at this place of the body. */
  fitRows(atom: Atom, countAt: number, row: number): void {
    this.fit(atom, atom.u32(countAt) * row + countAt + 4);
  }

  /** Tells that something is there that is not understood, or not as it has to be. */
  unknown(): void {
    this.seen.limit('partly');
    this.seen.cannot('unknown-part');
  }

  /** Sees that each of these names is there once at most: of two, players differ about which one counts. */
  once(atoms: readonly Pick<Atom, 'name'>[], names: readonly string[]): void {
    if (names.some((name) => atoms.filter((atom) => atom.name === name).length > 1)) this.unknown();
  }

  /** The atoms in an atom from this place of its body on, and nothing behind them. */
  children(atom: Atom, from = 0): Atom[] {
    const begin = atom.place(from);
    const atoms = Atom.between(atom.region, begin, atom.end);
    this.#spare(atom, atoms.at(-1)?.end ?? begin, atom.end);
    return atoms;
  }

  /** Nothing from here on. */
  cut(from: number): void {
    this.#cut = from;
  }

  /**
   * The plan; undefined when a change stands in another's way. What was to change inside of what is put out as a whole
   * does not matter any more.
   */
  plan(length: number): Plan | undefined {
    const plan = new Plan();
    let at = 0;
    let inZeros = false;
    for (const { begin, end, bytes } of this.#changes.sort(order)) {
      if (inZeros && end <= at) continue;
      if (bytes === undefined && inZeros && begin < at) {
        plan.zeros(end - at);
      } else {
        if (begin < at) return undefined;
        plan.keep(at, begin - at);
        if (bytes === undefined) plan.zeros(end - begin);
        else plan.put(bytes);
        inZeros = bytes === undefined;
      }
      at = end;
    }
    const end = this.#cut ?? length;
    if (end < at) return undefined;
    plan.keep(at, end - at);
    return plan;
  }

  #spare(atom: Atom, begin: number, end: number): void {
    if (!any(atom.region.take(begin, end - begin))) return;
    this.seen.note('other', 'unused-place');
    this.zero(begin, end);
  }
}

/** By place; zeros before bytes, and the shorter first. */
function order(a: Change, b: Change): number {
  if (a.begin !== b.begin) return a.begin - b.begin;
  if (a.bytes === undefined || b.bytes === undefined) {
    if ((a.bytes === undefined) !== (b.bytes === undefined)) return a.bytes === undefined ? -1 : 1;
    return a.end - b.end;
  }
  for (const [index, byte] of a.bytes.entries()) {
    const other = b.bytes[index];
    if (other === undefined) return 1;
    if (byte !== other) return byte - other;
  }
  return a.bytes.length - b.bytes.length;
}
