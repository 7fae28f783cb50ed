import { Upload, type Progress, type UploadEnd } from '../../src/dropbox/upload.ts';
import type { Ask } from '../../src/dropbox/wire.ts';
import { SEGMENT } from '../../src/parcel.ts';
import { turn } from './hand-clock.ts';
import type { ModelBox } from './model.ts';
import type { TestParcel } from './parcels.ts';

/** One segment. */
export const SMALL = 1_060_864;
/** Two segments and a bit: one lane. */
export const MIDDLE = 2 * SEGMENT + 1_000;
/** Three lanes. */
export const LARGE = 6 * SEGMENT + 1_000;

/** Runs an upload; time goes on exactly while it waits. */
export function sent(model: ModelBox, parcel: TestParcel, see: (progress: Progress) => void = () => undefined) {
  const onProgress = (progress: Progress) => {
    see(progress);
    const { waiting } = progress;
    if (waiting !== undefined && progress.state !== 'paused') {
      setImmediate(() => model.clock.turnOn(waiting.milliseconds));
    }
  };
  return new Upload(model.box(), parcel, { onProgress });
}

export function run(model: ModelBox, parcel: TestParcel): Promise<UploadEnd> {
  return sent(model, parcel).run();
}

/** The requests of a kind, in order. */
export function asked(model: ModelBox, method: Ask['method']): Ask[] {
  return model.asks.filter((ask) => ask.method === method);
}

/** Lets time go on in steps while nothing else makes it, until the work is over. */
export async function passing<T>(model: ModelBox, work: Promise<T>, step: number): Promise<T> {
  let over = false;
  const end = () => void (over = true);
  work.then(end, end);
  while (!over) {
    for (let turns = 0; turns < 5; turns += 1) await turn();
    model.clock.turnOn(step);
  }
  return work;
}
