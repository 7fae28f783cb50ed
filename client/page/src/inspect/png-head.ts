// The small parts of a PNG that say how it is drawn: numbers within their bounds (PNG, third edition, 11).
import { Region, be32, joined, sides } from './bytes.ts';

/** How a picture is laid out. */
export interface Head {
  readonly across: number;
  readonly down: number;
  readonly depth: number;
  readonly colours: number;
  readonly interlaced: boolean;
}

const DEPTHS: ReadonlyMap<number, readonly number[]> = new Map([
  [0, [1, 2, 4, 8, 16]],
  [2, [8, 16]],
  [3, [1, 2, 4, 8]],
  [4, [8, 16]],
  [6, [8, 16]],
]);

/** Takes the 13 bytes of the first chunk. */
export function headOf(body: Uint8Array): Head | undefined {
  const region = new Region(body);
  const [across, down] = [region.u32(0), region.u32(4)];
  const [depth, colours, interlaced] = [region.u8(8), region.u8(9), region.u8(12)];
  const plain = region.u8(10) === 0 && region.u8(11) === 0 && interlaced <= 1 && across > 0 && down > 0;
  if (!plain || DEPTHS.get(colours)?.includes(depth) !== true) return undefined;
  return { across, down, depth, colours, interlaced: interlaced === 1 };
}

/** A chunk that stays, as it stays; nothing when it says nothing that can be. The palette has so many colours. */
export function kept(head: Head, name: string, body: Uint8Array, palette: number): Uint8Array | undefined {
  if (name !== 'pHYs') return fits(head, name, body, palette) ? body : undefined;
  if (body.length !== 9) return undefined;
  const region = new Region(body);
  // Points that are not square are part of how the picture looks.
  const [across, down] = sides(region.u32(0), region.u32(4));
  return across === down ? undefined : joined([be32(across), be32(down), new Uint8Array(1)]);
}

function fits({ colours, depth }: Head, name: string, body: Uint8Array, palette: number): boolean {
  const { length } = body;
  const [first = 255, second = 255, third, fourth = 255] = body;
  const numbers = (count: number, least: number, most: number): boolean => {
    if (length !== 4 * count) return false;
    const region = new Region(body);
    return Array.from({ length: count }, (_, index) => region.u32(4 * index)).every((one) => one >= least && one <= most);
  };
  switch (name) {
    case 'PLTE':
      return colours === 3 && length % 3 === 0 && length >= 3 && length / 3 <= 2 ** depth;
    case 'tRNS':
      return colours === 0 ? length === 2 : colours === 2 ? length === 6 : colours === 3 && length >= 1 && length <= palette;
    case 'gAMA':
      return numbers(1, 1_000, 1_000_000);
    case 'cHRM':
      return numbers(8, 0, 100_000);
    case 'sRGB':
      return length === 1 && first <= 3;
    case 'cICP':
      return length === 4 && first <= 22 && second <= 18 && third === 0 && fourth <= 1;
    default:
      return false;
  }
}
