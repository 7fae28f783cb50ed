/** What a source wants to send, while it is still in its hands. */
import { hex } from '../envelope/bytes.ts';
import type { ReplyBlock } from '../envelope/codename.ts';
import { encodeManifest, legalName, type Manifest } from '../envelope/manifest.ts';
import { chunksFor, lengthOf } from '../envelope/pad.ts';
import type { Sheet } from '../envelope/sheet.ts';
import { segmentHash } from '../envelope/tree.ts';
import type { Report } from '../inspect/report.ts';

/** The page takes so much at once; beyond it a program is the better way. */
export const MOST_BYTES = 20_000_000_000;

/** A file that was chosen. */
export interface Chosen {
  readonly file: File;
  /** As it goes into the drop. */
  readonly name: string;
  /** A few of its bytes when it was chosen; `undefined` while nobody has read it, or could. */
  glimpse: string | undefined;
  /** What it says about the source, once it was looked at. */
  report: Report | undefined;
  /** Whether the source wants a copy without that. It counts from the moment that it is ticked. */
  wantsClean: boolean;
  /** Such a copy, once it is made. */
  cleaned: Blob | undefined;
  /** Whether it was taken off the list: nobody waits for a look at it any more. */
  isRemoved: boolean;
  /** Resolves when it was looked at, or could not be. */
  looked: Promise<void>;
  /** Makes the copy that is wanted, tells of it where the file stands, and resolves then. */
  copied: () => Promise<void>;
}

export interface Order {
  message: string;
  readonly files: Chosen[];
  /** Whether more were chosen last than a drop can hold. */
  leftOut: boolean;
  way: ReplyBlock | undefined;
}

export function chosen(file: File): Chosen {
  return {
    file,
    name: legalName(file.name),
    glimpse: undefined,
    report: undefined,
    wantsClean: false,
    cleaned: undefined,
    isRemoved: false,
    looked: Promise.resolve(),
    copied: () => Promise.resolve(),
  };
}

/** Its bytes are others now: nothing that was said of it holds any more. What the source wants, it still wants. */
export function unlook(chosen: Chosen): void {
  chosen.glimpse = chosen.report = chosen.cleaned = undefined;
}

const GLIMPSE = 65_536;

/** A hash of its beginning, its middle and its end. Rejects where it cannot be read, or is shorter than it was. */
export async function glimpse(file: File): Promise<string> {
  const { size } = file;
  const places = [0, Math.floor(size / 2), Math.max(0, size - GLIMPSE)];
  const hashes = [];
  for (const from of places) {
    const bytes = new Uint8Array(await file.slice(from, from + GLIMPSE).arrayBuffer());
    if (bytes.length !== Math.min(GLIMPSE, size - from)) throw new RangeError('shorter');
    hashes.push(hex(await segmentHash(bytes)));
  }
  return hashes.join(' ');
}

/** What each file would weigh: a copy that is not made yet is taken to be as long as the file. */
function sizes(order: Order): number[] {
  return order.files.map(({ file, cleaned, wantsClean }) => ((wantsClean ? cleaned : undefined) ?? file).size);
}

export function manifest(order: Order, sheet: Sheet): Manifest {
  const long = sizes(order);
  const files = order.files.map(({ name }, at) => ({ name, size: long[at] ?? 0 }));
  const { message, way } = order;
  return { sheet: sheet.hash, quorum: sheet.quorum, files, message, ...(way === undefined ? {} : { way }) };
}

/** Bytes of all files. */
export function weight(order: Order): number {
  return sizes(order).reduce((sum, size) => sum + size, 0);
}

/** How long the sealed drop would be. */
export function sealedLength(order: Order, sheet: Sheet): number {
  return lengthOf(chunksFor(encodeManifest(manifest(order, sheet)).length + weight(order)));
}
