/** The parts of the bench that decide what its figures mean; nothing here is timed. */
import assert from 'node:assert/strict'
import { mkdtemp, readFile, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import type { HistoryItem } from '../../node/personal/history.ts'
import { chatTemplate, PLAIN_TEMPLATE } from '../../node/text/chat-template.ts'
import type { Tokenizer } from '../../node/text/tokenizer.ts'
import {
  Contender,
  decodeBase,
  encodeBase,
  type Job,
  type StepReport,
  type TrainableBase,
} from './contender.ts'
import { makeWorkload, readItems, readUsers } from './items.ts'
import { residentMemory } from './memory.ts'
import { type Figure, figureTable, reaches, writeReport } from './report.ts'
import {
  lossDifference,
  meanLossDifference,
  median,
  peakRss,
  type Runner,
  speedRatio,
  takeTurns,
  turnOf,
} from './rounds.ts'

const NO_SHAPE = { itemsPerStep: 2, steps: 4, maxLength: 512 }

/** A character is a token. */
const characters: Tokenizer = {
  encode: text => [...text].map(character => character.codePointAt(0)!),
  cover: text => text,
  decode: ids => String.fromCodePoint(...ids),
  vocabSize: 0x110000,
  eosIds: [0],
}
const language = { tokenizer: characters, template: chatTemplate(PLAIN_TEMPLATE, {}) }

function item(task: string, number: number): HistoryItem {
  const input = `${task} `.repeat(number + 1)
  return { id: `${task}${number}`, time: number, task, source: '', input, output: String(number) }
}

const items = {
  source: 'here',
  tasks: ['a', 'b'].map(name => ({ name, items: [0, 1, 2].map(number => item(name, number)) })),
}

function report(changes: Partial<StepReport>): StepReport {
  return { seconds: 1, loss: 1, items: 1, tokens: 1, rss: 1, peakRss: 1, ...changes }
}

test('a step holds items of one task; tasks take turns, and a short one begins again', () => {
  const { examples, steps } = makeWorkload(items, language, NO_SHAPE)
  const ids = steps.map(step => step.map(index => examples[index]!.id))
  assert.deepEqual(ids, [
    ['a0', 'a1'],
    ['b0', 'b1'],
    ['a2', 'a0'],
    ['b2', 'b0'],
  ])
  const longest = makeWorkload(items, language, { ...NO_SHAPE, steps: 1, longest: true, tasks: 1 })
  assert.deepEqual(
    longest.steps[0]!.map(index => longest.examples[index]!.id),
    ['a2', 'a1'],
  )
})

test('real items of both tasks are there, each once', async () => {
  const read = await readItems(40)
  assert.equal(read.tasks.length, 2)
  for (const { items: own } of read.tasks) {
    assert.ok(own.length >= 40)
    assert.equal(new Set(own.map(({ id }) => id)).size, own.length)
  }
})

test('people of both tasks are there, each by themselves', async () => {
  const users = await readUsers(2)
  assert.equal(new Set(users.map(({ name }) => name)).size, 2)
  const ids = users.flatMap(({ items: own }) => own.map(({ id }) => id))
  assert.equal(new Set(ids).size, ids.length)
  for (const { items: own } of users)
    assert.ok(own.every(({ time }, i) => i === 0 || time > own[i - 1]!.time))
})

test('each contender warms up, then takes its turn in every round, another one beginning each', async () => {
  const order: string[] = []
  const runner = (name: string): Runner => ({
    name,
    step: async () => {
      order.push(name)
      return report({ loss: order.length })
    },
  })
  const entrants = [
    { runner: runner('x'), steps: 1, warmUp: 2 },
    { runner: runner('y'), steps: 2, warmUp: 0 },
  ]
  const turns = await takeTurns(entrants, 2, () => {})
  assert.equal(order.join(''), 'xxxyyyyx')
  assert.deepEqual(
    turns.get('y')!.map(({ items: count, losses }) => [count, losses]),
    [
      [2, [4, 5]],
      [2, [6, 7]],
    ],
  )
  assert.deepEqual(
    turns.get('x')!.map(({ losses }) => losses),
    [[3], [8]],
  )
})

test('ratios are of the same round, and the median of them counts', () => {
  const turns = (seconds: readonly number[], losses: readonly number[]) =>
    seconds.map((second, round) =>
      turnOf([report({ seconds: second, loss: losses[round]!, peakRss: 10 * second })]),
    )
  const ours = turns([1, 2, 9], [1, 2, 3])
  const theirs = turns([2, 6, 9], [1, 2.002, 3])
  assert.equal(speedRatio(ours, theirs), 2)
  assert.ok(Math.abs(lossDifference(ours, theirs) - 0.002 / 2.002) < 1e-12)
  assert.ok(Math.abs(meanLossDifference(ours, theirs) - 0.002 / 6.002) < 1e-12)
  assert.equal(peakRss(ours), 90)
  assert.equal(median([4, 1, 3, 2]), 2.5)
  assert.ok(Number.isNaN(median([])))
  assert.throws(() => lossDifference(ours, theirs.slice(1)), TypeError)
})

const FIGURES: readonly Figure[] = [
  { name: 'train.a', value: 3.6, unit: '', bar: 3.5, better: 'higher' },
  { name: 'train.b', value: 3.6, unit: 'GB', bar: 3, better: 'lower' },
]

test('the table says which bars are reached', () => {
  assert.deepEqual(FIGURES.map(reaches), [true, false])
  const [, , a, b] = figureTable(FIGURES).split('\n')
  assert.match(a!, /^train\.a +3\.600 +>= 3\.5 +reached$/)
  assert.match(b!, /^train\.b +3\.600 GB +<= 3 +not reached$/)
})

test('the file has the shape that machines read', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-bench-'))
  t.after(() => rm(folder, { recursive: true }))
  const file = join(folder, 'figures.json')
  await writeReport(file, { figures: FIGURES, runs: { peft: [1] }, tables: [] }, ['torch 2'])
  const written = JSON.parse(await readFile(file, 'utf8'))
  assert.deepEqual(Object.keys(written), ['commit', 'date', 'machine', 'figures', 'runs'])
  assert.match(written.commit, /^([0-9a-f]{40}(-dirty)?|unknown)$/)
  assert.ok(Math.abs(Date.parse(written.date) - Date.now()) < 60_000)
  assert.equal(written.machine.node, process.version)
  assert.deepEqual(written.figures, FIGURES)
})

test('a contender answers step by step, and its failure is told in its own words', async t => {
  const folder = await mkdtemp(join(tmpdir(), 'oppu-bench-'))
  t.after(() => rm(folder, { recursive: true }))
  const script = `
    const { steps } = JSON.parse(require('node:fs').readFileSync(process.argv.at(-1), 'utf8'))
    console.log('{"ready":"x"}')
    require('node:readline').createInterface({ input: process.stdin }).on('line', () => {
      const step = steps.shift()
      if (step === undefined) { console.error('nothing left'); process.exit(3) }
      console.log(JSON.stringify({ items: step.length }))
    })`
  const job = { steps: [[1, 2], [3]] } as unknown as Job
  await using contender = await Contender.open(
    'x',
    [process.execPath, '-e', script, '--'],
    job,
    join(folder, 'job.json'),
  )
  assert.equal((await contender.step()).items, 2)
  assert.equal((await contender.step()).items, 1)
  await assert.rejects(contender.step(), /x ended \(exit 3\):\nnothing left/)
})

test('a base reaches a contender as it is, infinite windows too', () => {
  const base = {
    id: 'c'.repeat(64),
    config: { windows: [512, Number.POSITIVE_INFINITY] },
    derived: 'folder',
    weights: { path: 'file', tensors: new Map([['w', { shape: [2, 3], offset: 4, length: 24 }]]) },
  } as unknown as TrainableBase
  assert.deepEqual(decodeBase(encodeBase(base)), base)
})

test('resident memory never exceeds its peak, and both are of this process', () => {
  const { rss, peakRss: peak } = residentMemory()
  assert.ok(rss > 10e6 && rss <= peak, `${rss} of ${peak}`)
})
