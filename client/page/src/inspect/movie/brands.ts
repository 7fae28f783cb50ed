// The formats that a film says it keeps to. Makers of cameras have names of their own there.
import { bytesOf } from '../bytes.ts';
import type { Atom } from './atom.ts';
import type { Edits } from './edits.ts';

/** Formats that everybody writes. */
const COMMON: ReadonlySet<string> = new Set([
  ...(
    'isom iso2 iso3 iso4 iso5 iso6 iso7 iso8 iso9 isoa isob isoc mp41 mp42 mp71 avc1 hvc1 hev1 av01 vp09 M4VH M4VP ' +
    '3gp1 3gp2 3gp3 3gp4 3gp5 3gp6 3gp7 3gp8 3gp9 3gg6 3gs6 3ge6 3g2a 3g2b 3g2c mmp4 dby1 dash msdh cmfc cmf2'
  ).split(' '),
  'M4A ',
  'M4B ',
  'M4P ',
  'M4V ',
  'f4v ',
  'f4a ',
  'qt  ',
  '\0\0\0\0',
]);
/** More formats than any film keeps to. */
const MOST_BRANDS = 64;

/** Tells formats of one maker alone, and puts a common one in their place. */
export function putOutBrands(ftyp: Atom, edits: Edits): void {
  const count = Math.min(Math.floor(ftyp.length / 4), MOST_BRANDS);
  for (let index = 0; index < count; index += 1) {
    const at = 4 * index;
    const name = ftyp.letters(at);
    // The version of the first, which no player heeds.
    if (index === 1) edits.zero(ftyp.place(4), ftyp.place(8));
    else if (!COMMON.has(name)) {
      edits.seen.say('device', name, 'brand');
      edits.put(ftyp.place(at), bytesOf('mp42'));
    }
  }
  edits.fit(ftyp, 4 * count);
}
