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
  // A step of the clock may fall into the quickest of runs, and then it seems to have taken all of it.
  for (let run = 0; run < RUNS; run += 1) {
    const took = milliseconds();
    if (took < STEP) return true;
    if (took > STEP) return false;
  }
  return false;
}

function milliseconds(): number {
  const begun = performance.now();
  let sum = 0;
  for (let turn = 0; turn < TURNS; turn += 1) sum = (sum + turn) % 1_021;
  return sum >= 0 ? Math.round(performance.now() - begun) : Infinity;
}

/** A compiler needs some milliseconds for so many turns, an interpreter some hundred. */
const TURNS = 4_000_000;
/** The clock goes in steps of so many milliseconds. */
const STEP = 100;
const RUNS = 3;
