// What may stand in a description of picture or sound: boxes that are understood, made anew with nothing but what a
// player needs. Whatever else stands there keeps a film from being cleaned.
import { Gone, latin } from '../bytes.ts';
import { plainProfile, profile } from '../icc.ts';
import type { Seen } from '../seen.ts';
import { MOST_NOTE, type Atom } from './atom.ts';
import { judgedBox, type Anew } from './configurations.ts';
import type { Edits } from './edits.ts';
import { tell } from './words.ts';

/** Boxes stand in boxes so deep. */
const MOST_DEPTH = 4;
const LISTS: ReadonlySet<string> = new Set(['wave', 'sv3d', 'proj']);

/** Puts out what does not belong into a description, from this place of its body on, and says what cannot be cleaned. */
export function putOutBoxes(entry: Atom, from: number, isKnown: (coding: string) => boolean, edits: Edits): void {
  const staying: Atom[] = [];
  inside(entry, from, isKnown, staying, edits, MOST_DEPTH);
  edits.once(staying, [...new Set(staying.map(({ name }) => name))]);
}

/** The same, and collects what stays, at any depth. */
function inside(
  list: Atom,
  from: number,
  isKnown: (coding: string) => boolean,
  staying: Atom[],
  edits: Edits,
  depth: number,
): void {
  if (depth === 0) throw new Gone('too-deep');
  for (const atom of edits.children(list, from)) {
    if (LISTS.has(atom.name)) {
      staying.push(atom);
      inside(atom, 0, isKnown, staying, edits, depth - 1);
    } else if (box(atom, isKnown, edits)) staying.push(atom);
  }
}

/** Whether the box stays. */
function box(atom: Atom, isKnown: (coding: string) => boolean, edits: Edits): boolean {
  const { seen } = edits;
  const verdict = judged(atom, isKnown, seen);
  if (verdict === undefined) {
    const coding = atom.name === 'esds';
    seen.limit(coding ? 'coding' : 'partly');
    seen.cannot(coding ? 'coding' : 'unknown-part');
  } else if (verdict === 'hint') edits.blank(atom);
  else if (verdict === 'note') {
    tell(atom, seen);
    edits.blank(atom);
  } else {
    edits.anew(atom, verdict.bytes, verdict.read);
    return true;
  }
  return false;
}

function judged(atom: Atom, isKnown: (coding: string) => boolean, seen: Seen): Anew | 'hint' | 'note' | undefined {
  if (atom.length > MOST_NOTE) return undefined;
  try {
    return atom.name === 'colr' ? colour(atom.note(), seen) : judgedBox(atom.name, atom.note(), isKnown, seen);
  } catch (error) {
    // It is shorter than it has to be.
    if (error instanceof Gone) return undefined;
    throw error;
  }
}

/** How colours are meant: numbers, or a profile with words. */
function colour(bytes: Uint8Array, seen: Seen): Anew | 'hint' | undefined {
  const kind = latin(bytes.subarray(0, 4));
  if (kind === 'prof' || kind === 'rICC') {
    const own = bytes.subarray(4);
    profile(own, seen);
    const plain = plainProfile(own);
    if (plain === 'not-one') {
      seen.note('other', 'colour-profile');
      return 'hint';
    }
    if (plain === 'unknown' || plain.bytes.length > own.length) return undefined;
    return { bytes: [...bytes.subarray(0, 4), ...plain.bytes], read: bytes.length };
  }
  const length = kind === 'nclx' ? 11 : kind === 'nclc' ? 10 : undefined;
  if (length === undefined || bytes.length < length) return undefined;
  const made = [...bytes.subarray(0, length)];
  // Primaries, transfer and matrix are small numbers (ITU-T H.273).
  if (made[4] !== 0 || made[6] !== 0 || made[8] !== 0) return undefined;
  if (kind === 'nclx') made[10] = (made[10] ?? 0) & 0x80;
  return { bytes: made, read: length };
}
