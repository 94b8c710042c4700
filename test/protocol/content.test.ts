/** Canonical bytes of manifests, adapters, tasks and reports: golden ids, round trips, and every rule broken once. */
import assert from 'node:assert/strict'
import { test } from 'node:test'
import { adapterId, decodeAdapterManifest, encodeAdapterManifest } from '../../protocol/adapter.ts'
import type { Json } from '../../protocol/canonical.ts'
import { type ErrorCode, isOppuError } from '../../protocol/errors.ts'
import type { BaseId, TaskId } from '../../protocol/ids.ts'
import {
  type BaseManifest,
  baseId,
  decodeManifest,
  encodeManifest,
  type FileOfHashes,
  isSafePath,
} from '../../protocol/manifest.ts'
import { oppu } from '../../protocol/messages.pb.js'
import {
  decodeReport,
  decodeTask,
  encodeReport,
  encodeTask,
  type Report,
  taskId,
} from '../../protocol/task.ts'
import { adapter, manifest, report, task } from './samples.ts'

const code = (expected: ErrorCode) => (error: unknown) => isOppuError(error, expected)

test('canonical bytes are pinned: another spelling would be another base, task or adapter', () => {
  assert.equal(baseId(manifest), '983cde087fd4723ea22b42f446460af7e74d630a7e78fa2446814a5b76b3abec')
  assert.equal(taskId(task), 'f7411d99d142fae7d5581bed054e3174f835377ea63b960ece40154b0a6948eb')
  assert.equal(
    adapterId(adapter, new Map([['weights', new Uint8Array([1, 2, 3])]])),
    '6d9a8693f44bdfcdaee359989bea7dac3983e1768c8b161c382ca14db4cf4756',
  )
  assert.equal(
    Buffer.from(encodeReport(report, task)).toString('hex'),
    '08011220f7411d99d142fae7d5581bed054e3174f835377ea63b960ece40154b0a6948eb1a20983cde087fd4723ea22b42f446460af7e74d630a7e78fa2446814a5b76b3abec2220eeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeeee280c320c08efa2041083e803189f93043a0610882718c413',
  )
})

test('what is encoded decodes to the same', () => {
  assert.deepEqual(decodeManifest(encodeManifest(manifest)), manifest)
  assert.deepEqual(decodeAdapterManifest(encodeAdapterManifest(adapter)), adapter)
  assert.deepEqual(decodeTask(encodeTask(task)), task)
  assert.deepEqual(decodeReport(encodeReport(report, task)), report)
  const large = {
    ...manifest,
    chunkSize: 4096 * 1024,
    files: [{ path: 'm', size: 6 * 2 ** 30, chunks: Array(1536).fill(manifest.files[0]!.chunks[0]) }],
  }
  assert.equal(decodeManifest(encodeManifest(large)).files[0]!.size, 6 * 2 ** 30)
})

test("an adapter's id depends on manifest and files, and not on their order or its configuration's", () => {
  const files = { a: new Uint8Array([1]), b: new Uint8Array([2]) }
  const weights = new Map(Object.entries(files))
  const again = { ...adapter, config: Object.fromEntries(Object.entries(adapter.config).reverse()) }
  assert.equal(adapterId(again, weights), adapterId(adapter, weights))
  assert.notEqual(adapterId({ ...adapter, trainedItems: 43 }, weights), adapterId(adapter, weights))
  assert.equal(adapterId(adapter, new Map([...weights].reverse())), adapterId(adapter, weights))
  for (const other of [
    { ...files, b: files.a },
    { a: files.b, b: files.a },
    { a: files.a },
    { ...files, c: files.a },
  ])
    assert.notEqual(adapterId(adapter, new Map(Object.entries(other))), adapterId(adapter, weights))
})

test('a manifest that breaks a rule is refused', () => {
  const [config, , weights] = manifest.files as [FileOfHashes, FileOfHashes, FileOfHashes]
  const files = (...files: FileOfHashes[]): BaseManifest => ({ ...manifest, files })
  const broken: Record<string, BaseManifest> = {
    'no files': files(),
    'files out of order': files(weights, config),
    'a file twice': files(config, config),
    'letter case': files({ ...config, path: 'Config.json' }, config),
    'a file that is a folder': files(config, { ...config, path: 'config.json/x' }),
    'a folder by letter case': files({ ...config, path: 'A' }, { ...config, path: 'a/x' }),
    'too few chunks': files({ ...weights, chunks: weights.chunks.slice(1) }),
    'too many chunks': files({ ...config, chunks: weights.chunks }),
    'a chunk in an empty file': files({ ...config, size: 0 }),
    'only empty files': files({ path: 'x', size: 0, chunks: [] }),
    'a negative size': files({ ...config, size: -1 }),
    'a size past all bounds': files({ ...config, size: 2 ** 52 }),
    'a fraction of a byte': files({ ...config, size: 1.5 }),
    'an odd chunk size': { ...manifest, chunkSize: 5000 },
    'a tiny chunk size': { ...manifest, chunkSize: 1 },
    'a huge chunk size': { ...manifest, chunkSize: 2 ** 30 },
    'an empty name': { ...manifest, name: '' },
    'a terminal escape': { ...manifest, name: 'x\u001b[2J' },
    'a hidden direction': { ...manifest, licence: 'MIT\u202e' },
    'a long name': { ...manifest, name: 'x'.repeat(201) },
  }
  for (const [what, bad] of Object.entries(broken))
    assert.throws(() => encodeManifest(bad), code('INVALID_DATA'), what)
})

test('paths that leave the folder, or mean something else on another system, are unsafe', () => {
  for (const path of ['model.gguf', 'a/b/c.json', '_x', 'model-00001-of-00002.safetensors', 'x+y@z=1'])
    assert.ok(isSafePath(path), path)
  const unsafe = [
    '',
    '/etc/passwd',
    '../x',
    'a/../b',
    'a/./b',
    'a//b',
    'a/',
    '.hidden',
    '-rf',
    'a\\b',
    'C:x',
    'a b',
    'a\n',
    'x.',
    'nul',
    'CON.txt',
    'lpt1',
    'ä',
    'a\0b',
    'x'.repeat(256),
  ]
  for (const path of unsafe) assert.ok(!isSafePath(path), JSON.stringify(path))
})

test('bytes that mean the same but are written otherwise are refused', () => {
  const bytes = encodeManifest(manifest)
  const unknownField = Buffer.concat([bytes, Buffer.from([0x98, 0x06, 0x01])])
  const twice = Buffer.concat([bytes, Buffer.from([0x08, 0x01])])
  const longVarint = Buffer.concat([Buffer.from([0x08, 0x81, 0x00]), bytes.subarray(2)])
  const outOfOrder = Buffer.concat([bytes.subarray(2), bytes.subarray(0, 2)])
  assert.equal(oppu.Manifest.decode(longVarint).version, 1)
  for (const other of [unknownField, twice, longVarint, outOfOrder])
    assert.throws(() => decodeManifest(other), code('INVALID_DATA'))
  assert.throws(
    () => decodeManifest(oppu.Manifest.encode({ version: 3 }).finish()),
    code('PROTOCOL_VIOLATION'),
  )
  assert.throws(() => decodeManifest(new Uint8Array(9 * 2 ** 20)), code('TOO_LARGE'))
})

test('tasks and adapters that break a rule are refused', () => {
  for (const bad of [
    { holdOut: 0 },
    { holdOut: 1 },
    { holdOut: Number.NaN },
    { minimumItems: 4 },
    { minimumItems: 5.5 },
    { createdAt: 8.64e15 + 1, expiresAt: 8.64e15 + 2 },
    { expiresAt: task.createdAt },
    { expiresAt: task.createdAt + 3e12 },
    { title: '' },
    { metric: 'bleu' as 'accuracy' },
  ]) {
    assert.throws(() => encodeTask({ ...task, ...bad }), code('INVALID_DATA'), JSON.stringify(bad))
  }
  let deep: Record<string, Json> = {}
  for (let depth = 0; depth < 20; depth++) deep = { deep }
  const [first] = adapter.tensors
  for (const bad of [
    { tensors: [] },
    { tensors: [first!, first!] },
    { tensors: [{ name: 'x', shape: [0] }] },
    { tensors: [{ name: 'x', shape: [1, 1, 1, 1, 1] }] },
    { config: { x: Number.NaN } },
    { config: deep },
    { trainedItems: -1 },
    { createdAt: 8.64e15 + 1 },
  ]) {
    assert.throws(
      () => encodeAdapterManifest({ ...adapter, ...bad }),
      code('INVALID_DATA'),
      JSON.stringify(bad),
    )
  }
  const bytes = oppu.Adapter.decode(encodeAdapterManifest(adapter))
  const spaced = oppu.Adapter.encode({ ...bytes, config: bytes.config.replace(':', ': ') }).finish()
  assert.throws(() => decodeAdapterManifest(spaced), code('INVALID_DATA'))
})

test('a report says only what it may', () => {
  assert.throws(() => encodeReport({ ...report, items: 7 }, task), code('REFUSED'))
  assert.throws(
    () => encodeReport({ ...report, taskId: 'f'.repeat(64) as TaskId }, task),
    code('INVALID_DATA'),
  )
  assert.throws(
    () => encodeReport({ ...report, baseId: 'f'.repeat(64) as BaseId }, task),
    code('INVALID_DATA'),
  )
  assert.throws(() => encodeReport({ ...report, metric: { base: 0, own: 0 } }, task), code('INVALID_DATA'))
  for (const own of [Number.NaN, Number.NEGATIVE_INFINITY, 1e6]) {
    assert.throws(
      () => encodeReport({ ...report, metric: { ...report.metric, own } }, task),
      code('INVALID_DATA'),
    )
  }
  const precise: Report = { ...report, logLikelihood: { base: -3.123449, own: -0.00001, other: 1 / 3 } }
  assert.deepEqual(decodeReport(encodeReport(precise, task)).logLikelihood, {
    base: -3.1234,
    own: 0,
    other: 0.3333,
  })
})
