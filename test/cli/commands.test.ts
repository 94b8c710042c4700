/** The command line as a person meets it: help, results, and what bad input gets. Real processes, real homes. */
import assert from 'node:assert/strict'
import { once } from 'node:events'
import { readFile, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { failedWith, json, oppu, start, temporaryFolder } from './oppu.ts'

function lines(count: number, from = 0): string {
  return Array.from({ length: count }, (_, index) =>
    JSON.stringify({
      time: 1000 * (from + index),
      prompt: `question ${from + index}`,
      completion: `answer ${from + index}`,
    }),
  ).join('\n')
}

test('every command has help, and wrong usage is told', async t => {
  const home = await temporaryFolder(t)
  const { stdout } = await oppu(home, ['--help'])
  const names = [...stdout.matchAll(/^ {2}([a-z]+) /gm)]
    .map(match => match[1]!)
    .filter(name => name !== 'help')
  assert.ok(names.includes('train') && names.includes('coordinator'))
  const outcomes = await Promise.all(names.map(name => oppu(home, ['help', name])))
  for (const { status, stdout } of outcomes) {
    assert.equal(status, 0)
    assert.match(stdout, /Usage: oppu/)
  }
  for (const args of [
    ['frobnicate'],
    ['train', '--no-such-option'],
    ['base', 'import'],
    ['eval', '--metric', 'luck'],
  ]) {
    const { status, stderr } = await oppu(home, args)
    assert.equal(status, 64, args.join(' '))
    assert.match(stderr, /error:/)
  }
})

test('a node is made once, and opened only by its passphrase', async t => {
  const home = join(await temporaryFolder(t), 'node')
  failedWith(await oppu(home, ['data', 'list']), 'NOT_INITIALIZED')
  failedWith(await oppu(home, ['init'], ''), 'INVALID_ARGUMENT')
  await json(home, 'init')
  const before = await readFile(join(home, 'vault.json'))
  failedWith(await oppu(home, ['init'], 'another'), 'ALREADY_INITIALIZED')
  assert.deepEqual(await readFile(join(home, 'vault.json')), before)
  failedWith(await oppu(home, ['data', 'list'], 'wrong'), 'WRONG_PASSPHRASE')
  assert.deepEqual(await json(home, 'data', 'list'), [])
  const damaged = before.toString().replace(/"wrapped": "../, '"wrapped": "!!')
  await writeFile(join(home, 'vault.json'), damaged)
  failedWith(await oppu(home, ['data', 'list']), 'CORRUPT_VAULT')
})

test('history: broken lines are counted and shown, the rest is taken; removing and listing', async t => {
  const home = join(await temporaryFolder(t), 'node')
  await json(home, 'init')
  const file = join(await temporaryFolder(t), 'notes.jsonl')
  await writeFile(file, `${lines(3)}\n{"prompt": "no answer"}\nnot json\n${lines(2, 3)}\n`)
  const imported = await oppu(home, ['data', 'import', file])
  assert.equal(imported.status, 0)
  assert.match(imported.stderr, /imported 5 items .*refused 2/)
  assert.match(imported.stderr, /line 4: /)
  assert.match(imported.stderr, /line 5: /)
  const again = await json<{ added: number; duplicates: number }>(home, 'data', 'import', file)
  assert.deepEqual([again.added, again.duplicates], [0, 5])
  const items = await json<{ id: string; input: string }[]>(home, 'data', 'list', '--limit', '2')
  assert.deepEqual(
    items.map(({ input }) => input),
    ['question 4', 'question 3'],
  )
  failedWith(await oppu(home, ['data', 'remove']), 'INVALID_ARGUMENT')
  failedWith(await oppu(home, ['data', 'remove', 'ffffffff']), 'NOT_FOUND')
  await json(home, 'data', 'remove', items[0]!.id)
  await json(home, 'data', 'remove', '--all')
  assert.deepEqual(await json(home, 'data', 'list'), [])
  failedWith(await oppu(home, ['data', 'import', join(home, 'absent.jsonl')]), 'NOT_FOUND')
})

test('training and evaluating without a base, history or adapter say what is missing', async t => {
  const home = join(await temporaryFolder(t), 'node')
  await json(home, 'init')
  failedWith(await oppu(home, ['train']), 'NOT_FOUND')
  failedWith(await oppu(home, ['eval']), 'NOT_FOUND')
  await json(home, 'base', 'import', 'embedded')
  failedWith(await oppu(home, ['train']), 'NO_USABLE_ITEMS')
  failedWith(await oppu(home, ['train', '--epochs', 'many']), 'INVALID_ARGUMENT')
  failedWith(await oppu(home, ['train', '--base', 'nobody']), 'NOT_FOUND')
  failedWith(await oppu(home, ['base', 'import', 'ftp:nowhere']), 'INVALID_ARGUMENT')
  failedWith(await oppu(home, ['base', 'pull']), 'NOT_FOUND')
  failedWith(await oppu(home, ['node', 'join', 'not an address']), 'INVALID_ARGUMENT')
  failedWith(await oppu(home, ['adapter', 'show', 'latest']), 'NOT_FOUND')
})

test('train, evaluate, generate, export and import on one node; Ctrl-C in the middle loses nothing', async t => {
  const folder = await temporaryFolder(t)
  const home = join(folder, 'node')
  await json(home, 'init')
  await json(home, 'base', 'import', 'embedded')
  const file = join(folder, 'notes.jsonl')
  await writeFile(file, lines(40))
  await json(home, 'data', 'import', file)

  const training = start(home, ['train', '--steps', '100000', '--device', 'cpu'])
  training.child.stderr!.once('data', () => setTimeout(() => training.child.kill('SIGINT'), 1500))
  assert.equal((await training.outcome).status, 130)
  assert.deepEqual(await json(home, 'adapter', 'list'), [])

  const report = await json<{ adapter: string; trained: number; validation: number; heldOut: number }>(
    home,
    'train',
    '--steps',
    '30',
  )
  assert.deepEqual([report.trained, report.validation, report.heldOut], [29, 3, 8])
  const evaluation = await json<{ items: number; logLikelihood: { base: number; own: number } }>(home, 'eval')
  assert.equal(evaluation.items, 8)
  assert.ok(
    evaluation.logLikelihood.own > evaluation.logLikelihood.base,
    JSON.stringify(evaluation.logLikelihood),
  )
  const { text } = await json<{ text: string }>(home, 'generate', 'question 3', '--max-tokens', '8')
  assert.ok(text.length > 0)

  const copy = join(folder, 'backup.oppu')
  await json(home, 'adapter', 'export', report.adapter, copy)
  await json(home, 'adapter', 'remove', report.adapter)
  assert.deepEqual(await json(home, 'adapter', 'list'), [])
  const back = await json<{ adapter: string }>(home, 'adapter', 'import', copy)
  assert.equal(back.adapter, report.adapter)

  const damaged = await readFile(copy)
  damaged[damaged.length - 20]! ^= 1
  await writeFile(join(folder, 'damaged.oppu'), damaged)
  failedWith(await oppu(home, ['adapter', 'import', join(folder, 'damaged.oppu')]), 'CORRUPT_ADAPTER')
  const other = join(folder, 'other')
  await json(other, 'init')
  failedWith(await oppu(other, ['adapter', 'import', copy]), 'NOT_A_RECIPIENT')
})

test('two processes on one home: the second is told, and the first goes on', async t => {
  const home = join(await temporaryFolder(t), 'node')
  await json(home, 'init')
  const first = start(home, ['node', 'start', '--json'])
  await once(first.child.stdout!, 'data')
  failedWith(await oppu(home, ['base', 'list']), 'IN_USE')
  first.child.kill('SIGINT')
  assert.equal((await first.outcome).status, 0)
  assert.deepEqual(await json(home, 'base', 'list'), [])
})
