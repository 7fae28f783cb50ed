// The heads of a film, a track and its media (mvhd, tkhd, mdhd): times, and places that the standard leaves empty.
import type { Atom } from './atom.ts';
import type { Edits } from './edits.ts';

/** From, to: unused places of a body; and where it ends. By name and version. */
const UNUSED: ReadonlyMap<string, readonly [readonly (readonly [number, number])[], number]> = new Map([
  ['mvhd', [[[26, 36], [72, 96]], 100]],
  ['mvhd1', [[[38, 48], [84, 108]], 112]],
  ['tkhd', [[[16, 20], [24, 32], [38, 40]], 84]],
  ['tkhd1', [[[24, 28], [36, 44], [50, 52]], 96]],
  ['mdhd', [[], 24]],
  ['mdhd1', [[], 36]],
]);

/** Tells the times of a head, and puts out them and what is unused in it. */
export function putOutTimes(atom: Atom, edits: Edits): void {
  const long = atom.version() === 1;
  const made = time(long ? atom.u64(4) : atom.u32(4));
  if (made !== undefined) edits.seen.say('time', made);
  edits.zero(atom.place(4), atom.place(long ? 20 : 12));
  const [unused, end] = UNUSED.get(atom.name + (long ? '1' : '')) ?? [[], 0];
  for (const [from, to] of unused) {
    if (atom.body + to <= atom.end) edits.spare(atom, atom.body + from, atom.body + to);
  }
  edits.fit(atom, end);
}

/** Into so many parts a head (mvhd, mdhd) divides a second. */
export function scaleOf(head: Atom): number {
  return head.u32(head.version() === 1 ? 20 : 12);
}

/** The day and time of so many seconds since 1904. */
function time(seconds: number): string | undefined {
  // 1904 to 1970: 66 years with 17 leap days.
  const since = seconds - 2_082_844_800;
  if (since < 0 || since > 100_000 * 86_400) return undefined;
  return new Date(since * 1_000).toISOString().slice(0, 16).replace('T', ' ');
}
