// The packed picture of a PNG: it ends with its last row, and nothing stands behind.
import type { Head } from './png-head.ts';
import type { Seen } from './seen.ts';
import { MOST_READ } from './source.ts';

/** So much is unpacked at most, of all frames of a picture together. */
export const MOST_UNPACKED = 256 << 20;
/** Where the passes of an interlaced picture begin, and how far apart their points are: across, down. */
const PASSES = [
  [0, 0, 8, 8],
  [4, 0, 8, 8],
  [0, 4, 4, 8],
  [2, 0, 4, 4],
  [0, 2, 2, 4],
  [1, 0, 2, 2],
  [0, 1, 1, 2],
] as const;

/** A frame of a picture, or all of it, packed in these parts of the file. */
export interface Frame {
  readonly head: Head;
  readonly parts: readonly Blob[];
}

/** Tells when a stream of these is not its frame and nothing else, or when all together are too much to be followed. */
export async function judgeStreams(frames: readonly Frame[], seen: Seen): Promise<void> {
  let left = MOST_UNPACKED;
  for (const { head } of frames) left -= rows(head);
  if (left < 0 || frames.some(({ parts }) => new Blob([...parts]).size > MOST_READ)) {
    seen.limit('too-large');
    return seen.cannot('too-large');
  }
  for (const frame of frames) {
    // One that cannot be followed is enough.
    if (!(await isWhole(frame, seen))) return;
  }
}

/**
 * Whether the stream is its frame and nothing else. The engine unpacks it: a library would take seconds for a few
 * megabytes without a just-in-time compiler.
 */
async function isWhole({ head, parts }: Frame, seen: Seen): Promise<boolean> {
  const packed = new Blob([...parts]);
  const whole = rows(head);
  const all = await unpacked(packed, whole);
  // It needs every byte: a stream that has ended before the last one has something behind it. (Not every engine
  // refuses that by itself.)
  const short = packed.slice(0, Math.max(0, packed.size - 1));
  if (all === 'ended' && (await unpacked(short, whole)) !== 'ended') return true;
  seen.limit('damaged');
  if (all === 'broken') seen.cannot('damaged');
  else {
    seen.note('tail', 'behind-picture');
    seen.cannot('behind-picture');
  }
  return false;
}

/** Unpacks and throws away: whether that ended with so many bytes, or gave more. */
async function unpacked(packed: Blob, whole: number): Promise<'ended' | 'more' | 'broken'> {
  const reader = packed.stream().pipeThrough(new DecompressionStream('deflate')).getReader();
  let made = 0;
  try {
    for (;;) {
      const { done, value } = await reader.read();
      if (done) return made === whole ? 'ended' : 'broken';
      made += value.length;
      if (made > whole) {
        await reader.cancel();
        return 'more';
      }
    }
  } catch {
    return made > whole ? 'more' : 'broken';
  }
}

/** How long all rows of a picture are (PNG, third edition, 7.2 and 8). */
function rows({ across, down, depth, colours, interlaced }: Head): number {
  const bits = depth * ([1, 1, 3, 1, 2, 1, 4][colours] ?? 1);
  const length = (wide: number, high: number): number => (wide === 0 ? 0 : (Math.ceil((wide * bits) / 8) + 1) * high);
  if (!interlaced) return length(across, down);
  const points = (all: number, first: number, step: number): number => Math.ceil(Math.max(0, all - first) / step);
  return PASSES.reduce(
    (sum, [right, below, wide, high]) => sum + length(points(across, right, wide), points(down, below, high)),
    0,
  );
}
