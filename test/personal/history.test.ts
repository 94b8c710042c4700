import assert from 'node:assert/strict'
import { join } from 'node:path'
import { type TestContext, test } from 'node:test'
import { contentId, History, type NewItem } from '../../node/personal/history.ts'
import { Adapters } from '../../node/store/adapters.ts'
import { Database } from '../../node/store/db.ts'
import { createVaultFile, openVaultFile } from '../../node/store/vault-file.ts'
import { adapterOf, allFiles, CHEAP, scratch, vaultOf } from '../store/fixtures.ts'

const itemOf = (n: number, fields: Partial<NewItem> = {}): NewItem => ({
  time: 1_000_000 + n,
  input: `question ${n}`,
  output: `answer ${n}`,
  task: 'general',
  source: `file:${n}`,
  ...fields,
})

async function openHistory(t: TestContext) {
  const db = await Database.open(join(await scratch(t), 'db'))
  const vault = await vaultOf('p')
  t.after(() => db.close())
  return { db, vault, history: History.open(db, vault) }
}

test('items come back by time, by task, from either end', async t => {
  const { history } = await openHistory(t)
  const items = [itemOf(3), itemOf(1, { task: 'mail' }), itemOf(2, { input: '', output: 'naïve 🎈\n"q"' })]
  assert.deepEqual(await history.add(items), { added: 3, duplicates: 0 })
  const listed = await history.list()
  assert.deepEqual(
    listed,
    [items[1]!, items[2]!, items[0]!].map(item => ({ id: contentId(item), ...item })),
  )
  assert.deepEqual(await history.list({ order: 'newest', limit: 1 }), [listed[2]])
  assert.deepEqual(await history.list({ task: 'mail' }), [listed[0]])
  assert.deepEqual(await history.get(listed[0]!.id), listed[0])
  assert.deepEqual(await history.find(listed[0]!.id.slice(0, 10)), [listed[0]!.id])
  assert.equal(await history.count(), 3)
  assert.equal(await history.remove([listed[0]!.id, listed[0]!.id, 'none']), 1)
  assert.equal(await history.get(listed[0]!.id), undefined)
  assert.equal(await history.count(), 2)
})

test('the same content is added once, whatever its time and source', async t => {
  const { history } = await openHistory(t)
  assert.deepEqual(
    await history.add([itemOf(1), itemOf(1, { time: 5, source: 'other' }), itemOf(1, { task: 'mail' })]),
    { added: 2, duplicates: 1 },
  )
  assert.deepEqual(await history.add([itemOf(1), itemOf(2)]), { added: 1, duplicates: 1 })
  assert.notEqual(
    contentId({ task: 'a', input: 'b', output: 'c' }),
    contentId({ task: 'a', input: 'bc', output: '' }),
  )
})

test('an import cut short leaves whole batches, and goes on where it ended', async t => {
  const { history } = await openHistory(t)
  const items = Array.from({ length: 2000 }, (_, n) => itemOf(n))
  const stop = new AbortController()
  const adding = history.add(items, {
    signal: stop.signal,
    onProgress: ({ added }) => added > 800 && stop.abort(new Error('Ctrl-C')),
  })
  await assert.rejects(adding, /Ctrl-C/)
  const kept = await history.count()
  assert.ok(kept > 800 && kept < 2000)
  assert.deepEqual(await history.add(items), { added: 2000 - kept, duplicates: kept })
  assert.deepEqual(
    (await history.list()).map(({ output }) => output),
    items.map(({ output }) => output),
  )
})

test('10,000 items in seconds', async t => {
  const { history } = await openHistory(t)
  const items = Array.from({ length: 10_000 }, (_, n) => itemOf(n, { input: `question ${n} `.repeat(40) }))
  const started = performance.now()
  await history.add(items)
  const listed = await history.list()
  const seconds = (performance.now() - started) / 1000
  assert.equal(listed.length, 10_000)
  t.diagnostic(`added and listed in ${seconds.toFixed(2)} s`)
  assert.ok(seconds < 10)
})

test('rows exchanged, changed or of another vault are refused', async t => {
  const { db, history } = await openHistory(t)
  await history.add([itemOf(1), itemOf(2)])
  const rows: (readonly [string, Uint8Array])[] = []
  for await (const row of db.history.entries()) rows.push(row)
  const [one, two] = rows
  await db.history.put(one![0], two![1])
  await assert.rejects(history.list(), { code: 'INVALID_DATA' })
  await db.history.put(one![0], one![1].subarray(0, -1))
  await assert.rejects(history.list(), { code: 'INVALID_DATA' })
  await db.history.put(one![0], one![1])
  await assert.rejects(History.open(db, await vaultOf('p')).list(), { code: 'INVALID_DATA' })
  assert.equal((await history.list()).length, 2)
})

test('nothing of history, adapters or passphrase is on disk in the clear', async t => {
  const home = await scratch(t)
  const marker = 'Zwetschgenknödel-7391-marker'
  const passphrase = 'correct-horse-battery-staple-4471'
  {
    await using vault = await createVaultFile(join(home, 'vault.json'), passphrase, CHEAP)
    await using db = await Database.open(join(home, 'db'))
    const history = History.open(db, vault)
    await history.add(
      Array.from({ length: 2000 }, (_, n) =>
        itemOf(n, {
          input: `${marker} in ${n}`,
          output: `${marker} out ${n}`,
          task: `task-${marker.slice(-13)}`,
          source: marker,
        }),
      ),
    )
    await history.remove((await history.list({ limit: 500 })).map(({ id }) => id))
    const adapters = Adapters.open(join(home, 'adapters'), db, vault)
    await adapters.put(
      { ...adapterOf('1', 1000), files: new Map([['a.safetensors', Buffer.from(marker.repeat(100))]]) },
      { itemIds: [marker] },
    )
  }
  {
    await using vault = await openVaultFile(join(home, 'vault.json'), passphrase)
    await using db = await Database.open(join(home, 'db'))
    assert.equal(await History.open(db, vault).count(), 1500)
  }
  const secrets = [marker, marker.slice(-13), passphrase]
  const forms = secrets.flatMap(secret => {
    const bytes = Buffer.from(secret)
    // base64 of a text inside a longer one depends on where it starts: take what is the same from each of three starts.
    const base64 = [0, 1, 2].map(shift =>
      Buffer.concat([Buffer.alloc(shift), bytes])
        .toString('base64')
        .slice(4, 4 + 12),
    )
    return [
      bytes,
      Buffer.from(secret, 'utf16le'),
      ...[bytes.toString('hex'), bytes.toString('hex').toUpperCase(), ...base64].map(text =>
        Buffer.from(text),
      ),
    ]
  })
  const plainIds = Array.from({ length: 20 }, (_, n) =>
    contentId(
      itemOf(n, {
        input: `${marker} in ${n}`,
        output: `${marker} out ${n}`,
        task: `task-${marker.slice(-13)}`,
      }),
    ),
  )
  const files = await allFiles(home)
  assert.ok(files.size >= 4)
  for (const [path, bytes] of files) {
    for (const form of forms) assert.equal(bytes.includes(form), false, `${path} holds ${form.toString()}`)
    for (const id of plainIds)
      assert.equal(bytes.includes(id.slice(0, 32)), false, `${path} holds a content id`)
  }
})
