// One file, sent by a browser, and how long it took:
//
//   node speed.mjs FIREFOX ORDER
//
// ORDER is a JSON file:
//   way      page: sealed and sent by our page; form: handed in at our form; onionshare: to its receive mode
//   level    standard or safer
//   origin   where that is
//   socks    a Tor client's SOCKS port; without it the origin is asked directly
//   file     what is sent; the form takes a sealed one
//   server   the ids of the processes that receive it
// It prints {"seconds", "browser": {"cpu", "memory"}, "server": {"cpu", "memory"}}, counted from the moment that the
// source says to send until the browser shows that it has arrived; seconds of processor time, and bytes at the peak.
import { readFileSync } from 'node:fs'
import { levels, throughTor, withBrowser } from './browser.mjs'
import { Footprint } from './footprint.mjs'

/** How long one may take. Over a line that needs longer, nothing is measured of a browser. */
const PATIENCE = 600_000

const [firefox, path] = process.argv.slice(2)
const { way, level, origin, socks, file, server } = JSON.parse(readFileSync(path, 'utf8'))

/** Each makes ready, and gives what sends and what waits for the end of it. */
const ways = { page: byPage, form: byForm, onionshare: toOnionShare }

/** OnionShare's pictures are asked for where they are, at an onion without a certificate. */
const asWritten = { 'security.mixed_content.upgrade_display_content': false }

const preferences = { ...levels[level], ...asWritten, ...(socks === undefined ? {} : throughTor(socks, new URL(origin).hostname)) }

await withBrowser({ firefox, preferences, origin }, async (page) => {
  await page.goto(`${origin}/`)
  const { send, arrived } = await ways[way](page)
  const browser = new Footprint([page.browser().process().pid])
  const receiver = new Footprint(server)
  const begun = performance.now()
  const arriving = arrived()
  await send()
  await arriving
  const seconds = (performance.now() - begun) / 1_000
  process.stdout.write(`${JSON.stringify({ seconds, browser: browser.end(), server: receiver.end() })}\n`)
})

/** From the click on Send to the heading that says that it arrived and matches. */
async function byPage(page) {
  await page.waitForSelector('#choices:not([hidden])')
  await page.click('#send')
  const picker = await page.waitForSelector('input[type=file][multiple]')
  await picker.uploadFile(file)
  await page.waitForSelector('.files > li')
  await next(page)
  await page.waitForSelector('input[value=none]')
  await page.click('input[value=none]')
  await next(page)
  await page.waitForFunction(() => document.querySelector('input[value=none]') === null)
  const ended = async () => {
    // The heading of each screen is the first thing that tells how it went.
    await until(page, () => !['Ready to send', 'Sending'].includes(document.querySelector('h1')?.textContent ?? ''))
    const heading = await page.$eval('h1', (one) => one.textContent)
    if (heading !== 'Arrived, and matches') throw new Error(`the page ended with: ${heading}`)
  }
  return { send: () => next(page), arrived: ended }
}

/** From the submission to the page that says that it arrived whole. */
async function byForm(page) {
  // Where scripts run the form is hidden once the newsroom's papers are there; it works all the same.
  await page.waitForSelector('#choices:not([hidden])')
  const picker = await page.$('#sealed')
  await picker.uploadFile(file)
  const ended = async () => {
    await page.waitForNavigation({ timeout: PATIENCE })
    if (page.url() !== `${origin}/arrived`) throw new Error(`the form was answered by ${page.url()}`)
  }
  return { send: () => page.$eval('#sealed', (field) => field.form.requestSubmit()), arrived: ended }
}

/** From the submission to the words that its server answers. */
async function toOnionShare(page) {
  const picker = await page.waitForSelector('#file-select')
  await page.waitForFunction(() => globalThis.jQuery?._data(document.querySelector('#send'), 'events')?.submit !== undefined)
  await picker.uploadFile(file)
  const ended = async () => {
    await until(page, () => document.querySelector('#send, .upload') === null || document.querySelector('#flashes li') !== null)
    const error = await page.evaluate(() => document.querySelector('#flashes .error')?.textContent)
    if (error !== undefined) throw new Error(`OnionShare said: ${error}`)
  }
  return { send: () => page.$eval('#send', (form) => form.requestSubmit()), arrived: ended }
}

/** Asked at each change of the document, so that waiting costs the browser next to nothing. */
async function until(page, condition) {
  await page.waitForFunction(condition, { polling: 'mutation', timeout: PATIENCE })
}

/** The one button that goes on. */
async function next(page) {
  await page.evaluate(() => document.querySelector('button.main').click())
}
