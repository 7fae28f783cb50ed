/** What the browser shows about where the page runs. */

/** What a source has to be warned of. */
export type Danger = 'gateway' | 'cannotSeal' | 'browser' | 'level';

export function dangers(): Danger[] {
  const found: Danger[] = [];
  if (!isOnion() && !isHere()) found.push('gateway');
  if (!canSeal()) found.push('cannotSeal');
  if (!isTorBrowser()) found.push('browser');
  else if (isFast()) found.push('level');
  return found;
}

function isOnion(): boolean {
  return location.hostname.endsWith('.onion');
}

/** A browser gives a page its cipher only where nobody on the line can change the page: an onion service, HTTPS, a file. */
function canSeal(): boolean {
  return globalThis.crypto?.subtle !== undefined;
}

/** A page that was saved, and a drop-box that is being tried. */
function isHere(): boolean {
  return location.protocol === 'file:' || location.hostname === '127.0.0.1' || location.hostname === 'localhost';
}

/** Firefox that resists fingerprinting: its engine is Gecko, and its time zone UTC, which it calls by two names. */
function isTorBrowser(): boolean {
  const isGecko = CSS.supports('-moz-appearance', 'none');
  const { timeZone } = new Intl.DateTimeFormat().resolvedOptions();
  return isGecko && ['UTC', 'Atlantic/Reykjavik'].includes(timeZone);
}

/** At Safer there is no WebAssembly and no just-in-time compiler. What is slow for another reason is not warned of. */
function isFast(): boolean {
  if (typeof WebAssembly !== 'object') return false;
  const begun = performance.now();
  let sum = 0;
  for (let turn = 0; turn < TURNS; turn += 1) sum = (sum + turn) % 1_021;
  return performance.now() - begun < MILLISECONDS && sum >= 0;
}

/** A compiler needs some milliseconds for so many turns, an interpreter some hundred. The clock has steps of 100 ms. */
const TURNS = 4_000_000;
const MILLISECONDS = 90;
