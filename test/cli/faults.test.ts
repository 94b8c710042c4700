/** What clumsy hands, full disks and damaged files get: an error with a code, nothing lost, nothing half-written. */
import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { once } from 'node:events'
import { mkdir, readdir, readFile, rm, statfs, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { promisify } from 'node:util'
import { writeFolder } from '../base/tiny.ts'
import { failedWith, json, oppu, start, temporaryFolder } from './oppu.ts'

const LOOPBACK = '/ip4/127.0.0.1/tcp/0'

test('numbers out of range and empty values are refused before anything is done', async t => {
  const home = join(await temporaryFolder(t), 'node')
  await json(home, 'init')
  const file = join(home, 'one.jsonl')
  await writeFile(file, '{"prompt": "q", "completion": "a"}')
  await json(home, 'data', 'import', file)
  const refused = [
    ['train', '--hold-out', '2'],
    ['train', '--epochs', '-1'],
    ['eval', '--hold-out', 'x'],
    ['eval', '--own', ''],
    ['data', 'list', '--limit', '-1'],
    ['data', 'remove', ''],
    ['generate', 'hi', '--max-tokens', '0'],
    ['generate', 'hi', '--temperature', '-1'],
    ['generate', 'hi', '--seed', 'NaN'],
    ['generate', ''],
    ['coordinator', 'task', '--base', 'a', '--title', 't', '--days', 'Infinity'],
  ]
  // All at once: none of them gets so far as to open the home.
  for (const outcome of await Promise.all(refused.map(args => oppu(home, args))))
    failedWith(outcome, 'INVALID_ARGUMENT')
  assert.equal((await json<unknown[]>(home, 'data', 'list')).length, 1)
})

test('a path that cannot be used is named, with a code', async t => {
  const folder = await temporaryFolder(t)
  const file = join(folder, 'file')
  await writeFile(file, '')
  failedWith(await oppu(join(file, 'node'), ['init']), 'INVALID_ARGUMENT')
  const home = join(folder, 'node')
  await json(home, 'init')
  failedWith(await oppu(home, ['coordinator', 'publish', folder]), 'INVALID_ARGUMENT')
  const long = await oppu(home, ['data', 'import', join(folder, 'x'.repeat(300))])
  failedWith(long, 'INVALID_ARGUMENT')
  failedWith(await oppu(home, ['data', 'import', '/dev/null']), 'INVALID_ARGUMENT')
  failedWith(await oppu(home, ['demo', '--json', join(folder, 'no', 'result.json')]), 'NOT_FOUND')
  assert.match(long.stderr, /x{300}: the path is too long/)
  await mkdir(join(folder, 'other'))
  await mkdir(join(folder, 'other', 'vault.json'))
  failedWith(await oppu(join(folder, 'other'), ['data', 'list']), 'CORRUPT_VAULT')
  assert.deepEqual((await readdir(folder)).sort(), ['file', 'node', 'other'])
})

test('a reader that has had enough ends the command without a word', async t => {
  const home = join(await temporaryFolder(t), 'node')
  await json(home, 'init')
  const { child, outcome } = start(home, ['base', 'list', '--json'])
  child.stdout!.destroy()
  await once(child, 'exit')
  const { status, stderr } = await outcome
  assert.deepEqual([status, stderr], [141, ''])
})

test('a node with a base that nobody published provides the others, and announces only what it can be reached by', async t => {
  const folder = await temporaryFolder(t)
  const [home, coordinator] = [join(folder, 'node'), join(folder, 'coordinator')]
  await json(home, 'init')
  const { id } = await json<{ id: string }>(home, 'base', 'import', 'embedded')
  await json(home, 'base', 'import', `file:${await writeFolder(join(folder, 'own'))}`)
  await json(coordinator, 'coordinator', 'publish', join(home, 'bases', id, 'manifest'))
  const coordinating = start(coordinator, ['coordinator', 'start', '--listen', LOOPBACK, '--json'])
  t.after(() => coordinating.child.kill('SIGINT'))
  const [line] = (await once(coordinating.child.stdout!, 'data')) as [string]
  const { addresses } = JSON.parse(line) as { addresses: [string] }
  await json(home, 'node', 'join', addresses[0])
  failedWith(await oppu(home, ['node', 'start', '--announce', 'nowhere']), 'INVALID_ARGUMENT')
  const providing = start(home, ['node', 'start', '--json'])
  t.after(() => providing.child.kill('SIGINT'))
  await once(providing.child.stdout!, 'data')
  const fetcher = join(folder, 'fetcher')
  await json(fetcher, 'init')
  await json(fetcher, 'node', 'join', addresses[0])
  const size = (await json<{ id: string; bytes: number }>(fetcher, 'base', 'pull')).bytes
  const weights = join(fetcher, 'bases', id, 'files', 'model.safetensors')
  const right = await readFile(weights)
  await writeFile(weights, Buffer.from(right).fill(0, 5000, 5010))
  const again = await oppu(fetcher, ['base', 'pull'])
  assert.match(again.stderr, /are damaged: putting them right/)
  assert.deepEqual(await readFile(weights), right)
  assert.equal((await json<{ bytes: number }>(fetcher, 'base', 'pull')).bytes, 0, 'nothing is pulled twice')
  assert.ok(size > right.length)
  providing.child.kill('SIGINT')
  assert.match((await providing.outcome).stderr, /1 of 2 bases are not published/)
})

test('a full disk: what was imported stays, and the rest comes when there is space', async t => {
  const home = await temporaryFolder(t)
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=8m', 'tmpfs', home])
  } catch (error) {
    t.skip(`no disk of its own can be made here: ${(error as Error).message.trim()}`)
    return
  }
  await using mounted = new AsyncDisposableStack()
  mounted.defer(async () => void (await promisify(execFile)('umount', [home])))
  await json(home, 'init')
  const file = join(await temporaryFolder(t), 'notes.jsonl')
  const line = (i: number): string => JSON.stringify({ prompt: 'x'.repeat(500), completion: `answer ${i}` })
  await writeFile(file, Array.from({ length: 4000 }, (_, i) => line(i)).join('\n'))
  const { bavail, bsize } = await statfs(home)
  await writeFile(join(home, 'other'), new Uint8Array(bavail * bsize - 1_500_000))
  failedWith(await oppu(home, ['data', 'import', file]), 'DISK_FULL')
  failedWith(await oppu(home, ['base', 'import', 'embedded']), 'DISK_FULL')
  await rm(join(home, 'other'))
  const { added, duplicates } = await json<{ added: number; duplicates: number }>(
    home,
    'data',
    'import',
    file,
  )
  assert.equal(added + duplicates, 4000)
  assert.ok(duplicates > 0 && added > 0, `${duplicates} were kept`)
  assert.deepEqual(await json(home, 'base', 'list'), [])
})
