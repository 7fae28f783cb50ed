// What a chosen file is, by its bytes; what it says about whoever made it; and cleaned copies made of its own slices.
import { judged, type Judged } from './judge.ts';
import type { Report, Uncleanable } from './report.ts';
import { Seen } from './seen.ts';

export { MOST_FINDINGS, MOST_WORDS, WHATS } from './report.ts';
export type { Finding, Kind, Limit, Note, Report, Uncleanable, What, Why } from './report.ts';

/** Says what a file is and carries. It reads what it needs, at most 64 MiB, and never fails. */
export async function look(file: Blob): Promise<Report> {
  const { kind, seen, plan } = await calmly(file);
  return { kind, findings: seen.findings(), limits: seen.limits(), cleanable: typeof plan !== 'string' };
}

/** A copy without what the file says, with the same picture and sound byte for byte; or why there is none. */
export async function clean(file: Blob): Promise<Blob | Uncleanable> {
  const { kind, plan } = await calmly(file);
  return typeof plan === 'string' ? { kind, why: plan } : plan.blob(file);
}

/** A fault of this code must not keep a source from sending: nothing is known of the file then. */
async function calmly(file: Blob): Promise<Judged> {
  try {
    return await judged(file);
  } catch {
    const seen = new Seen();
    seen.limit('damaged');
    return { kind: 'unknown', seen, plan: 'damaged' };
  }
}
