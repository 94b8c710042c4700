import assert from 'node:assert/strict'
import { execFile } from 'node:child_process'
import { copyFile, readdir, readFile, stat, utimes, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { promisify } from 'node:util'
import { Checkpoints } from '../../node/store/checkpoints.ts'
import { allFiles, bytesOf, scratch, vaultOf } from './fixtures.ts'

const RUN = 'a1'.repeat(32)
const OTHER = 'b2'.repeat(32)

async function opened(t: TestContext, name = 'alice') {
  const folder = join(await scratch(t), 'checkpoints')
  const vault = await vaultOf(name)
  t.after(() => vault.close())
  return { folder, vault, checkpoints: await Checkpoints.open(folder, vault) }
}

const fileOf = (folder: string, step: number, run = RUN) => join(folder, run, `${step}.sealed`)

async function refusedAs(promise: Promise<unknown>, code: string): Promise<void> {
  await assert.rejects(promise, { code })
}

test('put, get, list, remove; of each run the last two stay', async t => {
  const { folder, checkpoints } = await opened(t)
  assert.equal(await checkpoints.get(RUN), undefined)
  assert.deepEqual(await checkpoints.list(), [])
  for (const step of [5, 10, 15, 20]) await checkpoints.put(RUN, step, bytesOf(`${step}`, 100_000 + step))
  await checkpoints.put(OTHER, 7, new Uint8Array(0))
  assert.deepEqual((await readdir(join(folder, RUN))).sort(), ['15.sealed', '20.sealed'])
  const last = await checkpoints.get(RUN)
  assert.deepEqual([last?.step, last?.damaged], [20, []])
  assert.deepEqual(new Uint8Array(last!.content), bytesOf('20', 100_020))
  assert.equal((await checkpoints.get(OTHER))?.content.length, 0)
  const listed = await checkpoints.list()
  assert.deepEqual(
    new Set(listed.map(({ run, step }) => `${run} ${step}`)),
    new Set([`${RUN} 15`, `${RUN} 20`, `${OTHER} 7`]),
  )
  assert.ok(listed.every(({ createdAt }) => Math.abs(Date.now() - createdAt) < 60_000))
  assert.equal(listed.find(({ step }) => step === 20)?.bytes, (await stat(fileOf(folder, 20))).size)
  assert.equal(await checkpoints.remove(RUN), true)
  assert.equal(await checkpoints.remove(RUN), false)
  assert.deepEqual([...(await allFiles(folder)).keys()], [fileOf(folder, 7, OTHER)])
})

test('content may come in pieces', async t => {
  const { checkpoints } = await opened(t)
  const pieces = [bytesOf('a', 1), bytesOf('b', 200_000), new Uint8Array(0), bytesOf('c', 3)]
  await checkpoints.put(RUN, 1, pieces)
  assert.deepEqual(Buffer.from((await checkpoints.get(RUN))!.content), Buffer.concat(pieces))
})

test('nothing of the content can be read on disk, and the same content is sealed anew each time', async t => {
  const { folder, checkpoints } = await opened(t)
  const content = Buffer.alloc(5000, 'a private sentence ')
  await checkpoints.put(RUN, 1, content)
  const first = await readFile(fileOf(folder, 1))
  assert.ok(!first.includes('a private sentence'))
  assert.equal((await stat(fileOf(folder, 1))).mode & 0o077, 0)
  await checkpoints.put(RUN, 1, content)
  assert.notDeepEqual(await readFile(fileOf(folder, 1)), first)
})

test('every damaged byte and every cut is noticed, and the one before is given with what is wrong', async t => {
  const { folder, checkpoints } = await opened(t)
  await checkpoints.put(RUN, 1, bytesOf('1', 64))
  await checkpoints.put(RUN, 2, bytesOf('2', 64))
  const whole = await readFile(fileOf(folder, 2))
  const damages = [
    ...Array.from(whole.keys(), at => {
      const bytes = Buffer.from(whole)
      bytes[at]! ^= 1
      return bytes
    }),
    ...Array.from(whole.keys(), length => whole.subarray(0, length)),
    Buffer.concat([whole, Uint8Array.of(0)]),
  ]
  for (const [index, bytes] of damages.entries()) {
    await writeFile(fileOf(folder, 2), bytes)
    const found = await checkpoints.get(RUN)
    assert.deepEqual([found?.step, found?.damaged.map(({ step }) => step)], [1, [2]], `damage ${index}`)
    assert.equal(found?.damaged[0]?.error.code, 'INVALID_DATA')
  }
  await writeFile(fileOf(folder, 1), '')
  assert.equal(await checkpoints.get(RUN), undefined)
})

test('after a damaged one, a run that goes on from the one before forgets what it left behind', async t => {
  const { folder, checkpoints } = await opened(t)
  for (const step of [10, 20]) await checkpoints.put(RUN, step, bytesOf(`${step}`, 10))
  await writeFile(fileOf(folder, 20), 'damaged')
  assert.equal((await checkpoints.get(RUN))?.step, 10)
  await checkpoints.put(RUN, 15, bytesOf('15', 10))
  assert.deepEqual((await readdir(join(folder, RUN))).sort(), ['10.sealed', '15.sealed'])
})

test("one of another step, run or vault cannot be put in a checkpoint's place", async t => {
  const { folder, checkpoints } = await opened(t)
  for (const step of [1, 2]) await checkpoints.put(RUN, step, bytesOf(`${step}`, 10))
  await checkpoints.put(OTHER, 2, bytesOf('other', 10))
  await copyFile(fileOf(folder, 1), fileOf(folder, 2))
  assert.equal((await checkpoints.get(RUN))?.step, 1)
  await copyFile(fileOf(folder, 2, OTHER), fileOf(folder, 2))
  assert.equal((await checkpoints.get(RUN))?.step, 1)
  const vault = await vaultOf('eve')
  assert.equal(await (await Checkpoints.open(folder, vault)).get(RUN), undefined)
  vault.close()
  await refusedAs((await Checkpoints.open(folder, vault)).get(RUN), 'CLOSED')
})

test('a full disk or an abort in the middle leaves what there was, and no litter', async t => {
  const { folder, vault, checkpoints } = await opened(t)
  for (const step of [1, 2]) await checkpoints.put(RUN, step, bytesOf(`${step}`, 1000))
  const before = await allFiles(folder)
  const controller = new AbortController()
  const reason = new Error('the user left')
  const pieces = function* () {
    yield bytesOf('3', 1000)
    controller.abort(reason)
    yield bytesOf('4', 1000)
  }
  await assert.rejects(
    checkpoints.put(RUN, 3, pieces(), { signal: controller.signal }),
    error => error === reason,
  )
  const failing = function* () {
    yield bytesOf('3', 1000)
    throw Object.assign(new Error('no space left on device'), { code: 'ENOSPC' })
  }
  await refusedAs(checkpoints.put(RUN, 3, failing()), 'DISK_FULL')
  assert.deepEqual(await allFiles(folder), before)
  vault.close()
  await refusedAs(checkpoints.put(RUN, 3, bytesOf('3', 10)), 'CLOSED')
  assert.deepEqual(await allFiles(folder), before)
})

test('on a disk that is really full the last two stay, and the next is stored when there is space', async t => {
  const folder = await scratch(t)
  try {
    await promisify(execFile)('mount', ['-t', 'tmpfs', '-o', 'size=1m', 'tmpfs', folder])
  } catch (error) {
    t.skip(`no disk of its own can be made here: ${(error as Error).message.trim()}`)
    return
  }
  await using mounted = new AsyncDisposableStack()
  mounted.defer(async () => void (await promisify(execFile)('umount', [folder])))
  const vault = await vaultOf('alice')
  const checkpoints = await Checkpoints.open(join(folder, 'checkpoints'), vault)
  for (const step of [1, 2]) await checkpoints.put(RUN, step, bytesOf(`${step}`, 400_000))
  const before = await allFiles(folder)
  for (const step of [3, 4])
    await refusedAs(checkpoints.put(RUN, step, bytesOf(`${step}`, 400_000)), 'DISK_FULL')
  assert.deepEqual(await allFiles(folder), before)
  await refusedAs(checkpoints.put(OTHER, 1, bytesOf('x', 400_000)), 'DISK_FULL')
  assert.deepEqual(
    (await checkpoints.list()).map(({ run, step }) => [run, step]),
    [
      [RUN, 2],
      [RUN, 1],
    ],
  )
  await checkpoints.put(RUN, 3, bytesOf('3', 200_000))
  assert.deepEqual(new Uint8Array((await checkpoints.get(RUN))!.content), bytesOf('3', 200_000))
})

test('what a killed process left half written goes with the next open; what is being written stays', async t => {
  const { folder, vault, checkpoints } = await opened(t)
  await checkpoints.put(RUN, 1, bytesOf('1', 10))
  const [old, fresh] = [
    join(folder, RUN, '.2.sealed.0123456789ab.tmp'),
    join(folder, RUN, '.3.sealed.ab.tmp'),
  ]
  for (const path of [old, fresh, join(folder, 'notes.txt')]) await writeFile(path, 'half')
  await utimes(old, 1e9, 1e9)
  await utimes(join(folder, 'notes.txt'), 1e9, 1e9)
  assert.deepEqual([(await checkpoints.get(RUN))?.step, (await checkpoints.list()).length], [1, 1])
  await Checkpoints.open(folder, vault)
  assert.deepEqual(
    [...(await allFiles(folder)).keys()].sort(),
    [fresh, fileOf(folder, 1), join(folder, 'notes.txt')].sort(),
  )
})

test('a run has a name of 64 hex digits: no path leads out of the folder', async t => {
  const { checkpoints } = await opened(t)
  for (const run of ['..', '', 'A'.repeat(64), `${'a'.repeat(63)}/`, 'a'.repeat(65)]) {
    await assert.rejects(checkpoints.put(run, 1, bytesOf('1', 1)), TypeError)
    await assert.rejects(checkpoints.get(run), TypeError)
    await assert.rejects(checkpoints.remove(run), TypeError)
  }
})
