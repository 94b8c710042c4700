/** Training again and again on one node, with the embedded base: what a version is made of, and whether it is used. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { parentOf, rootOf } from '../node/store/adapter-record.ts'
import { add, nodeOf, train } from './learning-node.ts'

test('versions: each is trained further on what is new, and remembers where it comes from', async t => {
  const node = await nodeOf(t)
  const adapters = await node.adapters()
  await add(node, 0, 40)
  const { report: first } = await train(node)
  assert.deepEqual(
    [first.version, first.parent, first.trained, first.validation, first.heldOut, first.verdict],
    [1, undefined, 29, 3, 8, 'used'],
  )
  assert.ok(first.measured!.after > first.measured!.base + 0.1, JSON.stringify(first.measured))
  assert.equal(first.measured!.before, undefined)
  await assert.rejects(train(node), { code: 'NOTHING_NEW', message: /version 1/ })

  await add(node, 40, 60)
  const { report: second } = await train(node)
  // 48 of 60 may be trained on, 29 are known; the newest of the 19 tells nothing, they are too few; and 6 older ones.
  assert.deepEqual(
    [second.version, second.parent, second.fresh, second.replayed, second.validation, second.heldOut],
    [2, first.adapter, 19, 6, 0, 12],
  )
  assert.equal(second.inUse, second.adapter)
  const record = (await adapters.find('latest'))!
  assert.equal(record.id, second.adapter)
  assert.deepEqual(
    [parentOf(record), rootOf(record), record.itemIds.length],
    [first.adapter, first.adapter, 48],
  )
  assert.deepEqual(record.measured, second.measured)
  assert.ok(record.measured!.before! > record.measured!.base)
  assert.deepEqual(record.curve.length, second.steps)
  assert.ok(record.curve.every(({ learningRate, gradientNorm }) => learningRate! >= 0 && gradientNorm! > 0))

  await add(node, 60, 80)
  const settings = { methodConfig: { rank: 4, alpha: 8 } }
  await assert.rejects(train(node, settings), {
    code: 'INVALID_ARGUMENT',
    message: /its rank is 8, not 4/,
  })
  await assert.rejects(train(node, { method: 'ia3' }), { code: 'INVALID_ARGUMENT', message: /lora.*--fresh/ })
  await assert.rejects(train(node, { methodConfig: { rnk: 4 } }), {
    code: 'UNKNOWN_CONFIGURATION',
    message: /rnk/,
  })
  assert.equal((await train(node, { methodConfig: { rank: 8 } })).report.parent, second.adapter)
  const { report: fresh } = await train(node, { ...settings, fresh: true })
  assert.deepEqual([fresh.version, fresh.parent, fresh.replayed, fresh.trained], [4, undefined, 0, 58])
})

test('what a short run did not come to see is new to the next', async t => {
  const node = await nodeOf(t)
  await add(node, 0, 30)
  const { report: short } = await train(node, {
    method: 'ia3',
    config: { steps: 2, batchSize: 4 },
    validation: 0,
  })
  assert.deepEqual([short.fresh, short.trained], [24, 8])
  const { report: next } = await train(node, { validation: 0 })
  assert.deepEqual([next.parent, next.fresh, next.replayed, next.trained], [short.adapter, 16, 5, 21])
})

test('a task has its own line', async t => {
  const node = await nodeOf(t)
  const adapters = await node.adapters()
  await add(node, 0, 20)
  await add(node, 20, 40, n => `Subject ${n}`, 'mail')
  const { report: general } = await train(node)
  const { report: mail } = await train(node, { only: 'mail' })
  assert.deepEqual([mail.version, mail.parent, mail.trained], [1, undefined, 16])
  await add(node, 40, 60, n => `Subject ${n}`, 'mail')
  assert.equal((await train(node, { only: 'mail' })).report.parent, mail.adapter)
  assert.equal((await adapters.find('latest', { baseId: mail.base, only: 'other' })).id, general.adapter)
  await assert.rejects(train(node, { only: 'nothing' }), { code: 'NO_USABLE_ITEMS', message: /"nothing"/ })
})

test('a version that is worse than its parent, or than the base, is kept but not used; nor made again', async t => {
  const node = await nodeOf(t)
  const adapters = await node.adapters()
  await add(node, 0, 40)
  const { report: first } = await train(node)
  await add(node, 40, 60)
  const worse = { config: { steps: 8, learningRate: 0.1, maxGradientNorm: 0 }, validation: 0 }
  const { report: second } = await train(node, worse)
  assert.equal(second.verdict, 'below-parent', JSON.stringify(second.measured))
  assert.ok(
    second.measured!.after < second.measured!.before! && second.measured!.after >= second.measured!.base,
  )
  assert.equal(second.inUse, first.adapter)
  assert.equal((await adapters.find('latest')).id, first.adapter)
  assert.equal((await adapters.find(second.adapter)).verdict, 'below-parent')
  await assert.rejects(train(node, worse), {
    code: 'NOTHING_NEW',
    message: /version 2 .*worse than the adapter/,
  })

  const ruined = { ...worse, config: { ...worse.config, learningRate: 1 } }
  const { report: third } = await train(node, ruined)
  assert.equal(third.verdict, 'below-base', JSON.stringify(third.measured))
  assert.deepEqual([third.version, third.parent, third.inUse], [3, first.adapter, first.adapter])
  const { report: fresh } = await train(node, { ...ruined, fresh: true })
  assert.deepEqual(
    [fresh.verdict, fresh.inUse],
    ['below-base', first.adapter],
    'nor is one that was started afresh',
  )
  assert.equal((await adapters.list()).length, 4)
})

test('a first version that is worse than the base leaves the base in use', async t => {
  const node = await nodeOf(t)
  await add(node, 0, 40)
  const config = { steps: 8, learningRate: 1, maxGradientNorm: 0 }
  const { report } = await train(node, { config, validation: 0 })
  assert.deepEqual([report.verdict, report.inUse], ['below-base', undefined])
  const learning = await node.learning()
  await assert.rejects((await node.adapters()).find('latest'), { code: 'NOT_FOUND' })
  const notes: string[] = []
  const request = { prompt: 'Hello', maxTokens: 4, device: 'cpu' } as const
  const said = async (more: { readonly adapter: string; readonly onNote?: (note: string) => void }) => {
    let text = ''
    for await (const piece of learning.generate({ ...request, ...more })) text += piece
    return text
  }
  const text = await said({ adapter: 'latest', onNote: note => notes.push(note) })
  assert.match(notes.join(), /the base answers alone/)
  assert.equal(text, await said({ adapter: 'none' }))
})

test('an adapter whose likelihood is fine but whose answers do not end is not used', async t => {
  const node = await nodeOf(t)
  // What it learns says one thing over and over; the gold answers, which are kept back, say it four times.
  await add(node, 0, 24, () => Array.from({ length: 30 }, () => 'yes').join(' '))
  await add(node, 24, 30, () => 'yes yes yes yes')
  const { report } = await train(node, { config: { steps: 15 }, validation: 0 })
  assert.equal(report.verdict, 'degenerate', JSON.stringify(report.measured))
  assert.ok(report.measured!.after > report.measured!.base)
  const { answers, looping, endless } = report.measured!.answers!
  assert.deepEqual([answers, looping, endless], [4, 4, 4])
  assert.ok(report.measured!.baseAnswers!.looping <= 2)
  assert.equal(report.inUse, undefined)
})
