import assert from 'node:assert/strict'
import { mkdir, rm, writeFile } from 'node:fs/promises'
import { join } from 'node:path'
import { test } from 'node:test'
import { diskError, writeFileAtomic } from '../../node/store/atomic-file.ts'
import { Database } from '../../node/store/db.ts'
import { allFiles, bytesOf, scratch } from './fixtures.ts'

const collect = async <T>(source: AsyncIterable<T>): Promise<T[]> => {
  const all: T[] = []
  for await (const value of source) all.push(value)
  return all
}

test('tables are apart, ordered by key, and a batch is one', async t => {
  const path = join(await scratch(t), 'home', 'db')
  {
    await using db = await Database.open(path)
    await db.batch([
      { table: 'history', key: 'b', value: bytesOf('b', 3) },
      { table: 'history', key: 'a', value: bytesOf('a', 3) },
      { table: 'history', key: 'é', value: new Uint8Array(0) },
      { table: 'reports', key: 'a', value: bytesOf('r', 3) },
    ])
    await db.batch([
      { table: 'history', key: 'a' },
      { table: 'adapters', key: 'm', value: bytesOf('m', 1) },
    ])
  }
  await using db = await Database.open(path)
  assert.deepEqual(await collect(db.history.keys()), ['b', 'é'])
  assert.deepEqual(
    (await collect(db.history.entries({ lt: 'c' }))).map(([key, value]) => [key, Uint8Array.from(value)]),
    [['b', bytesOf('b', 3)]],
  )
  assert.deepEqual(await collect(db.history.keys({ reverse: true, limit: 1 })), ['é'])
  assert.deepEqual(await collect(db.history.keys({ gte: 'c' })), ['é'])
  assert.equal(await db.history.get('a'), undefined)
  assert.deepEqual(
    (await db.reports.getMany(['x', 'a'])).map(value => value?.length),
    [undefined, 3],
  )
  await db.reports.remove('a')
  assert.deepEqual(await collect(db.reports.keys()), [])
  assert.deepEqual(await collect(db.adapters.keys()), ['m'])
})

test('one process at a time, nothing after close, a damaged folder is said to be', async t => {
  const folder = await scratch(t)
  const path = join(folder, 'db')
  const db = await Database.open(path)
  await assert.rejects(Database.open(path), { code: 'IN_USE' })
  await db.history.put('k', bytesOf('v', 100))
  await Promise.all([db.close(), db.close()])
  await assert.rejects(db.history.get('k'), { code: 'CLOSED' })
  await assert.rejects(db.batch([{ table: 'reports', key: 'k' }]), { code: 'CLOSED' })
  await assert.rejects(collect(db.history.entries()), { code: 'CLOSED' })
  await (await Database.open(path)).close() // what was in the log is in a table now
  const files = await allFiles(path)
  const tables = [...files.keys()].filter(file => file.endsWith('.ldb'))
  for (const table of tables) await writeFile(table, '')
  await using cut = await Database.open(path)
  await assert.rejects(collect(cut.history.entries()), { code: 'INVALID_DATA' })
  await cut.close()
  for (const table of tables) await writeFile(table, files.get(table)!)
  await rm(join(path, 'CURRENT'))
  await assert.rejects(Database.open(path), { code: 'INVALID_DATA' })
  assert.ok((await allFiles(path)).has(tables[0]!), 'and nothing is deleted')
  for (const [file] of files) if (/CURRENT$|MANIFEST/.test(file)) await writeFile(file, 'garbage\n')
  await assert.rejects(Database.open(path), { code: 'INVALID_DATA' })
  await writeFile(join(folder, 'a file'), '')
  await assert.rejects(Database.open(join(folder, 'a file')))
})

test('an atomic write leaves the old file or the new one, and nothing else', async t => {
  const folder = await scratch(t)
  const path = join(folder, 'x', 'file')
  await writeFileAtomic(path, bytesOf('old', 10))
  async function* failing(): AsyncGenerator<Uint8Array> {
    yield bytesOf('new', 100_000)
    throw new Error('midway')
  }
  await assert.rejects(writeFileAtomic(path, failing()), /midway/)
  const stop = new AbortController()
  async function* aborting(): AsyncGenerator<Uint8Array> {
    yield bytesOf('new', 10)
    stop.abort(new Error('stopped'))
    yield bytesOf('new', 10)
  }
  await assert.rejects(writeFileAtomic(path, aborting(), { signal: stop.signal }), /stopped/)
  assert.equal(await writeFileAtomic(path, bytesOf('other', 5), { exclusive: true }), false)
  assert.deepEqual(
    [...(await allFiles(folder))].map(([name, bytes]) => [name, Uint8Array.from(bytes)]),
    [[path, bytesOf('old', 10)]],
  )
  await writeFileAtomic(path, [bytesOf('a', 3), bytesOf('b', 4)])
  assert.deepEqual(
    [...(await allFiles(folder)).values()].map(bytes => bytes.length),
    [7],
  )
  await mkdir(join(folder, 'taken'))
  await assert.rejects(writeFileAtomic(join(folder, 'taken'), bytesOf('x', 1)))
})

test('a full disk has its own code', () => {
  const full = Object.assign(new Error('ENOSPC: no space left on device'), { code: 'ENOSPC' })
  const wrapped = diskError(full, 'vault.json')
  assert.ok(wrapped instanceof Error && 'code' in wrapped && wrapped.code === 'DISK_FULL')
  const other = Object.assign(new Error('no'), { code: 'EACCES' })
  assert.equal(diskError(other, 'x'), other)
})
