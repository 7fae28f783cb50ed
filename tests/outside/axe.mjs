// That everybody can read and use the page, in every state:
//
//   node axe.mjs FIREFOX NEWSROOM PAPERS PAGE [all]
//
// NEWSROOM is the example test_newsroom, PAPERS the bundle of client/page/tests/outside/papers.ts, PAGE the folder
// client/page. With `all` every state is looked at in every language, light and dark; without it in the combinations of
// USUAL below. It ends with 1 and a sentence for each thing that is wrong.
import { mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { createRequire } from 'node:module'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { byKeyboard, sendByKeyboard } from './keyboard.mjs'
import { withNewsroom } from './newsroom.mjs'
import { LANGUAGES, walkAll } from './states.mjs'

const AXE = readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8')
/** All rules of WCAG up to 2.2 AA, and what axe calls best practices. */
const RULES = ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22a', 'wcag22aa', 'best-practice']

/** The order of what can be reached is the same in all languages, but for those that are read from the right. */
const BY_KEYBOARD = ['en', 'fa']
/** Axe waits, and nothing in a page waits where scripts are off. */
const HAS_TIMERS = (state) => state !== 'saved-plain'

/** What has no state of its own: names, units, and kinds of files and of what is in them, one like the other. */
const WITHOUT_STATE = ['language', 'direction', 'common', 'inspect.kinds', 'inspect.whats', 'inspect.limits']

const [firefox, program, papers, page, extent] = process.argv.slice(2)

const isFront = (state) => state === 'front' || state === 'front-plain'
/** What the continuous integration looks at: all states in three languages, two of them light, and all fronts. */
const USUAL = {
  light: (state, language) => isFront(state) || language === 'en' || language === 'ar',
  dark: (state, language) => isFront(state) || language === 'zh-hans',
  large: (state, language) => language === 'ru',
}
const ALL = { light: () => true, dark: () => true, large: () => true }

const folder = mkdtempSync(join(tmpdir(), 'knothole-axe-'))
try {
  const wrong = await withNewsroom(program, folder, async (port) => {
    const looks = Object.entries(extent === 'all' ? ALL : USUAL).map(([look, isWanted]) => {
      return lookedAt({ firefox, papers, port, page, folder: join(folder, look), look, languages: LANGUAGES, isWanted })
    })
    const ways = await Promise.all(looks)
    const around = { firefox, papers, port, page, folder: join(folder, 'keyboard') }
    return [...ways.flat(), ...(await sendByKeyboard(around))]
  })
  for (const sentence of wrong) console.error(sentence)
  if (wrong.length > 0) process.exitCode = 1
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function lookedAt(around) {
  const { look } = around
  const wrong = []
  let states = 0
  const said = new Map()
  const onTheWay = await walkAll(around, async (state, visit) => {
    const where = `${state} (${visit.texts.language}, ${look})`
    states += 1
    const { texts } = visit
    said.set(texts, `${said.get(texts) ?? ''} ${await words(visit.page)}`)
    const found = [...(await fits(visit.page)), ...(look === 'large' || !HAS_TIMERS(state) ? [] : await byAxe(visit.page))]
    if (look === 'light') found.push(...(await onTelephone(visit.page)))
    if (look === 'light' && BY_KEYBOARD.includes(visit.texts.language)) found.push(...(await byKeyboard(visit.page)))
    wrong.push(...found.map((sentence) => `${where}: ${sentence}`))
  })
  console.log(`${look}: ${states} states`)
  const silent = [...said].filter(([{ language }]) => !isPart(look, language)).flatMap(([texts, all]) => neverSaid(texts, all, look))
  return [...onTheWay, ...wrong, ...silent]
}

/** Whether the fronts alone of a language are looked at. */
function isPart(look, language) {
  return extent !== 'all' && !USUAL[look]('ready', language)
}

function words(page) {
  return page.evaluate(() => `${document.body.innerText} ${[...document.querySelectorAll('[title], [aria-label]')].map((one) => one.title + one.ariaLabel)}`.replace(/\s+/g, ' '))
}

/** Every sentence of the page is said in some state, or the list of states is not whole. */
function neverSaid(texts, said, look, path = '') {
  return Object.entries(texts).flatMap(([key, value]) => {
    const place = `${path}${key}`
    if (WITHOUT_STATE.some((known) => place === known || place.startsWith(`${known}.`))) return []
    if (typeof value === 'object') return neverSaid(value, said, look, `${place}.`)
    const pieces = value.split(/`|\{\w+\}/).map((piece) => piece.replace(/\s+/g, ' ').trim())
    return pieces.every((piece) => said.includes(piece)) ? [] : [`${look}: no state says ${place}: ${value}`]
  })
}

/** Nothing is wider than the window, the narrowest that WCAG asks for, whatever the size of the text. */
async function fits(page) {
  return page.evaluate(() => {
    const { scrollWidth, clientWidth } = document.documentElement
    const beyond = [...document.querySelectorAll('body *')].filter((one) => {
      const { left, right, width } = one.getBoundingClientRect()
      return width > 1 && (left < -0.5 || right > clientWidth + 0.5) && one.closest('[hidden], .unseen') === null
    })
    if (scrollWidth <= clientWidth && beyond.length === 0) return []
    return [`it is ${scrollWidth} wide in a window of ${clientWidth}: ${beyond.map((one) => one.outerHTML.slice(0, 80)).join(' ')}`]
  })
}

async function byAxe(page) {
  if (!(await page.evaluate(() => 'axe' in globalThis))) await page.evaluate(AXE)
  const violations = await page.evaluate(async (values) => {
    const { violations } = await globalThis.axe.run(document, { runOnly: { type: 'tag', values }, resultTypes: ['violations'] })
    return violations.map(({ id, help, nodes }) => ({ id, help, nodes: nodes.map(({ target, failureSummary }) => ({ target, failureSummary })) }))
  }, RULES)
  return violations.map(({ id, help, nodes }) => {
    const [{ target, failureSummary }] = nodes
    return `${id}: ${help}: ${target} and ${nodes.length - 1} more: ${failureSummary.replace(/\s+/g, ' ')}`
  })
}

/** What a thumb touches is large enough, and whole: in this window, so in the 360 x 640 of a small telephone too. */
async function onTelephone(page) {
  return page.evaluate(() => {
    const LEAST = 24
    const wrong = []
    for (const one of document.querySelectorAll('a[href], button, input, select, textarea')) {
      if (!one.checkVisibility()) continue
      // A link in the midst of a sentence is as high as its line.
      if (one.matches('main p a, main li a')) continue
      const { width, height, left, right } = one.getBoundingClientRect()
      const which = one.outerHTML.slice(0, 80)
      if (width < LEAST || height < LEAST) wrong.push(`it is ${width} x ${height}, less than a thumb needs: ${which}`)
      if (left < 0 || right > innerWidth || (one.matches('a, button') && one.scrollWidth > one.clientWidth + 1)) wrong.push(`it is cut off on a telephone: ${which}`)
    }
    return wrong
  })
}
