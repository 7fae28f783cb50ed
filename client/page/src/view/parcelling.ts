/** What a source wants to send, while it is still in its hands. */
import type { ReplyBlock } from '../envelope/codename.ts';
import { encodeManifest, legalName, type Manifest } from '../envelope/manifest.ts';
import { chunksFor, lengthOf } from '../envelope/pad.ts';
import type { Sheet } from '../envelope/sheet.ts';
import type { Report } from '../inspect/report.ts';

/** The page takes so much at once; beyond it a program is the better way. */
export const MOST_BYTES = 20_000_000_000;

/** A file that was chosen. */
export interface Chosen {
  readonly file: File;
  /** As it goes into the drop. */
  readonly name: string;
  /** What it says about the source, once it was looked at. */
  report: Report | undefined;
  /** Whether the source wants a copy without that. It counts from the moment that it is ticked. */
  wantsClean: boolean;
  /** Such a copy, once it is made. */
  cleaned: Blob | undefined;
  /** Resolves when it was looked at, or could not be. */
  looked: Promise<void>;
}

export interface Order {
  message: string;
  readonly files: Chosen[];
  way: ReplyBlock | undefined;
}

export function chosen(file: File): Chosen {
  return {
    file,
    name: legalName(file.name),
    report: undefined,
    wantsClean: false,
    cleaned: undefined,
    looked: Promise.resolve(),
  };
}

export function bodies(order: Order): Blob[] {
  return order.files.map(({ file, cleaned, wantsClean }) => (wantsClean ? cleaned : undefined) ?? file);
}

export function manifest(order: Order, sheet: Sheet): Manifest {
  const files = order.files.map(({ name }, at) => ({ name, size: bodies(order)[at]?.size ?? 0 }));
  const { message, way } = order;
  return { sheet: sheet.hash, quorum: sheet.quorum, files, message, ...(way === undefined ? {} : { way }) };
}

/** Bytes of all files. */
export function weight(order: Order): number {
  return bodies(order).reduce((sum, body) => sum + body.size, 0);
}

/** How long the sealed drop would be. */
export function sealedLength(order: Order, sheet: Sheet): number {
  return lengthOf(chunksFor(encodeManifest(manifest(order, sheet)).length + weight(order)));
}
