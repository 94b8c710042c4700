/** `oppu train` as a person or a script meets it: lines for machines, kill -9, and bad input. */
import assert from 'node:assert/strict'
import { cp, readdir } from 'node:fs/promises'
import { join } from 'node:path'
import { createInterface } from 'node:readline'
import { test } from 'node:test'
import type { AdapterId } from '../../protocol/ids.ts'
import { add } from '../learning-node.ts'
import { failedWith, homeOf, inside, json, oppu, start, temporaryFolder } from './oppu.ts'

const FAST = ['--steps', '12', '--batch-size', '8', '--learning-rate', '0.02', '--max-gradient-norm', '1']

test('kill -9 in the middle: the same command goes on and makes the same adapter, bit for bit', async t => {
  const home = await homeOf(t, node => add(node, 0, 40))
  const straight = join(await temporaryFolder(t), 'copy')
  await cp(home, straight, { recursive: true })
  const args = ['train', ...FAST, '--steps', '40', '--checkpoint-every', '4', '--device', 'cpu']

  const killed = start(home, [...args, '--json'])
  let told = 0
  for await (const line of createInterface({ input: killed.child.stdout! })) {
    const { event, step } = JSON.parse(line) as { event: string; step?: number }
    if (event !== 'step') continue
    told = step!
    if (told === 10) killed.child.kill('SIGKILL')
  }
  assert.equal((await killed.outcome).status, null)
  assert.ok(told >= 10 && told < 40, `killed at step ${told}`)
  assert.deepEqual(await inside(home, async node => (await node.adapters()).list()), [])

  const resumed = await oppu(home, [...args, '--json'])
  assert.equal(resumed.status, 0, resumed.stderr)
  const [at] = /(?<=going on from the checkpoint of step )\d+/.exec(resumed.stderr) ?? []
  assert.ok(
    Number(at) % 4 === 0 && Number(at) >= told - 4 && Number(at) <= told,
    `from step ${at} of ${told}`,
  )
  const lines = resumed.stdout
    .trimEnd()
    .split('\n')
    .map(line => JSON.parse(line))
  assert.deepEqual(
    lines.map(({ event }) => event),
    ['run', ...Array.from({ length: lines.at(-1).steps - Number(at) }, () => 'step'), 'adapter'],
  )
  assert.equal(lines[1].step, Number(at) + 1)
  for (const figure of [
    'loss',
    'learningRate',
    'gradientNorm',
    'tokensPerSecond',
    'secondsLeft',
    'memoryBytes',
  ])
    assert.equal(typeof lines[1][figure], 'number', figure)
  assert.ok(lines.some(({ validationLoss }) => validationLoss > 0))
  const report = lines.at(-1)
  assert.deepEqual([report.version, report.resumedAt, report.inUse], [1, Number(at), report.adapter])
  assert.deepEqual(await readdir(join(home, 'checkpoints')), [])

  const { adapter } = await json<{ adapter: AdapterId }>(straight, ...args)
  const filesOf = (folder: string, id: AdapterId) =>
    inside(folder, async node => {
      const adapters = await node.adapters()
      return { files: (await adapters.get(id)).files, record: await adapters.find(id) }
    })
  const [one, two] = [await filesOf(home, report.adapter), await filesOf(straight, adapter)]
  assert.deepEqual(one.files, two.files)
  assert.deepEqual(one.record.curve, two.record.curve)
  assert.deepEqual(one.record.measured, two.record.measured)
})

test('what cannot be trained on, or is not known, is refused by its name', async t => {
  const home = await homeOf(t, async node => {
    await add(node, 0, 1, () => 'alone', 'single')
    await add(node, 0, 6, () => 'far too long '.repeat(2000), 'long')
    const history = await node.history()
    const same = [1, 2, 3].map(n => ({ time: 5, input: `q ${n}`, output: 'a', task: 'same', source: 'test' }))
    await history.add(same)
  })
  const refused = async (
    code: Parameters<typeof failedWith>[1],
    told: RegExp,
    ...args: readonly string[]
  ) => {
    const outcome = await oppu(home, ['train', ...args])
    failedWith(outcome, code)
    assert.match(outcome.stderr, told)
  }
  await refused('NO_USABLE_ITEMS', /"nothing"/, '--only', 'nothing')
  await refused('NO_USABLE_ITEMS', /1 item cannot be split/, '--only', 'single')
  await refused('NO_USABLE_ITEMS', /3 items cannot be split .* the same time/, '--only', 'same')
  await refused('NO_USABLE_ITEMS', /too long/, '--only', 'long')
  await refused('UNKNOWN_CONFIGURATION', /"virtualTokens"/, '--virtual-tokens', '4')
  await refused('INVALID_ARGUMENT', /--replay/, '--replay', '1')
  const unknown = await oppu(home, ['train', '--lerning-rate', '1'])
  assert.equal(unknown.status, 64)
  assert.match(unknown.stderr, /unknown option '--lerning-rate'/)
  assert.deepEqual(await json(home, 'adapter', 'list'), [])
})
