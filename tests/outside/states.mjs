// Every state that the page can be in, as what leads a source to it: walks of steps, each of which ends in a state.
import { randomFillSync } from 'node:crypto'
import { mkdirSync, readFileSync, truncateSync, writeFileSync } from 'node:fs'
import { join } from 'node:path'
import { pathToFileURL } from 'node:url'
import { levels, withBrowser } from './browser.mjs'
import { Line } from './line.mjs'
import { DAY } from './newsroom.mjs'
import { answers, HOSTS, saved } from './states-answers.mjs'
import { compose, words } from './states-compose.mjs'
import { front } from './states-front.mjs'
import { sending } from './states-sending.mjs'
import { ONION, Visit } from './visit.mjs'

/** { name, browser, steps: [[state, step], …] } */
export const walks = [...front, ...compose, ...words, ...sending, ...answers, ...saved]

/** Safer, but for its slow scripts: what is seen is the same, and a browser without WebAssembly is not warned of. */
const quick = {
  ...levels.standard,
  'javascript.options.wasm': false,
  'mathml.disabled': true,
  'gfx.font_rendering.opentype_svg.enabled': false,
  // Where the focus is, the page is at once.
  'general.smoothScroll': false,
}

/** Of the page, the first one first. */
export const LANGUAGES = ['en', 'zh-hans', 'zh-hant', 'es', 'fr', 'ru', 'ar', 'fa']

/** The browsers in which the page is in other states. */
const BROWSERS = {
  safer: quick,
  standard: levels.standard,
  other: { ...quick, 'privacy.resistFingerprinting': false },
  scriptless: { ...quick, 'javascript.enabled': false },
}

/** How a source may have set a browser. Tor Browser shows every page light; others do as the system is. */
export const LOOKS = {
  light: { 'layout.css.prefers-color-scheme.content-override': 1 },
  dark: { 'layout.css.prefers-color-scheme.content-override': 0, 'privacy.resistFingerprinting': false },
  // The size of text alone, and not of all else.
  large: { 'layout.css.prefers-color-scheme.content-override': 1, 'ui.textScaleFactor': 200, 'browser.display.os-zoom-behavior': 2 },
}

/**
 * Takes the walks, and calls `see(state, visit)` in every state. Gives what went wrong on the way: a walk ends with it.
 *   firefox, papers   the browser, and the bundle of client/page/tests/outside/papers.ts
 *   port              that of the newsroom
 *   page              the folder client/page
 *   folder            for files that are chosen
 *   look              one of LOOKS
 *   languages         which ones, one after the other
 *   isWanted          whether a state of a language is; walks without such are left out
 */
export async function walkAll({ firefox, papers, port, page, folder, look, languages, isWanted = () => true }, see) {
  const made = await things(papers, page, folder)
  const line = await Line.to(port, HOSTS)
  const wrong = []
  try {
    for (const [kind, preferences] of Object.entries(BROWSERS)) {
      const here = walks.filter(({ browser = 'safer' }) => browser === kind)
      const all = languages.flatMap((language) => {
        return here.filter(({ steps }) => steps.some(([state]) => isWanted(state, language))).map((walk) => ({ walk, language }))
      })
      if (all.length === 0) continue
      const settings = { ...preferences, ...LOOKS[look], ...through(line.port) }
      // A browser that resists fingerprinting is in UTC; the page knows Tor Browser by that.
      const env = { TZ: kind === 'other' ? 'Asia/Tehran' : 'UTC' }
      await withBrowser({ firefox, preferences: settings, origin: `http://${ONION}`, env }, async (first) => {
        for (const { walk, language } of all) {
          const around = { ...made, line, texts: await made.textsOf(language) }
          wrong.push(...(await take(walk, first.browser(), around, isWanted, see)))
        }
      })
    }
    const strangers = [...line.strangers].filter((name) => !HOSTS.includes(name))
    if (strangers.length > 0) wrong.push(`somebody else was asked: ${strangers}`)
    return wrong
  } finally {
    line.close()
  }
}

/** One visit of another kind, in English. Gives what went wrong. */
export async function withVisit({ firefox, papers, port, page, folder }, steps) {
  const made = await things(papers, page, folder)
  const line = await Line.to(port, HOSTS)
  try {
    const around = { ...made, line, texts: await made.textsOf('en') }
    const settings = { ...levels.safer, ...through(line.port) }
    let wrong = []
    await withBrowser({ firefox, preferences: settings, origin: `http://${ONION}`, env: { TZ: 'UTC' } }, async (first) => {
      const walk = { name: steps.name, steps: [['the end', steps]] }
      wrong = await take(walk, first.browser(), around, () => true, () => undefined)
    })
    return wrong
  } finally {
    line.close()
  }
}

async function take({ name, steps }, browser, around, isWanted, see) {
  const visit = await Visit.begin(browser, around)
  const { language } = around.texts
  let at = 'it began'
  try {
    for (const [state, step] of steps) {
      at = state
      await step(visit)
      if (isWanted(state, language)) await see(state, visit)
    }
    return []
  } catch (error) {
    return [`${language}: ${name}, until ${at}: ${error.message}`]
  } finally {
    await visit.end()
  }
}

function through(port) {
  return {
    'network.proxy.type': 1,
    'network.proxy.http': '127.0.0.1',
    'network.proxy.http_port': port,
    'network.proxy.ssl': '127.0.0.1',
    'network.proxy.ssl_port': port,
    'network.proxy.no_proxies_on': '',
    'network.dns.blockDotOnion': false,
    'dom.securecontext.allowlist_onions': true,
    'dom.securecontext.allowlist': ONION,
    'dom.security.https_first': false,
  }
}

/** What the walks are given: papers, and files to choose. */
async function things(papers, page, folder) {
  const { PaperNewsroom, about, wordsOf, textsOf } = await import(pathToFileURL(papers).href)
  const newsroom = new PaperNewsroom(DAY - 3)
  const entropy = Uint8Array.from({ length: 16 }, (_, at) => at)
  const replies = [
    [2, 'Thank you. Can you tell us who signed the second page?\nDo not write to us in any other way.', 'editor'],
    [3, 'We have seen the place.', 'former'],
    [7, 'عربي: شكرًا لك.\nWe print it in spring.', 'editor'],
    [8, 'Come to the station.', 'stranger'],
  ]
  const mailbox = Buffer.concat(replies.map(([number, message, by]) => newsroom.reply(entropy, number, message, by)))
  const words = wordsOf(entropy, readFileSync(join(page, 'dist/words.txt'), 'utf8'))
  const forged = Object.assign(newsroom, { about, mailbox, words })
  return { textsOf, papers: forged, files: files(page, folder), saved: pathToFileURL(join(page, 'dist/saved.html')).href }
}

/** A picture of one point, which says nothing about anybody. */
const DOT = 'iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNk+M9QDwADhgGAWjR9awAAAABJRU5ErkJggg=='

function files(page, folder) {
  mkdirSync(folder, { recursive: true })
  const made = new Map()
  const make = (name, content) => {
    const path = join(folder, name)
    writeFileSync(path, content)
    made.set(name, path)
    return path
  }
  make('notes.txt', 'What was said at the meeting.\n')
  make('empty.txt', '')
  // What becomes of it, a walk decides.
  make('cut.jpg', '')
  make('noise.bin', randomFillSync(Buffer.alloc(3_000)))
  make('6 MB.bin', Buffer.alloc(6_000_000, 7))
  make('plan.pdf', '%PDF-1.4\n1 0 obj <</Author (Somebody) /Producer (A program) /CreationDate (D:20240102030405Z)>> endobj\ntrailer <</Info 1 0 R>>\n%%EOF\n')
  // An archive with nothing in it.
  make('all.zip', Buffer.concat([Buffer.from('PK\x05\x06', 'latin1'), Buffer.alloc(18)]))
  truncateSync(make('20 GB.bin', 'a'), 20_000_000_001)
  make('dot.png', Buffer.from(DOT, 'base64'))
  made.set('phone.jpg', join(page, '../inspect/tests/samples/phone.jpg'))
  return made
}
