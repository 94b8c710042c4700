/** Runs that are cut short: their checkpoints, and what becomes of them. A process that is killed: test/cli/training.test.ts. */
import assert from 'node:assert/strict'
import { readdir, readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import type { TrainRequest } from '../node/learning.ts'
import type { PersonalNode } from '../node/node.ts'
import { add, FAST, nodeOf, type Outcome, train } from './learning-node.ts'

test('a run that was cut short goes on where its checkpoint is, bit for bit; a damaged checkpoint is passed over', async t => {
  const [node, other] = [await nodeOf(t), await nodeOf(t)]
  const config = { checkpointEvery: 2 }
  for (const each of [node, other]) await add(each, 0, 40)
  const whole = await train(other, { config })
  const folder = join(node.home, 'checkpoints')
  const cut = async (after: number, request: TrainRequest = {}): Promise<string> => {
    const stop = new AbortController()
    const notes: string[] = []
    const running = (await node.learning()).train({
      ...{ device: 'cpu', config: { ...FAST, ...config }, ...request },
      onNote: text => notes.push(text),
      signal: stop.signal,
    })
    const reason = new Error('Ctrl-C')
    await assert.rejects(
      async () => {
        for await (const { step } of running) if (step === after) stop.abort(reason)
      },
      error => error === reason,
    )
    return notes.join('\n')
  }
  assert.match(await cut(7), /the same command goes on from the checkpoint of step 6$/)
  const [run] = await readdir(folder)
  assert.deepEqual(await readdir(join(folder, run!)), ['4.sealed', '6.sealed'])
  // Another run of the same slot, cut short before it has a checkpoint, takes nothing away.
  const another = await cut(1, { config: { ...FAST, ...config, seed: 1 } })
  assert.match(another, /other items or settings was cut short; its checkpoint is kept/)
  assert.doesNotMatch(another, /goes on from/)
  assert.deepEqual(await readdir(folder), [run])
  const newest = join(folder, run!, '6.sealed')
  const bytes = await readFile(newest)
  bytes[200]! ^= 1
  await writeFile(newest, bytes)
  const resumed = await train(node, { config })
  assert.match(resumed.notes.join('\n'), /step 6 cannot be used.*\n.*checkpoint of step 4/)
  assert.deepEqual([resumed.report.resumedAt, resumed.steps[0]?.step], [4, 5])
  const files = async (each: PersonalNode, { report }: Outcome) =>
    (await (await each.adapters()).get(report.adapter)).files
  assert.deepEqual(await files(node, resumed), await files(other, whole))
  assert.deepEqual(resumed.report.measured, whole.report.measured)
  assert.deepEqual(await readdir(folder), [])

  // A run that gives way: the checkpoint of the next one in its slot replaces its own.
  await add(node, 40, 60)
  await cut(7)
  const [second] = await readdir(folder)
  await cut(3, { config: { ...FAST, ...config, seed: 1 } })
  const [third, ...more] = await readdir(folder)
  assert.notEqual(third, second)
  assert.deepEqual(more, [])
  const anew = await train(node, { config: { ...config, seed: 1 }, resume: false })
  assert.equal(anew.report.resumedAt, undefined)
  assert.equal(anew.steps[0]?.step, 1)
  assert.deepEqual(await readdir(folder), [])
})
