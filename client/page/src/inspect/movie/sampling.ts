// How sound is sampled, as the head of its description says it: QuickTime has three versions of it.
import { be32 } from '../bytes.ts';
import type { Atom } from './atom.ts';
import type { Measure } from './chunks.ts';
import type { Edits } from './edits.ts';

/** More channels than any recording has. */
const MOST_CHANNELS = 64;
/** No sample of one channel is longer, in bits. */
const MOST_BITS = 64;
/** More samples than anybody takes in a second. */
const MOST_RATE = 1 << 20;
/** No packet has more samples, and none has more bytes. */
const MOST_SAMPLES = 1 << 16;
const MOST_BYTES = 0xffff;
/** How numbers lie in sound that is not packed: seven flags. */
const FLAGS = 0x7f;
const UNPACKED: ReadonlySet<string> = new Set(['sowt', 'twos', 'raw ', 'NONE', 'lpcm', 'ipcm', 'fpcm']);

/** What a head says. */
export interface Sampling {
  /** So much of the description it is. */
  readonly length: number;
  /** How long samples of sound may be, where the table of sizes counts them as all alike. */
  readonly measures: readonly Measure[];
}

/** Makes the head anew with nothing but what a player needs; undefined when it is not understood. */
export function sampling(entry: Atom, revised: boolean, edits: Edits): Sampling | undefined {
  edits.quiet(entry, entry.place(10), entry.place(12));
  edits.quiet(entry, entry.place(22), entry.place(24));
  // How QuickTime packs it.
  if (entry.u16(20) < 0xfffe) edits.quiet(entry, entry.place(20), entry.place(22));
  const version = entry.u16(8);
  if (version === 2) return second(entry, edits);
  const [channels, bits] = [entry.u16(16), entry.u16(18)];
  if (version > 2 || channels > MOST_CHANNELS || bits > MOST_BITS) return undefined;
  const wide = width(entry.name, bits);
  const measures = wide === undefined ? [] : [{ bytes: wide * channels, samples: 1 }];
  if (version === 0 || revised) return { length: 28, measures: saying(measures) };
  const [samples, bytes] = [entry.u32(28), entry.u32(36)];
  const fits =
    wide === undefined
      ? samples <= MOST_SAMPLES && bytes <= MOST_BYTES
      : samples <= 1 && (bytes === 0 || bytes === wide * channels);
  if (!fits) return undefined;
  // The share of one channel, and how long a sample is once it is unpacked: two, but of eight bits.
  edits.exact(entry, entry.place(32), [...be32(channels === 0 ? 0 : Math.floor(bytes / channels))]);
  edits.exact(entry, entry.place(40), [0, 0, 0, bits === 8 ? 1 : 2]);
  return { length: 44, measures: saying([{ bytes, samples }, ...measures]) };
}

/** The head of version 2, with numbers that are always the same where older players look. */
function second(entry: Atom, edits: Edits): Sampling | undefined {
  const head = entry.take(0, 64);
  const view = new DataView(head.buffer, head.byteOffset, head.byteLength);
  const rate = view.getFloat64(32);
  const [channels, bits, flags] = [view.getUint32(40), view.getUint32(48), view.getUint32(52)];
  const [bytes, samples] = [view.getUint32(56), view.getUint32(60)];
  const fits = Number.isInteger(rate) && rate >= 1 && rate <= MOST_RATE && bits <= MOST_BITS && flags <= FLAGS;
  if (!fits || channels < 1 || channels > MOST_CHANNELS) return undefined;
  if (width(entry.name, bits) === undefined) {
    if (samples > MOST_SAMPLES || bytes > MOST_BYTES) return undefined;
  } else {
    const each = bytes / channels;
    if (samples !== 1 || !Number.isInteger(each) || 8 * each < bits || 8 * each > MOST_BITS) return undefined;
  }
  edits.exact(entry, entry.place(16), [0, 3, 0, 16, 255, 254, 0, 0, 0, 1, 0, 0, 0, 0, 0, 72]);
  edits.exact(entry, entry.place(44), [0x7f, 0, 0, 0]);
  return { length: 64, measures: saying([{ bytes, samples }]) };
}

/** One that says nothing would say that every sample is empty, or none. */
function saying(measures: readonly Measure[]): Measure[] {
  return measures.filter(({ bytes, samples }) => bytes > 0 && samples > 0);
}

/** The bytes of one sample of one channel, where sound is not packed. */
function width(name: string, bits: number): number | undefined {
  switch (name) {
    case 'ulaw':
    case 'alaw':
      return 1;
    case 'in24':
      return 3;
    case 'in32':
    case 'fl32':
      return 4;
    case 'fl64':
      return 8;
    default:
      return UNPACKED.has(name) ? Math.ceil(bits / 8) : undefined;
  }
}
