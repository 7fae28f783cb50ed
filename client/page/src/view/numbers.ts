/** Numbers as people of a language write them. */
import type { Texts } from '../texts/en.ts';
import { fill } from './element.ts';

/** A number of bytes, in powers of a thousand. */
export function size(texts: Texts, bytes: number): string {
  let [value, unit] = [bytes, 0];
  while (value >= 1_000 && unit < texts.common.bytes.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  const digits = unit === 0 ? 0 : 1;
  const n = new Intl.NumberFormat(texts.language, { minimumFractionDigits: digits, maximumFractionDigits: digits });
  // Rounded down: 100 % is told when it is all there.
  return fill(texts.common.bytes[unit] ?? '{n}', { n: n.format(Math.floor(value * 10 ** digits) / 10 ** digits) });
}

/** A span of time, never too exact. */
export function span(texts: Texts, seconds: number): string {
  const { aMinute, minutes, hours, days } = texts.common;
  const number = (value: number): string => new Intl.NumberFormat(texts.language).format(Math.ceil(value));
  if (seconds <= 60) return aMinute;
  if (seconds <= 7_200) return fill(minutes, { n: number(seconds / 60) });
  if (seconds <= 172_800) return fill(hours, { n: number(seconds / 3_600) });
  return fill(days, { n: number(seconds / 86_400) });
}

export function count(texts: Texts, value: number | bigint): string {
  return new Intl.NumberFormat(texts.language).format(value);
}

/** A day since 1970-01-01, in UTC. */
export function day(language: string, value: number): string {
  const format = new Intl.DateTimeFormat(language, { dateStyle: 'long', timeZone: 'UTC', calendar: 'gregory' });
  return format.format(new Date(value * 86_400_000));
}
