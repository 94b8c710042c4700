/** Which items a run gets. Tokens do not matter here: an item's text decides whether it fits. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import {
  type ContinualOptions,
  drawLot,
  type Lot,
  NO_PAST,
  type Past,
} from '../../node/personal/continual.ts'
import type { HistoryItem } from '../../node/personal/history.ts'

/** Item `n`, of time `n`; of those listed the answer is too long. */
function itemsOf(from: number, to: number): HistoryItem[] {
  return Array.from({ length: to - from }, (_, i) => item(from + i))
}

function item(n: number, time = n): HistoryItem {
  return { id: `i${n}`, time, input: '', output: '', task: 'general', source: '' }
}

function options(
  changes: Partial<ContinualOptions> & { readonly tooLong?: readonly string[] } = {},
): ContinualOptions {
  const { tooLong = [], ...more } = changes
  return {
    holdOut: 0.2,
    replay: 0.25,
    validation: undefined,
    seed: 0,
    generation: 0,
    encode: async items => ({
      examples: items
        .filter(({ id }) => !tooLong.includes(id))
        .map(({ id }) => ({ id, prompt: [1], completion: [2] })),
      leftOut: items.filter(({ id }) => tooLong.includes(id)).map(({ id }) => id),
    }),
    ...more,
  }
}

const ids = (found: readonly { readonly id: string }[]): string[] => found.map(({ id }) => id)
const range = (from: number, to: number): string[] => ids(itemsOf(from, to))
const pastOf = (trained: readonly string[], validation: readonly string[] = []): Past => ({
  trained: new Set(trained),
  validation: new Set(validation),
})

/** Where there is something new. */
async function lotOf(...args: Parameters<typeof drawLot>): Promise<Lot> {
  const lot = await drawLot(...args)
  assert.ok(lot)
  return lot
}

/** What a version leaves behind, as the records have it. */
const after = (past: Past, lot: Lot): Past =>
  pastOf([...new Set([...past.trained, ...ids(lot.examples)])], ids(lot.validation))

test('a first version: the newest kept back, the newest of the rest tell when to stop', async () => {
  const lot = await lotOf(itemsOf(0, 40).reverse(), NO_PAST, options())
  assert.deepEqual(ids(lot.examples), range(0, 29))
  assert.deepEqual(ids(lot.validation), range(29, 32))
  assert.deepEqual(ids(lot.heldOut), range(32, 40))
  assert.deepEqual([lot.fresh, lot.replayed, lot.leftOut], [29, 0, 0])
  assert.deepEqual(
    (await lotOf(itemsOf(0, 24), NO_PAST, options())).validation,
    [],
    'of 19 items none is spared',
  )
  assert.deepEqual((await lotOf(itemsOf(0, 40), NO_PAST, options({ validation: 0 }))).validation, [])
  assert.equal((await lotOf(itemsOf(0, 10), NO_PAST, options({ validation: 0.25 }))).validation.length, 2)
  assert.equal((await lotOf(itemsOf(0, 10_000), NO_PAST, options())).validation.length, 200)
})

test('the next version: what is new, and a quarter of the run from what is old, by the seed', async () => {
  const first = await lotOf(itemsOf(0, 40), NO_PAST, options())
  const past = after(NO_PAST, first)
  const items = itemsOf(0, 100)
  const lot = await lotOf(items, past, options({ generation: 1 }))
  // 80 of 100 may be trained on: 29 were, 51 were not, of which the newest 5 tell when to stop.
  assert.deepEqual([lot.fresh, lot.replayed, lot.validation.length], [46, 15, 5])
  assert.deepEqual(ids(lot.validation), range(75, 80))
  const replayed = ids(lot.examples).filter(id => past.trained.has(id))
  assert.equal(replayed.length, 15)
  assert.ok(ids(lot.examples).includes('i29'), 'what told the first version when to stop is trained on now')
  assert.deepEqual(
    ids(lot.examples),
    ids(items.filter(({ id }) => ids(lot.examples).includes(id))),
    'in time',
  )
  assert.deepEqual(ids((await lotOf(items, past, options({ generation: 1 }))).examples), ids(lot.examples))
  assert.notDeepEqual(
    ids((await lotOf(items, past, options({ generation: 1, seed: 1 }))).examples),
    ids(lot.examples),
  )
  assert.notDeepEqual(ids((await lotOf(items, past, options({ generation: 2 }))).examples), ids(lot.examples))
  assert.equal((await lotOf(items, past, options({ replay: 0 }))).replayed, 0)
  assert.equal((await lotOf(items, past, options({ replay: 0.9 }))).replayed, 29, 'there are no more')
})

test('nothing is new twice: not what is known, nor what told when to stop, nor what does not fit', async () => {
  const items = itemsOf(0, 40)
  const tooLong = ['i3', 'i30']
  const first = await lotOf(items, NO_PAST, options({ tooLong }))
  assert.equal(first.leftOut, 2)
  const past = after(NO_PAST, first)
  assert.equal(await drawLot(items, past, options({ tooLong })), undefined)
  assert.equal(
    await drawLot(itemsOf(0, 30), past, options({ tooLong })),
    undefined,
    'nor when items are removed',
  )
  const lot = await lotOf([...items, item(1000, -5)], past, options({ tooLong }))
  assert.ok(ids(lot.examples).includes('i1000'), 'what is older, but came later, is new')
})

test('what is measured on was never trained on, however the history changed since', async () => {
  const first = await lotOf(itemsOf(0, 40), NO_PAST, options())
  const past = after(NO_PAST, first)
  // Sixty older items come in late: a share that reaches back over what was trained on must not.
  const lot = await lotOf(
    [...itemsOf(0, 40), ...Array.from({ length: 60 }, (_, n) => item(100 + n, n - 100))],
    past,
    options(),
  )
  assert.deepEqual(ids(lot.heldOut), range(32, 40))
  assert.ok(lot.heldOut.every(({ id }) => !past.trained.has(id) && !past.validation.has(id)))
})

test('items that cannot be used or split are refused', async () => {
  const refused = (items: readonly HistoryItem[], changes = {}) =>
    assert.rejects(drawLot(items, NO_PAST, options(changes)), { code: 'NO_USABLE_ITEMS' })
  await refused([])
  await refused([item(1)])
  await refused([item(1, 7), item(2, 7), item(3, 7)])
  await refused(itemsOf(0, 5), { tooLong: range(0, 5) })
  const sameTime = Array.from({ length: 30 }, (_, n) => item(n, n < 24 ? 0 : n))
  assert.equal(
    (await lotOf(sameTime, NO_PAST, options())).validation.length,
    0,
    'unasked for, it is left out',
  )
  await refused(sameTime, { validation: 0.2 })
  await assert.rejects(drawLot(itemsOf(0, 40), NO_PAST, options({ replay: 1 })), TypeError)
})

test('a hundred thousand items take a moment', async () => {
  const started = performance.now()
  const past = pastOf(range(0, 50_000))
  const lot = await lotOf(itemsOf(0, 100_000), past, options())
  assert.deepEqual([lot.fresh, lot.replayed, lot.validation.length], [29_800, 9933, 200])
  assert.ok(performance.now() - started < 5000)
})
