import type { Waits } from './clock.ts';
import { Halt, Later, Never, Unknown } from './trouble.ts';

/** So long nothing need come back before the drop-box is asked whether it is still there. */
const QUIET = 15_000;
/** How long it may take to say so: behind what is on its way already, on a slow line. */
export const PROBE_PATIENCE = 45_000;

/**
 * Works; while no answer comes, probes. What neither answers within a minute is dead, however large the
 * piece and slow the line: Tor notices it much later, and a browser does not say.
 */
export async function watched<T>(
  waits: Waits,
  outer: AbortSignal,
  work: (signal: AbortSignal) => Promise<T>,
  probe: (signal: AbortSignal) => Promise<unknown>,
): Promise<T> {
  const inner = new AbortController();
  const over = new AbortController();
  const end = () => inner.abort();
  outer.addEventListener('abort', end);
  let dead = false;
  const watch = async () => {
    for (;;) {
      await waits.wait(QUIET, over.signal);
      if (over.signal.aborted) return;
      if (await probe(over.signal).then(() => true, isAnswer)) continue;
      dead = !over.signal.aborted;
      return end();
    }
  };
  void watch();
  try {
    if (outer.aborted) throw new Halt();
    return await work(inner.signal);
  } catch (error) {
    if (outer.aborted) throw new Halt();
    throw dead ? new Later('silence') : error;
  } finally {
    over.abort();
    outer.removeEventListener('abort', end);
  }
}

/** A refusal came through a living circuit. But a drop-box that forgot the upload takes no piece of it. */
function isAnswer(error: unknown): boolean {
  if (error instanceof Later) return error.why === 'busy' || error.why === 'full';
  return !(error instanceof Unknown) && (error instanceof Never || error instanceof Halt);
}
