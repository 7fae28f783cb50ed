// Makes a table of what deploy/bench page measured, prints it and writes it down:
//
//   node page-speed.mjs FACTS RESULTS DOCUMENT
//
// It ends with 1 where sealing costs more over Tor than it may.
import { readFileSync, writeFileSync } from 'node:fs'

/** The part of the speed that sealing may cost over Tor. */
const MOST_COST = 0.1

const [factsPath, resultsPath, document] = process.argv.slice(2)
const facts = JSON.parse(readFileSync(factsPath, 'utf8'))
const results = readFileSync(resultsPath, 'utf8').trim().split('\n').map((line) => JSON.parse(line))

const ways = { page: 'the page, sealing', form: 'the form, a file sealed beforehand', onionshare: 'OnionShare, unsealed' }

const rate = ({ took }) => facts.megabytes / took.seconds
const mebibytes = (bytes) => bytes / 1_048_576

const taken = (names, kind) => Object.fromEntries(Object.entries(names).filter(([name]) => results.some((run) => run[kind] === name)))
const lines = taken({ loopback: 'loopback', tor: 'private Tor network' }, 'line')
const levels = taken({ standard: 'Standard', safer: 'Safer' }, 'level')

const rows = combinations(lines, levels, ways).map(([line, level, way]) => {
  const runs = those({ line, level, way })
  const [low, middle, high] = spread(runs.map(rate))
  const used = (part, what) => spread(runs.map(({ took }) => took[part][what]))[1]
  return [
    lines[line],
    levels[level],
    ways[way],
    `**${middle.toFixed(2)}**`,
    `${low.toFixed(2)} – ${high.toFixed(2)}`,
    used('browser', 'cpu').toFixed(1),
    used('server', 'cpu').toFixed(1),
    mebibytes(used('browser', 'memory')).toFixed(0),
    mebibytes(used('server', 'memory')).toFixed(0),
  ]
})

// Circuits differ more than what is compared, and slow down with what went through them: a round compares what went
// through one, there and back again.
const costs = combinations(lines, levels).map(([line, level]) => {
  const took = (way) => perRound(those({ line, level, way }))
  const [pages, forms] = [took('page'), took('form')]
  const [low, cost, high] = spread([...pages].map(([round, seconds]) => 1 - forms.get(round) / seconds))
  const verdict = line !== 'tor' ? '' : cost <= MOST_COST ? 'holds' : '**does not hold**'
  return { line, cost, row: [lines[line], levels[level], percent(cost), `${percent(low)} – ${percent(high)}`, verdict] }
})

const text = `# How fast the page sends
Written by \`deploy/bench page\`, which measures it again; not by hand.

| | |
| --- | --- |
| day | ${facts.day} |
| commit | ${facts.commit} |
| command | \`${facts.command}\` |
| machine | ${facts.cores} cores of ${facts.processor}, ${facts.memory} GiB of memory; load ${facts.load} before it began |
| programs | ours by cargo's profile \`${facts.build === 'debug' ? 'dev' : facts.build}\`, Firefox ${facts.firefox}, Tor ${facts.tor}, OnionShare ${facts.onionshare} |

One file of ${facts.megabytes} MB of random bytes is sent by Debian's Firefox with the settings of Tor Browser's levels. The median
of ${2 * facts.rounds} runs of each kind, with the slowest and the fastest; all kinds take turns, there and back again. MB are 10⁶ bytes
of the file, whatever is added to them on the way. Processor time is in seconds, memory in MiB at its peak, each the median; the
browser is all its processes, and OnionShare over Tor is with the tor process of its onion.

${table(['over', 'level', 'sent by', 'MB/s', 'from – to', 'browser s', 'server s', 'browser MiB', 'server MiB'], rows)}

## What sealing costs
The part of the form's speed that the page lacks, in the two runs of a round and, over Tor, by the same circuit: the median
of the rounds, with the least and the most. Over Tor it may be ${percent(MOST_COST)}. Below zero the page was the faster one.

${table(['over', 'level', 'cost', 'from – to', `at most ${percent(MOST_COST)}`], costs.map(({ row }) => row))}

## What is measured
- **The page**: from the click on Send, with the file chosen and no way back, to "Arrived, and matches". Within it: the
  papers are fetched and verified again, everything is sealed, sent in eight lanes, three at a time, of pieces that the
  server acknowledges when they are on its disk, put together, committed, and the tree hash compared.
- **The form**: from the submission to the page that says that it arrived whole. It takes sealed files only, so the file
  was sealed beforehand by \`knothole-send seal\`: what is sent is as long as what the page sends
  (${facts.sealed} bytes), on one connection. Within it: the server's disk and its commit. Where scripts run the form is hidden, and it is
  submitted all the same.
- **OnionShare** in its receive mode: from the submission to its answer. It gets the file as it is, writes it without
  waiting for the disk, and its own script sends it.
- Neither server delays an answer to an upload on purpose: what the batch of a drop-box delays is when the newsroom sees it.
- **Loopback**: each server is behind the same small forwarder at a port of 127.0.0.1; ours is at its Unix socket, OnionShare
  at its port.
- **The private Tor network**: ten C tor nodes on this machine, so that everything, the browser as well, shares its
  processors; on a real line the relays work elsewhere. Our server is its own onion service, OnionShare's onion is of a C
  tor. Tor's congestion control sends as fast as the delays allow that it sees, and here those are how busy the processors are:
  on a machine that does something else, the same file by the same circuit may take twice as long as a minute ago. The
  page and the form of a level share a circuit in each round, and the next round has a new one. OnionShare's is always
  another one, so only its median says something. All connections of a browser share a circuit, as in Tor Browser.
`
writeFileSync(document, text)
process.stdout.write(text)
if (costs.some(({ line, cost }) => line === 'tor' && cost > MOST_COST)) {
  process.stderr.write(`sealing costs more than ${percent(MOST_COST)} over Tor\n`)
  process.exitCode = 1
}

function those({ line, level, way }) {
  const found = results.filter((run) => run.line === line && run.level === level && run.way === way)
  if (found.length !== 2 * facts.rounds) throw new Error(`${found.length} runs of ${line}, ${level}, ${way}`)
  return found
}

/** Seconds that the runs of each round took together. */
function perRound(runs) {
  const sums = new Map()
  for (const { round, took } of runs) sums.set(round, (sums.get(round) ?? 0) + took.seconds)
  return sums
}

function combinations(first, ...others) {
  const rest = others.length === 0 ? [[]] : combinations(...others)
  return Object.keys(first).flatMap((key) => rest.map((keys) => [key, ...keys]))
}

/** The least, the median and the most. */
function spread(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other)
  return [sorted[0], median(sorted), sorted.at(-1)]
}

function median(numbers) {
  const sorted = numbers.toSorted((one, other) => one - other)
  const half = sorted.length / 2
  return (sorted[Math.ceil(half) - 1] + sorted[Math.floor(half)]) / 2
}

function percent(part) {
  return `${(part * 100).toFixed(1)} %`
}

function table(heads, rows) {
  return [heads, heads.map(() => '---'), ...rows].map((row) => `| ${row.join(' | ')} |`).join('\n')
}
