// Pictures of every state of the page, for people to look at:
//
//   node looks.mjs FIREFOX NEWSROOM PAPERS PAGE FOLDER [STATE…]
//
// They go to FOLDER as STATE-LANGUAGE-LOOK-WIDTH.png: every state in English, light at each width and dark at the
// largest; those before anything is sealed in Arabic and simplified Chinese too.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { withNewsroom } from './newsroom.mjs'
import { walkAll } from './states.mjs'
import { NARROW } from './visit.mjs'

const [firefox, program, papers, page, into, ...states] = process.argv.slice(2)
const HEIGHTS = { 320: 640, 768: 1_024, 1280: 800 }
const WIDTHS = { light: [320, 768, 1_280], dark: [1_280] }
/** A browser draws no picture that is higher than 65,535. */
const HIGHEST = 12_000

const isWanted = (state, language) => {
  return (language === 'en' || /^(front|compose|words)/.test(state)) && (states.length === 0 || states.includes(state))
}

mkdirSync(into, { recursive: true })
const folder = mkdtempSync(join(tmpdir(), 'knothole-looks-'))
try {
  await withNewsroom(program, folder, async (port) => {
    const ways = Object.entries(WIDTHS).map(async ([look, widths]) => {
      const around = { firefox, papers, port, page, folder: join(folder, look), look, languages: ['en', 'ar', 'zh-hans'], isWanted }
      return walkAll(around, (state, visit) => pictures(visit, `${state}-${visit.texts.language}-${look}`, widths))
    })
    const wrong = (await Promise.all(ways)).flat()
    for (const sentence of wrong) console.error(sentence)
    if (wrong.length > 0) process.exitCode = 1
  })
} finally {
  rmSync(folder, { recursive: true, force: true })
}

async function pictures({ page }, name, widths) {
  for (const width of widths) {
    await page.setViewport({ width, height: HEIGHTS[width] })
    const height = Math.min(HIGHEST, await page.evaluate(() => document.documentElement.scrollHeight))
    await page.screenshot({ path: join(into, `${name}-${width}.png`), clip: { x: 0, y: 0, width, height }, captureBeyondViewport: true })
  }
  await page.setViewport(NARROW)
}
