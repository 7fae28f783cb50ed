// What may stand in a description of picture or sound. Everything else there is put out.
import { Gone, latin } from '../bytes.ts';
import { profile, withoutWords } from '../icc.ts';
import type { Atom } from './atom.ts';
import { elementary, lengthOf } from './configurations.ts';
import type { Edits } from './edits.ts';
import { tell } from './words.ts';

/** Boxes stand in boxes so deep. */
const MOST_DEPTH = 4;

/** Puts out what does not belong into a description, from this place of its body on, and says what cannot be cleaned. */
export function putOutBoxes(entry: Atom, from: number, edits: Edits, depth = MOST_DEPTH): void {
  if (depth === 0) throw new Gone('too-deep');
  for (const atom of edits.children(entry, from)) {
    const length = lengthOf(atom, edits.seen);
    if (length === undefined) box(atom, edits, depth);
    else edits.fit(atom, length);
  }
}

function box(atom: Atom, edits: Edits, depth: number): void {
  switch (atom.name) {
    case 'wave':
    case 'sv3d':
    case 'proj':
      return putOutBoxes(atom, 0, edits, depth - 1);
    // The name of the program that joined the pictures.
    case 'svhd':
      return edits.spare(atom, atom.place(4), atom.end);
    // The mesh of a round picture; what AC-4 and VVC need.
    case 'mshp':
    case 'dac4':
    case 'vvcC':
    case 'av1C':
    case 'chnl':
      return;
    // The maker of the encoder.
    case 'damr':
    case 'd263':
      edits.zero(atom.place(0), atom.place(4));
      return edits.fit(atom, atom.name === 'damr' ? 9 : 23);
    case 'esds': {
      const end = elementary(atom.note());
      if (end !== undefined) return edits.fit(atom, end);
      edits.seen.limit('coding');
      return edits.seen.cannot('coding');
    }
    case 'colr':
      return colour(atom, edits);
    case 'dfLa':
      return flac(atom, edits);
    // Two eyes: without it the picture is another.
    case 'vexu':
      edits.seen.limit('partly');
      return edits.seen.cannot('unknown-part');
    default:
      tell(atom, edits.seen);
      edits.blank(atom);
  }
}

/** How colours are meant: numbers, or a profile with words. */
function colour(colr: Atom, edits: Edits): void {
  switch (colr.letters(0)) {
    case 'nclx':
      return edits.fit(colr, 11);
    case 'nclc':
      return edits.fit(colr, 10);
    case 'prof':
    case 'rICC': {
      const bytes = colr.note().subarray(4);
      profile(bytes, edits.seen);
      const clean = withoutWords(bytes);
      if (clean === undefined) edits.blank(colr);
      else if (latin(clean) !== latin(bytes)) edits.put(colr.place(4), clean);
      return;
    }
    default:
      tell(colr, edits.seen);
      edits.blank(colr);
  }
}

/** The blocks of FLAC: the first is numbers, the others are notes and pictures. */
function flac(dfla: Atom, edits: Edits): void {
  let at = 4;
  while (dfla.place(at) < dfla.end) {
    const head = dfla.take(at, 4).slice();
    const kind = head[0] ?? 0;
    const body = at + 4;
    const end = body + (dfla.u32(at) % 0x100_0000);
    // Numbers, nothing, places to jump to.
    if ((kind & 0x7f) !== 0 && (kind & 0x7f) !== 3) {
      head[0] = (kind & 0x80) | 1;
      edits.put(dfla.place(at), head);
      if ((kind & 0x7f) === 1) edits.spare(dfla, dfla.place(body), dfla.place(end));
      else {
        edits.seen.note('other', 'beside-sound');
        edits.zero(dfla.place(body), dfla.place(end));
      }
    }
    at = end;
    if (kind >= 0x80) break;
  }
  edits.fit(dfla, at);
}
