// Sealing and sending, and how that can end.
import assert from 'node:assert/strict'
import { truncateSync, writeFileSync } from 'node:fs'

/** What the drop-box says when it has all of it, without the hash of it. */
const withoutTree = ({ 'knothole-tree': _, ...headers }) => headers

export const sending = [
  {
    name: 'sending, on a bad line',
    steps: [
      ['sending-sealing', async (v) => {
        await v.compose()
        await v.write('Hear me.')
        await v.choose('6 MB.bin')
        await v.looked()
        await v.next()
        await v.on(v.texts.words.title)
        await v.next()
        await v.on(v.texts.words.shownTitle)
        const words = await v.page.$$eval('.words li', (all) => all.map((one) => one.innerText))
        await v.next()
        await v.write(words.join(' '))
        await v.next()
        await v.on(v.texts.ready.title)
        v.line.when('GET /charter', { hold: true })
        v.line.when('POST /drops', { hold: true })
        v.line.when('PATCH /drops/', { hold: true }, { first: 2 })
        await v.next()
        await v.hears(v.texts.sending.sealing)
        await v.on(v.texts.sending.title)
      }],
      ['sending-waiting', async (v) => {
        v.line.release('GET /charter')
        await v.page.waitForSelector('progress')
        await v.hears(v.texts.sending.waiting)
      }],
      ['sending', async (v) => {
        v.line.release('POST /drops')
        await v.sees(v.texts.sending.rate)
      }],
      ['sending-paused', async (v) => {
        await v.press(v.texts.sending.pause)
        await v.hears(v.texts.sending.paused)
      }],
      ['sending-line-lost', async (v) => {
        v.line.clear()
        v.line.when('HEAD /drops/', { cut: true })
        await v.press(v.texts.sending.resume)
        await v.hears(v.texts.sending.lost)
      }],
      ['sending-busy', async (v) => {
        v.line.when('HEAD /drops/', { answer: { status: 503 } })
        await v.lineIsBack()
        await v.hears(v.texts.sending.busy)
      }],
      ['sending-no-room', async (v) => {
        v.line.when('HEAD /drops/', { answer: { status: 507 } })
        await v.lineIsBack()
        await v.hears(v.texts.sending.full)
      }],
      ['sending-finishing', async (v) => {
        v.line.clear()
        v.line.when('PATCH /drops/', { tell: withoutTree })
        v.line.when('HEAD /drops/', { hold: true }, { first: 1 })
        await v.lineIsBack()
        await v.hears(v.texts.sending.finishing)
      }],
      ['sending-stop', async (v) => {
        await v.press(v.texts.sending.stop)
        await v.hears(v.texts.sending.stopSure)
      }],
      ['end-matches', async (v) => {
        await v.press(v.texts.common.no)
        v.line.clear()
        await v.on(v.texts.done.title)
        await v.sees(v.texts.done.words)
      }],
      ['words-same', async (v) => {
        await v.press(v.texts.done.more)
        await v.on(v.texts.compose.title)
        await v.write('And one more thing.')
        await v.next()
        await v.on(v.texts.words.title)
        await v.sees(v.texts.words.same)
        assert.equal(await v.page.$eval('input[name=way]:checked', ({ value }) => value), 'fresh')
      }],
    ],
  },
  {
    name: 'ends',
    steps: [
      ['end-matches-no-way-back', async (v) => {
        await v.compose()
        await v.write('Hear me.')
        await v.ready()
        await v.next()
        await v.on(v.texts.done.title)
        await v.sees(v.texts.done.noWords)
      }],
    ],
  },
  {
    name: 'ends without an arrival',
    steps: [
      ['keys-unreachable', async (v) => {
        await v.compose()
        await v.write('Hear me.')
        await v.choose('6 MB.bin')
        await v.looked()
        await v.ready()
        v.line.when('GET /charter', { answer: { status: 503 } })
        await v.next()
        await noKeys(v, 'unreachable')
      }],
      ['keys-gone', async (v) => {
        v.line.when('GET /charter', { answer: { status: 404 } })
        await v.next()
        await noKeys(v, 'no-keys')
      }],
      ['end-stopped', async (v) => {
        v.line.clear()
        v.line.when('PATCH /drops/', { hold: true }, { first: 1 })
        await v.next()
        await v.sees(v.texts.sending.stored)
        await v.press(v.texts.sending.stop)
        await v.press(v.texts.common.yes)
        await ended(v, 'stopped')
      }],
      ['end-differs', async (v) => {
        const another = (headers) => ('knothole-tree' in headers ? { ...headers, 'knothole-tree': 'a'.repeat(64) } : headers)
        await again(v, ['PATCH /drops/', { tell: another }])
        await ended(v, 'differs')
      }],
      ['end-may-have-arrived', async (v) => {
        await again(v, ['PATCH /drops/', { tell: withoutTree }], ['HEAD /drops/', { hold: true }])
        await v.hears(v.texts.sending.finishing)
        await v.press(v.texts.sending.stop)
        await v.press(v.texts.common.yes)
        await ended(v, 'may-have-arrived', v.texts.ends.unsure)
      }],
      ...[['gate', 422], ['full', 507], ['too-large', 413], ['forbidden', 403], ['protocol', 400]].map(([why, status]) => [
        `end-${why}`,
        async (v) => {
          await again(v, ['POST /drops', { answer: { status } }])
          await ended(v, why)
        },
      ]),
      ['end-forgotten', async (v) => {
        await again(v, ['PATCH /drops/', { answer: { status: 404 } }])
        await ended(v, 'forgotten')
      }],
      ['end-lost-bytes', async (v) => {
        // Of what was acknowledged as a whole segment nothing is left.
        let most = 0
        const fewer = (headers) => {
          const had = most
          most = Number(headers['upload-offset'])
          return had >= 4_194_304 ? { ...withoutTree(headers), 'upload-offset': '1' } : headers
        }
        await again(v, ['PATCH /drops/', { tell: fewer }])
        await ended(v, 'lost-bytes')
      }],
      ['end-nonsense', async (v) => {
        await again(v, ['PATCH /drops/', { tell: (headers) => ({ ...headers, 'upload-offset': '999999999' }) }])
        await ended(v, 'nonsense')
      }],
      ['end-file-changed', async (v) => {
        await v.press(v.texts.ends.begin)
        await v.on(v.texts.compose.title)
        await v.ready()
        truncateSync(v.files.get('6 MB.bin'), 1_000)
        await v.next()
        await ended(v, 'changed')
      }],
      ['compose-unreadable', async (v) => {
        await v.press(v.texts.ends.begin)
        await v.on(v.texts.compose.title)
        await v.next()
        await v.hears(v.texts.compose.unreadable)
      }],
      ['keys-untrusted', async (v) => {
        writeFileSync(v.files.get('6 MB.bin'), Buffer.alloc(6_000_000, 7))
        await v.press(v.texts.common.remove)
        await v.choose('6 MB.bin')
        await v.looked()
        await v.ready()
        v.line.when('GET /charter', { answer: { body: v.papers.founded().charter } })
        await v.next()
        await noKeys(v, 'untrusted')
      }],
    ],
  },
  {
    name: 'a copy that cannot be made any more',
    steps: [
      ['end-uncopied', async (v) => {
        await v.compose()
        await v.choose('phone.jpg')
        await v.hears(v.texts.inspect.says)
        await v.page.click('.files input[type=checkbox]')
        await v.ready()
        await v.sees(v.texts.ready.cleaned)
        // What says that the file is still the same can be read, and nothing else.
        await v.page.evaluate(() => {
          const { slice } = Blob.prototype
          Blob.prototype.slice = function (from, to) {
            const made = slice.call(this, from, to)
            if (to - from !== 65_536) made.arrayBuffer = () => Promise.reject(new Error('gone'))
            return made
          }
        })
        await v.next()
        await ended(v, 'uncopied')
      }],
    ],
  },
  {
    name: 'a newsroom that changes',
    steps: [
      ['keys-changed', async (v) => {
        v.serve(v.papers.founded())
        await v.compose()
        await v.write('Hear me.')
        await v.ready()
        v.serve(v.papers.recovered())
        await v.next()
        await noKeys(v, 'changed')
      }],
    ],
  },
  {
    name: 'a tab that is loaded again',
    steps: [
      ['front-unfinished', async (v) => {
        await v.compose()
        await v.write('Hear me.')
        await v.ready()
        v.line.when('POST /drops', { hold: true })
        await v.next()
        await v.hears(v.texts.sending.waiting)
        await v.page.reload()
        await v.hears(v.texts.warnings.unfinished)
        await v.page.waitForSelector('#choices:not([hidden])')
      }],
    ],
  },
]

/** Begins again after an end, on a line that does these things. */
async function again(v, ...rules) {
  v.line.clear()
  await v.press(v.texts.ends.begin)
  await v.on(v.texts.compose.title)
  await v.ready()
  for (const rule of rules) v.line.when(...rule)
  await v.next()
}

async function ended(v, why, title = v.texts.ends.title) {
  await v.hears(v.texts.ends[why])
  await v.on(title)
}

async function noKeys(v, trouble) {
  await v.hears(v.texts.trouble[trouble])
  await v.on(v.texts.trouble.title)
}
