// The tables of a track: each as long as it says, and nothing behind it.
import { Gone } from '../bytes.ts';
import type { Atom } from './atom.ts';
import type { Edits } from './edits.ts';
import { tell } from './words.ts';

/** Groups of samples that players know. */
const GROUPS: ReadonlySet<string> = new Set(['roll', 'prol', 'rap ', 'sync', 'tsas', 'stsa', 'tscl', 'tele']);
/** No description of a group is longer, and no track has more of them. */
const MOST_OF_A_GROUP = 20;
const MOST_GROUPS = 64;
/** How long a row of each table is, whose count comes first. */
const ROWS: ReadonlyMap<string, number> = new Map([
  ['stts', 8],
  ['ctts', 8],
  ['stsh', 8],
  ['co64', 8],
  ['stsc', 12],
  ['stco', 4],
  ['stss', 4],
  ['stps', 4],
]);

/** Puts out what stands behind the tables of `stbl` and beside them. */
export function putOutTables(tables: readonly Atom[], edits: Edits): void {
  const groups = new Map<Atom, string>();
  for (const atom of tables) {
    const length = atom.name === 'sgpd' ? groupLength(atom) : undefined;
    if (length === undefined) continue;
    groups.set(atom, atom.letters(4));
    edits.fit(atom, length);
  }
  const known = new Set(groups.values());
  for (const atom of tables) one(atom, groups.has(atom), known, edits);
}

function one(atom: Atom, isGroup: boolean, known: ReadonlySet<string>, edits: Edits): void {
  const row = ROWS.get(atom.name);
  if (row !== undefined) return edits.fitRows(atom, 4, row);
  switch (atom.name) {
    // How long the samples of stz2 are is known from the table that is read.
    case 'stsd':
    case 'stz2':
      return;
    case 'stsz':
      return atom.u32(4) === 0 ? edits.fitRows(atom, 8, 4) : edits.fit(atom, 12);
    case 'cslg':
      return edits.fit(atom, atom.version() === 1 ? 44 : 24);
    // Which samples need which: a byte for each, that players can do without.
    case 'sdtp':
      return edits.blank(atom);
    case 'sgpd':
      if (isGroup) return;
      break;
    case 'sbgp':
      if (known.has(atom.letters(4))) return edits.fitRows(atom, atom.version() === 0 ? 8 : 12, 8);
      break;
  }
  tell(atom, edits.seen);
  edits.blank(atom);
}

/** How long a description of groups is, if players know these groups. */
function groupLength(sgpd: Atom): number | undefined {
  try {
    if (!GROUPS.has(sgpd.letters(4))) return undefined;
    const version = sgpd.version();
    if (version > 1) return undefined;
    const [head, length, count] = version === 0 ? [12, 2, sgpd.u32(8)] : [16, sgpd.u32(8), sgpd.u32(12)];
    return length === 0 || length > MOST_OF_A_GROUP || count > MOST_GROUPS ? undefined : length * count + head;
  } catch (error) {
    if (error instanceof Gone) return undefined;
    throw error;
  }
}
