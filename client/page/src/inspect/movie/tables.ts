// The tables of a track: each as long as it says, about samples that are there, and nothing behind it.
import type { Atom } from './atom.ts';
import type { Edits } from './edits.ts';
import { tell } from './words.ts';

/** How long a row of each table is, whose count comes first. */
const ROWS: ReadonlyMap<string, number> = new Map([
  ['stts', 8],
  ['ctts', 8],
  ['co64', 8],
  ['stsc', 12],
  ['stco', 4],
  ['stss', 4],
]);
/**
 * Which samples need which and which could stand for which, how they are grouped, and what can be counted: players can
 * do without.
 */
const HINTS: ReadonlySet<string> = new Set('sdtp stsh stps cslg sgpd sbgp'.split(' '));

/** Puts out what stands behind the tables of `stbl` and beside them. */
export function putOutTables(tables: readonly Atom[], edits: Edits): void {
  for (const atom of tables) one(atom, edits);
}

function one(atom: Atom, edits: Edits): void {
  const row = ROWS.get(atom.name);
  if (row !== undefined) {
    edits.quiet(atom, atom.place(atom.name === 'ctts' ? 1 : 0), atom.place(4));
    return edits.fitRows(atom, 4, row);
  }
  switch (atom.name) {
    case 'stsd': {
      const { length } = edits.children(atom, 8);
      edits.quiet(atom, atom.place(1), atom.place(4));
      return edits.exact(atom, atom.place(4), [0, 0, length >> 8, length & 0xff]);
    }
    case 'stsz':
      edits.quiet(atom, atom.body, atom.place(4));
      return atom.u32(4) === 0 ? edits.fitRows(atom, 8, 4) : edits.fit(atom, 12);
  }
  if (!HINTS.has(atom.name)) tell(atom, edits.seen);
  edits.blank(atom);
}

/** Whether a track has no samples, by its tables. */
export function areEmpty(tables: readonly Atom[]): boolean {
  const places = tables.filter(({ name }) => name === 'stco' || name === 'co64');
  return places.every((atom) => atom.length >= 8 && atom.u32(4) === 0);
}

/** Whether the tables of a track that is kept are about its samples and nothing else, each once. */
export function agree(tables: readonly Atom[]): boolean {
  const all = (name: string): Atom[] => tables.filter((atom) => atom.name === name);
  if (['stsd', 'stsz', ...ROWS.keys()].some((name) => all(name).length > 1)) return false;
  const find = (name: string): Atom | undefined => all(name)[0];
  const [stsd, stsc, stsz, offsets] = [find('stsd'), find('stsc'), find('stsz'), find('stco') ?? find('co64')];
  if (stsd === undefined || stsc === undefined || stsz === undefined || offsets === undefined) return false;
  const samples = stsz.u32(8);
  let agrees = runs(stsc.rows(4, 12), offsets.u32(4), stsd.u32(4)) === samples;
  for (const [name, versions] of [['stts', 0], ['ctts', 1]] as const) {
    const atom = find(name);
    if (atom === undefined) continue;
    const rows = atom.rows(4, 8);
    let sum = 0;
    for (let at = 0; at < rows.byteLength; at += 8) {
      const count = rows.getUint32(at);
      if (count === 0) agrees = false;
      sum += count;
    }
    if (sum > samples || atom.version() > versions) agrees = false;
  }
  const rows = find('stss')?.rows(4, 4);
  let before = 0;
  for (let at = 0; rows !== undefined && at < rows.byteLength; at += 4) {
    const number = rows.getUint32(at);
    if (number <= before || number > samples) agrees = false;
    before = number;
  }
  return agrees;
}

/** How many samples the runs of chunks have, if every run has some, and every description is used. */
function runs(rows: DataView, chunks: number, described: number): number | undefined {
  const used = new Set<number>();
  let samples = 0;
  let next = 1;
  for (let at = 0; at < rows.byteLength; at += 12) {
    const [first, each, description] = [rows.getUint32(at), rows.getUint32(at + 4), rows.getUint32(at + 8)];
    const end = at + 12 < rows.byteLength ? rows.getUint32(at + 12) : chunks + 1;
    if (first !== next || end <= first || each === 0 || description < 1 || description > described) return undefined;
    used.add(description);
    samples += each * (end - first);
    next = end;
  }
  return used.size === described && next === chunks + 1 ? samples : undefined;
}
