// The first page, and those that answer its form.
import assert from 'node:assert/strict'
import { DAY } from './newsroom.mjs'
import { GATEWAY } from './visit.mjs'

const RESULTS = ['arrived', 'may-have-arrived', 'nothing', 'unsealed', 'other-keys', 'damaged', 'full', 'closed', 'try-again']

export const front = [
  {
    name: 'without scripts',
    steps: [
      ['front-plain', async (v) => {
        v.line.when('GET /page.js', { answer: { status: 404 } })
        await v.open()
        await v.sees(v.texts.plain.why)
      }],
      ...RESULTS.map((name) => [`result-${name}`, async (v) => {
        await v.open(name)
        await v.sees(v.texts.results[name].text)
      }]),
    ],
  },
  {
    name: 'with scripts',
    steps: [
      ['front-loading', async (v) => {
        v.line.when('GET /charter', { hold: true })
        await v.open()
        await v.hears(v.texts.start.loading)
      }],
      ['front', async (v) => {
        v.line.clear()
        await v.page.waitForSelector('#choices:not([hidden])')
      }],
      ['front-same', async (v) => {
        await v.write(await v.page.$eval('#fingerprint', (shown) => shown.innerText), '#typed')
        await v.hears(v.texts.start.same)
      }],
      ['front-different', async (v) => {
        await v.write(v.papers.fingerprintText, '#typed')
        await v.hears(v.texts.start.different)
      }],
      ['front-unreadable', async (v) => {
        await v.write('kh 12', '#typed')
        await v.hears(v.texts.start.unreadable)
      }],
      ['front-coming', async (v) => {
        v.line.when('GET /later-', { hold: true })
        await v.page.click('#send')
        await v.hears(v.texts.start.coming)
      }],
      ['front-unreachable-later', async (v) => {
        v.line.when('GET /later-', { answer: { status: 503 } })
        v.line.release()
        await v.hears(v.texts.trouble.unreachable)
      }],
    ],
  },
  {
    name: 'with the newsroom\'s own words',
    steps: [
      ['front-named', async (v) => {
        const words = 'We look into what companies and offices do.\nWe read this box every day.\n\nعربي مع English.'
        v.line.when('GET /newsroom', { answer: { body: v.papers.about('The Example Review of Places, People and Public Money', words) } })
        await v.front()
        await v.sees(v.texts.start.fromNewsroom)
      }],
    ],
  },
  {
    name: 'warnings of papers',
    steps: [
      ['front-recovered', async (v) => {
        v.serve(v.papers.recovered())
        await v.front()
        await v.hears(v.texts.warnings.recovered)
      }],
      ['front-untrusted', async (v) => {
        v.line.when('GET /charter', { answer: { body: v.papers.founded().charter } })
        await v.open()
        await v.hears(v.texts.trouble.untrusted)
      }],
      ['front-no-keys', async (v) => {
        v.line.when('GET /charter', { answer: { status: 404 } })
        await v.open()
        await v.hears(v.texts.trouble['no-keys'])
      }],
      ['front-closed', async (v) => {
        v.line.clear()
        v.line.when('GET /sheet', { answer: { status: 404 } })
        await v.front()
        await v.hears(v.texts.trouble['no-keys'])
        await v.sees(v.texts.start.read)
      }],
      ['front-unreachable', async (v) => {
        v.line.when('GET /charter', { answer: { status: 503 } })
        await v.open()
        await v.hears(v.texts.trouble.unreachable)
      }],
    ],
  },
  {
    name: 'the last day of the keys',
    steps: [
      ['front-epoch', async (v) => {
        await v.itIs(DAY + 3)
        await v.front()
        await v.hears(v.texts.warnings.epoch)
      }],
    ],
  },
  {
    name: 'by a gateway',
    steps: [
      ['front-gateway', async (v) => {
        await v.open('', GATEWAY)
        await v.hears(v.texts.warnings.gateway)
        // Without an onion's address a browser has nothing to seal with.
        await v.hears(v.texts.warnings.cannotSeal)
        assert.equal(await v.page.$('#choices:not([hidden])'), null)
      }],
    ],
  },
  {
    name: 'a browser whose cipher fails',
    steps: [
      ['end-fault', async (v) => {
        await v.compose()
        await v.write('Hear me.')
        await v.ready()
        await v.page.evaluate(() => {
          SubtleCrypto.prototype.importKey = () => Promise.reject(new Error('no cipher'))
        })
        await v.next()
        await v.hears(v.texts.ends.fault)
        await v.on(v.texts.ends.title)
      }],
    ],
  },
  {
    name: 'at Standard',
    browser: 'standard',
    steps: [
      ['front-level', async (v) => {
        await v.front()
        // A machine that is busy at that moment passes for a slow browser.
        const isSaid = () => v.page.$eval('#says-level', (sentence) => !sentence.hidden)
        for (let loads = 0; loads < 50 && !(await isSaid()); loads += 1) await v.front()
        await v.hears(v.texts.warnings.level)
      }],
    ],
  },
  {
    name: 'in another browser',
    browser: 'other',
    steps: [
      ['front-browser', async (v) => {
        await v.front()
        await v.hears(v.texts.warnings.browser)
      }],
    ],
  },
]
