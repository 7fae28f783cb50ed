/** Copies without what a file says about the source. Where one is wanted, the file itself is never sealed in its place. */
import { FileChanged } from '../parcel.ts';
import type { Chosen, Order } from './parcelling.ts';

/** No copy could be made of a file that must not go as it is. */
export class NoCopy extends Error {
  override readonly name = 'NoCopy';
  /** Its place among the files, from 0. */
  readonly file: number;

  constructor(file: number) {
    super(`no copy of file ${file}`);
    this.file = file;
  }
}

/** Whether a copy is wanted, and not there. */
export function lacksCopy({ wantsClean, cleaned }: Chosen): boolean {
  return wantsClean && cleaned === undefined;
}

/** Makes the copy of a file. Whether there is one then, `cleaned` says. Who asks while it is being made waits for the same. */
export function makeCopy(chosen: Chosen): Promise<void> {
  const making = inTheMaking.get(chosen) ?? copyOf(chosen.file).then((cleaned) => {
    inTheMaking.delete(chosen);
    chosen.cleaned = cleaned;
  });
  inTheMaking.set(chosen, making);
  return making;
}

const inTheMaking = new WeakMap<Chosen, Promise<void>>();

/**
 * Makes all wanted copies again: a copy is made of the file's own bytes, and those of a file that was replaced since it
 * was looked at would go uncleaned. Throws `NoCopy`, or `FileChanged`.
 */
export async function copyAgain({ files }: Order): Promise<void> {
  for (const [at, chosen] of files.entries()) {
    if (!chosen.wantsClean) continue;
    const before = chosen.cleaned;
    chosen.cleaned = await copyOf(chosen.file);
    if (chosen.cleaned === undefined) throw new NoCopy(at);
    if (before !== undefined && before.size !== chosen.cleaned.size) throw new FileChanged(at);
  }
}

/** What is sealed, in the order of the files. Throws `NoCopy`. */
export function bodies({ files }: Order): Blob[] {
  return files.map(({ file, cleaned, wantsClean }, at) => {
    if (!wantsClean) return file;
    if (cleaned === undefined) throw new NoCopy(at);
    return cleaned;
  });
}

async function copyOf(file: Blob): Promise<Blob | undefined> {
  const { clean } = await import('../inspect/index.ts');
  const cleaned = await clean(file).catch(() => undefined);
  return cleaned instanceof Blob ? cleaned : undefined;
}
