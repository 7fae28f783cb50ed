/** Days since 1970-01-01 in UTC: nothing signed tells a finer time. */
export const LAST_DAY = 2_932_896;

const MILLISECONDS = 86_400_000;

export function dayOf(date: Date): number {
  return Math.floor(date.getTime() / MILLISECONDS);
}

/** As `2026-11-23`. */
export function isoDay(day: number): string {
  return new Date(day * MILLISECONDS).toISOString().slice(0, 10);
}
