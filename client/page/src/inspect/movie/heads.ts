// The heads of a film, a track and its media (mvhd, tkhd, mdhd): times, and places that the standard leaves empty or
// that no player needs.
import type { Atom } from './atom.ts';
import type { Edits } from './edits.ts';

/** No picture is moved further. */
const MOST_MOVED = 0x4000 * 0x1_0000;
/** The language that nobody has determined, in three letters of five bits. */
const UND = [0x55, 0xc4];

/** Tells the times of a head, and puts out them and what no player needs in it. */
export function putOutTimes(atom: Atom, edits: Edits): void {
  const long = atom.version() === 1;
  const made = time(long ? atom.u64(4) : atom.u32(4));
  if (made !== undefined) edits.seen.say('time', made);
  edits.zero(atom.place(4), atom.place(long ? 20 : 12));
  // From here on both versions are the same, in places that are counted from the first one's.
  const later = long ? 12 : 0;
  const place = (within: number): number => atom.place(within + later);
  const flags = atom.name === 'tkhd' ? atom.u32(0) & 15 : 0;
  edits.exact(atom, atom.body, [long ? 1 : 0, 0, 0, flags]);
  switch (atom.name) {
    case 'mvhd':
      edits.exact(atom, place(20), [0, 1, 0, 0, 1, 0]);
      // The number of the next track is to be looked for.
      edits.exact(atom, place(96), [255, 255, 255, 255]);
      edits.spare(atom, place(26), place(36));
      edits.spare(atom, place(72), place(96));
      edits.fit(atom, 100 + later);
      return matrix(atom, 36 + later, edits);
    case 'tkhd':
      edits.spare(atom, atom.place(long ? 24 : 16), atom.place(long ? 28 : 20));
      edits.spare(atom, place(24), place(32));
      // It is heard, or it is not.
      edits.exact(atom, place(36), [atom.u16(36 + later) === 0 ? 0 : 1, 0]);
      edits.spare(atom, place(38), place(40));
      edits.fit(atom, 84 + later);
      return matrix(atom, 40 + later, edits);
    default:
      edits.exact(atom, place(20), UND);
      edits.quiet(atom, place(22), place(24));
      edits.fit(atom, 24 + later);
  }
}

/** Sees that a picture is turned by quarters, mirrored and moved, and nothing else. */
function matrix(atom: Atom, at: number, edits: Edits): void {
  const bytes = atom.take(at, 36);
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [a = 0, b = 0, u, c = 0, d = 0, v, right = 0, below = 0, whole = 0] = Array.from({ length: 9 }, (_, index) =>
    view.getInt32(4 * index),
  );
  const turns = [a, b, c, d].every((number) => [0, 0x1_0000].includes(Math.abs(number)));
  const moves = [right, below].every((number) => number % 0x1_0000 === 0 && Math.abs(number) <= MOST_MOVED);
  if (turns && moves && u === 0 && v === 0 && [0, 0x4000_0000].includes(whole)) return;
  edits.unknown();
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
